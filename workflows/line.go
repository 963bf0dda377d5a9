package workflows

import (
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/workflow"

	"slipway"
)

// LineInput starts Line, or goes on with it in a new run.
type LineInput struct {
	State slipway.Line `json:"state,omitzero"`
	Told  int          `json:"told,omitempty"` // the revision that lanes know
}

// ResumeInput takes a stop away.
type ResumeInput struct {
	Project string `json:"project,omitempty"` // whose; empty: that of all
	Request
}

// Line knows what is stopped, and tells every lane as often as that changes. A
// lane tells its releases.
func Line(ctx workflow.Context, in LineInput) error {
	l := &line{Line: in.State, told: in.Told}
	if err := l.setup(ctx); err != nil {
		return err
	}
	for {
		renew := func() bool {
			return workflow.GetInfo(ctx).GetContinueAsNewSuggested() && workflow.AllHandlersFinished(ctx)
		}
		if err := workflow.Await(ctx, func() bool { return l.told < l.Revision || renew() }); err != nil {
			return err
		}
		if l.told == l.Revision {
			return workflow.NewContinueAsNewError(ctx, LineType, LineInput{State: l.Line, Told: l.told})
		}
		now := l.Line
		if err := tellLanes(ctx, LineStopped, now, func() bool { return l.Revision != now.Revision }); err != nil {
			return err
		}
		l.told = now.Revision
	}
}

type line struct {
	slipway.Line
	told int
}

func (l *line) setup(ctx workflow.Context) error {
	err := workflow.SetQueryHandler(ctx, Status, func() (slipway.Line, error) { return l.Line, nil })
	if err != nil {
		return fmt.Errorf("set up query: %w", err)
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, StopLine, l.stop, workflow.UpdateHandlerOptions{Validator: l.mayStop})
	if err != nil {
		return fmt.Errorf("set up update: %w", err)
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, Resume, l.resume, workflow.UpdateHandlerOptions{Validator: l.mayResume})
	if err != nil {
		return fmt.Errorf("set up update: %w", err)
	}
	return l.show(ctx)
}

// mayStop takes the same stop twice, because an answer may have been lost, and
// no other reason over the first.
func (l *line) mayStop(in slipway.Stop) error {
	if in.By == "" || in.Reason == "" {
		return refusal(slipway.CodeInvalid, "who stops the line says who it is, and why")
	}
	if have, ok := l.Has(in.Project); ok && (have.By != in.By || have.Reason != in.Reason) {
		return refusal(slipway.CodeConflict, "%s, already", have)
	}
	return nil
}

func (l *line) stop(ctx workflow.Context, in slipway.Stop) (slipway.Stop, error) {
	if have, ok := l.Has(in.Project); ok {
		return have, nil
	}
	workflow.GetLogger(ctx).Warn("Line stopped", "project", in.Project, "by", in.By, "reason", in.Reason)
	workflow.GetMetricsHandler(ctx).WithTags(map[string]string{"project": in.Project}).Counter("slipway_line_stops").Inc(1)
	in.At = workflow.Now(ctx)
	return in, l.set(ctx, in.Project, in)
}

func (l *line) mayResume(in ResumeInput) error {
	if in.By == "" || in.Reason == "" {
		return refusal(slipway.CodeInvalid, "who resumes the line says who it is, and why")
	}
	if _, ok := l.Has(in.Project); !ok {
		if in.Project == "" {
			return refusal(slipway.CodeConflict, "the line of all projects is not stopped")
		}
		return refusal(slipway.CodeConflict, "the line of %s is not stopped", in.Project)
	}
	return nil
}

func (l *line) resume(ctx workflow.Context, in ResumeInput) error {
	workflow.GetLogger(ctx).Warn("Line resumed", "project", in.Project, "by", in.By, "reason", in.Reason)
	return l.set(ctx, in.Project)
}

// set writes what is known of a project anew: one stop, or none.
func (l *line) set(ctx workflow.Context, project string, stop ...slipway.Stop) error {
	others := slices.DeleteFunc(slices.Clone(l.Stops), func(have slipway.Stop) bool { return have.Project == project })
	l.Stops = append(others, stop...)
	l.Revision++
	return l.show(ctx)
}

func (l *line) show(ctx workflow.Context) error {
	text := "The line runs."
	if len(l.Stops) > 0 {
		var rows strings.Builder
		rows.WriteString("| | since |\n| --- | --- |\n")
		for _, have := range l.Stops {
			fmt.Fprintf(&rows, "| %s | %s |\n", strings.ReplaceAll(have.String(), "\n", " "), have.At.UTC().Format("2006-01-02 15:04:05 UTC"))
		}
		text = rows.String()
	}
	workflow.SetCurrentDetails(ctx, text)
	if err := workflow.UpsertMemo(ctx, map[string]any{LineMemo: l.Line}); err != nil {
		return fmt.Errorf("write memo: %w", err)
	}
	return nil
}
