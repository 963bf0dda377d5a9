package worker

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/drivers/audit"
)

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
