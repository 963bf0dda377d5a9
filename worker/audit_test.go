package worker

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/activities"
	"slipway/drivers/audit"
)

// overridden is an edge that a person has pointed at a release, and where a
// release of ours then commits.
type overridden struct {
	activities.EdgeAdmin
	by string
}

func (o *overridden) Route(_ context.Context, service slipway.ServiceID) (slipway.RouteState, error) {
	return slipway.RouteState{ServiceID: service, Active: "search.api.1", Previous: "search.api.2", Generation: 7, By: o.by, Reason: "users see errors", ChangedAt: time.Now()}, nil
}

func (o *overridden) Commit(ctx context.Context, req slipway.CommitRequest) (slipway.RouteState, error) {
	o.by = req.By
	return o.Route(ctx, req.ServiceID)
}

func openLog(t *testing.T, dir string) *audit.Log {
	t.Helper()
	log, err := audit.Open(audit.Options{Dir: dir, Part: "slipway-worker", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return log
}

// told are the entries of a log, the oldest first.
func told(t *testing.T, log *audit.Log) (lines []string) {
	t.Helper()
	entries, _, err := log.List(slipway.AuditFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range slices.Backward(entries) {
		lines = append(lines, strings.Join([]string{e.Action, e.User, e.Release, e.Edge, e.Reason}, "|"))
	}
	return lines
}

// Activities see the same many times, and run again when their worker is lost.
func TestWhatActivitiesComeAcrossIsAuditedOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	service := slipway.ServiceID{Project: "search", Service: "api"}
	for range 2 { // workers
		log := openLog(t, dir)
		f := &found{audit: log, logger: slog.New(slog.DiscardHandler)}
		edge := auditedEdge{EdgeAdmin: &overridden{by: "operator:ops"}, name: "e1", found: f}
		for range 3 {
			if _, err := edge.Route(t.Context(), service); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := edge.Commit(t.Context(), slipway.CommitRequest{ServiceID: service, By: "search.api.4"}); err != nil {
			t.Fatal(err)
		}
		want := []string{"edge.override|operator:ops|search.api.1|e1|users see errors"}
		if got := told(t, log); !slices.Equal(got, want) {
			t.Errorf("entries %q, want %q", got, want)
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A log that cannot be written is in nobody's way.
func TestAnAuditLogThatCannotBeWrittenKeepsNoActivityBack(t *testing.T) {
	t.Parallel()
	log := openLog(t, t.TempDir())
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	edge := auditedEdge{EdgeAdmin: &overridden{by: "operator:ops"}, name: "e1", found: &found{audit: log, logger: slog.New(slog.DiscardHandler)}}
	for range 3 {
		if _, err := edge.Route(t.Context(), slipway.ServiceID{Project: "search", Service: "api"}); err != nil {
			t.Error(err)
		}
	}
}

// An attempt whose answer was lost may have written it; the next one, of the
// same worker or of the next process, looks.
func TestHowAReleaseEndedIsOneEntryHoweverOftenItIsTried(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := slipway.AuditEntry{Kind: slipway.AuditEvent, Action: "release.end", Project: "search", Service: "api", Release: "search.api.1", Request: "end of search.api.1", Time: time.Now()}
	want := []string{"release.end||search.api.1||"}
	for worker := range 2 {
		log := openLog(t, dir)
		w := &endings{audit: log}
		for attempt := range 3 {
			if err := w.Ended(t.Context(), e, worker+attempt > 0); err != nil {
				t.Fatal(err)
			}
		}
		if got := told(t, log); !slices.Equal(got, want) {
			t.Errorf("entries %q, want %q", got, want)
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		if err := w.Ended(t.Context(), e, false); slipway.ErrorCode(err) != slipway.CodeUnavailable {
			t.Errorf("a log that is closed gave %v", err)
		}
	}
}
