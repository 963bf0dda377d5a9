package worker

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.temporal.io/sdk/activity"

	"slipway"
	"slipway/activities"
)

func TestAFloodOfRefusalsIsCountedAndNotWritten(t *testing.T) {
	t.Parallel()
	log := openLog(t, t.TempDir())
	r := newRefusals(Config{Audit: log, Log: slog.New(slog.DiscardHandler)})
	ask := func(name, release string) {
		info := activity.Info{ActivityType: activity.Type{Name: name}}
		info.WorkflowExecution.ID = "intruder"
		r.add(refusalOf(info, release, release+" is refused: there is no signed order"+strings.Repeat("!", 5000)))
	}
	for range 5 {
		ask("StartGreen", "search.api.7")
	}
	ask("StartGreen", "nothing that is a release")
	entries := func() []slipway.AuditEntry {
		t.Helper()
		entries, _, err := log.List(slipway.AuditFilter{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		return entries
	}
	got := entries()
	if len(got) != 2 || got[1].Service != "api" || got[1].After["activity"] != "StartGreen" || got[1].After["workflow"] != "intruder" || got[0].Release != "" {
		t.Fatalf("at once there are %+v", got)
	}
	if e := got[1]; e.Kind != slipway.AuditRefused || e.Code != slipway.CodeForbidden || !strings.Contains(e.Detail, "there is no signed order") || len(e.Detail) > maxDetail {
		t.Errorf("the entry is %+v", e)
	}
	r.flush()
	if got = entries(); len(got) != 3 || got[0].Count != 4 || got[0].Release != "search.api.7" {
		t.Errorf("then there are %+v", got)
	}
	for n := range 1000 {
		ask("StartGreen", fmt.Sprint("search.api.", n+10))
	}
	r.flush()
	if got = entries(); len(got) != 3+maxRefusals+2 || got[0].Action != "many" || got[0].Count != 1000-maxRefusals-1 {
		t.Errorf("after a flood there are %d, the last %+v", len(got), got[0])
	}
}

func TestOnlyWhatIsSignedMakesARefusal(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, errors.New("search.api.7 is refused: by a host"), activities.Failure(slipway.Errorf(slipway.CodeUnavailable, "a is refused: b")), activities.Failure(slipway.Errorf(slipway.CodeForbidden, "registry says 403"))} {
		if _, _, ok := activities.Refused(err); ok {
			t.Errorf("%v counts as one", err)
		}
	}
	release, _, ok := activities.Refused(activities.Failure(slipway.Errorf(slipway.CodeForbidden, "the decision of bob on search.api.7 does not count: there is no signed decision")))
	if !ok || release != "search.api.7" {
		t.Errorf("a forged decision is %t, of %q", ok, release)
	}
	release, why, ok := activities.Refused(activities.Failure(slipway.Errorf(slipway.CodeForbidden, "search.api.7 is refused: it has run out")))
	if !ok || release != "search.api.7" || why != "search.api.7 is refused: it has run out" {
		t.Errorf("it is %t, of %q: %s", ok, release, why)
	}
}
