package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

func (p *program) why() *cobra.Command {
	return &cobra.Command{
		Use:   "why ID",
		Short: "Say why a release stands as it does, and what to do",
		Long: `Why says how a release ended, or stands, and what was the reason: what failed and
where, who decided what, what it waits for. Then what the edges of the service
served when they were asked last, and what there is to do for a person.`,
		Args: cobra.ExactArgs(1),
		RunE: p.onRelease(func(ctx context.Context, server *client.Client, id slipway.ReleaseID) error {
			release, err := server.Release(ctx, id)
			if err != nil {
				return err
			}
			e := explain(release)
			return p.out.result(e, e.String())
		}),
	}
}

// An explanation is why a release stands as it does.
type explanation struct {
	ID      string   `json:"id"`
	Stands  string   `json:"stands"`  // its outcome, or its phase until there is one
	Because []string `json:"because"` // the reason first, then what else had a part in it
	Serving string   `json:"serving"` // what the edges said last; empty: none was asked
	Next    []string `json:"next"`    // what a person does

	head string // the first line, for people
}

func explain(r slipway.Release) explanation {
	e := explanation{ID: r.ID, Stands: stands(r), Because: []string{}, Next: next(r)}
	e.head = r.ID + " is " + strings.ReplaceAll(e.Stands, "_", " ")
	if r.Outcome != nil {
		e.head = r.ID + " " + outcomeText(*r.Outcome)
	}
	if len(r.Edges) > 0 {
		e.Serving = r.ServingText()
	}
	add := func(text string) {
		for i, said := range e.Because { // a reason is made of what failed: once is enough
			switch {
			case strings.Contains(said, text):
				return
			case strings.Contains(text, said):
				e.Because[i] = text
				return
			}
		}
		if text != "" {
			e.Because = append(e.Because, text)
		}
	}
	add(r.Reason)
	if r.Waits != nil {
		add(r.Waits.String())
	}
	for _, g := range r.Gates {
		add(gateReason(g))
	}
	for _, h := range r.Hosts {
		if h.Error != "" {
			add("host " + h.Name + ": " + h.Error)
		}
	}
	for _, edge := range r.Edges {
		if edge.Error != "" {
			add("edge " + edge.Name + ": " + edge.Error)
		}
	}
	for _, f := range r.Findings {
		add(f.String())
	}
	for _, b := range r.Behind {
		add(fmt.Sprintf("%s is behind: %s", b, b.Error))
	}
	if r.PreDeploy != nil && r.PreDeploy.Evidence != "" {
		add("the log of pre_deploy is in " + r.PreDeploy.Evidence)
	}
	add(r.Ignored)
	return e
}

// gateReason is what a gate has to do with how a release stands: who kept it
// back, or whom it waits for.
func gateReason(g slipway.GateState) string {
	switch g.State {
	case slipway.GateOpen:
		return fmt.Sprintf("gate %s waits, until %s, %s", g.Name, clock(g.ExpiresAt), gateText(g))
	case slipway.GateExpired:
		return fmt.Sprintf("gate %s expired at %s, with %d of %d approvals", g.Name, clock(g.ExpiresAt), len(g.Decisions), g.Approvers.Quorum)
	case slipway.GateRejected:
		for _, d := range g.Decisions {
			if d.Verdict == slipway.Reject {
				return fmt.Sprintf("gate %s was rejected by %s at %s: %s", g.Name, d.By, clock(d.At), d.Reason)
			}
		}
	}
	return ""
}

// next is what a person does about a release.
func next(r slipway.Release) []string {
	steps := []string{}
	add := func(format string, args ...any) { steps = append(steps, fmt.Sprintf(format, args...)) }
	service := r.Project + "/" + r.Service
	switch {
	case r.Stuck != nil && r.Stuck.During == slipway.Holding:
		add("slipway accept %s keeps it; slipway rollback %s --reason TEXT goes back", r.ID, service)
	case r.Stuck != nil:
		add("mend what failed, and slipway accept %s goes on from there; slipway abort %[1]s undoes all of it", r.ID)
	case r.Outcome == nil:
		steps = underWay(r, service)
	default:
		switch *r.Outcome {
		case slipway.Refused:
			add("nothing was changed: mend the reason, and release again")
		case slipway.RolledBack:
			add("everything was undone: mend the reason, and release again")
		case slipway.Rejected, slipway.Aborted:
			add("everything was undone: release again when people agree")
		case slipway.Superseded:
			add("a newer release took its place: slipway history %s lists it", service)
		case slipway.Failed:
			add("go to the edges now: slipway-edge status there says what they serve, slipway-edge restore %s --reason TEXT goes back", service)
			add("nothing was removed, and Slipway goes on trying until they answer")
		case slipway.Live, slipway.Removed:
		}
	}
	if r.CleanupPending {
		add("bring back the host that does not answer: what is left there is then removed by itself")
	}
	if len(r.Behind) > 0 {
		add("bring back what is behind: it is then caught up by itself")
	}
	if len(steps) == 0 {
		add("nothing")
	}
	return steps
}

// underWay is what a person may do about a release that has not ended.
func underWay(r slipway.Release, service string) []string {
	var steps []string
	for _, g := range r.Gates {
		if g.State == slipway.GateOpen {
			steps = append(steps, fmt.Sprintf("slipway approve %s --gate %s, or reject it; %s, who asked for the release, cannot", r.ID, g.Name, r.RequestedBy))
		}
	}
	switch {
	case r.Waits != nil && r.Waits.For == slipway.WaitsForLine:
		return append(steps, "slipway line says who has stopped it; slipway line resume lets it go on")
	case r.Waits != nil:
		return append(steps, fmt.Sprintf("wait; two people break the glass: slipway break-glass %s --reason TEXT", r.ID))
	case len(steps) > 0:
		return steps
	case r.Phase == slipway.Holding:
		return []string{fmt.Sprintf("nothing: it goes on by itself; slipway accept %s ends the hold, slipway rollback %s --reason TEXT goes back", r.ID, service)}
	}
	return []string{fmt.Sprintf("nothing: it goes on by itself; slipway watch %s follows it", r.ID)}
}

// String is the explanation as people read it.
func (e explanation) String() string {
	var b strings.Builder
	b.WriteString(printable(e.head))
	section := func(name string, lines []string) {
		if len(lines) > 0 {
			b.WriteString("\n" + name)
		}
		for _, line := range lines {
			b.WriteString("\n  " + indent(printable(line)))
		}
	}
	section("because", e.Because)
	if e.Serving != "" {
		section("the edges served last", []string{e.Serving})
	}
	section("what to do", e.Next)
	return b.String()
}
