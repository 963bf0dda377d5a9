package slipway_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway"
)

func amendOf(n int, revision uint64, upstreams ...string) slipway.AmendRequest {
	return slipway.AmendRequest{
		ServiceID: shop, Release: shopRelease(n),
		Upstreams: upstreams, Away: len(upstreams) == 0, Revision: revision,
	}
}

// at checks where a release's containers are, as the table has it.
func at(t *testing.T, table slipway.Table, n int, revision uint64, upstreams ...string) {
	t.Helper()
	got := table[shop.Key()].Targets[shopRelease(n)]
	want := slipway.Target{Route: website, Upstreams: upstreams, Revision: revision}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("target of %s (-want +got):\n%s", shopRelease(n), diff)
	}
}

func TestAmend_ContainersOfWhatServesMoveWithoutASwitch(t *testing.T) {
	table := live(t)
	before := table[shop.Key()]
	must(t)(table.Amend(amendOf(1, 0, "10.0.0.1:20001", "10.0.0.2:20001")))
	at(t, table, 1, 1, "10.0.0.1:20001", "10.0.0.2:20001")
	must(t)(table.Amend(amendOf(1, 1, "10.0.0.2:20001")))
	at(t, table, 1, 2, "10.0.0.2:20001")
	after := table[shop.Key()]
	after.Targets = before.Targets
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("amendments changed more than the target:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"10.0.0.1:20001"}, before.Targets[shopRelease(1)].Upstreams); diff != "" {
		t.Errorf("amendments changed what others hold:\n%s", diff)
	}
}

// A hold goes on over amendments: what was decided before them can be taken
// back, and a person's word stands.
func TestAmend_DisturbsNeitherRestoreNorOverride(t *testing.T) {
	t.Run("restore", func(t *testing.T) {
		table := live(t)
		must(t)(table.Commit(commitOf(2, 1), noon))
		must(t)(table.Amend(amendOf(2, 0, "10.0.0.2:20002")))
		must(t)(table.Amend(amendOf(1, 0, "10.0.0.2:20001")))
		must(t)(table.Restore(restoreOf(2, 1, 1), noon))
		serves(t, table, shopRelease(1), 3)
		at(t, table, 1, 1, "10.0.0.2:20001")
	})
	t.Run("override", func(t *testing.T) {
		table := live(t)
		must(t)(table.Commit(commitOf(2, 1), noon))
		must(t)(table.Override(overrideOf(""), noon))
		must(t)(table.Amend(amendOf(2, 0, "10.0.0.2:20002")))
		serves(t, table, shopRelease(1), 4)
	})
}

func TestAmend_ReleaseMayBeAwayAndComeBack(t *testing.T) {
	table := live(t)
	away := must(t)(table.Amend(amendOf(1, 0)))
	if !away.Targets[shopRelease(1)].Away() || away.Active != shopRelease(1) {
		t.Errorf("the edge has %+v", away)
	}
	must(t)(table.Amend(amendOf(1, 1, "10.0.0.1:20001")))
	at(t, table, 1, 2, "10.0.0.1:20001")

	staged := stageOf(3, 1)
	staged.Upstreams, staged.Away = nil, true
	must(t)(table.Stage(staged))
	must(t)(table.Commit(commitOf(3, 1), noon))
	must(t)(table.Amend(amendOf(3, 0, "10.0.0.1:20003")))
	at(t, table, 3, 1, "10.0.0.1:20003")
}

// A stage that was under way since before an amendment must not take it back.
func TestAmend_StageThatArrivesLateIsRefused(t *testing.T) {
	table := live(t)
	must(t)(table.Amend(amendOf(2, 0, "10.0.0.2:20002")))
	refused(t, table, slipway.CodeConflict, func(t slipway.Table) error { _, err := t.Stage(stageOf(2, 1)); return err })
	must(t)(table.Amend(amendOf(2, 1, stageOf(2, 1).Upstreams...)))
	must(t)(table.Stage(stageOf(2, 1)))
	at(t, table, 2, 2, "10.0.0.1:20002")
}

func TestAmend_RepeatedChangesNothingAndAnotherRevisionIsRefused(t *testing.T) {
	table := live(t)
	must(t)(table.Commit(commitOf(2, 1), noon.Add(time.Second)))
	for range 3 {
		must(t)(table.Amend(amendOf(2, 0, "10.0.0.2:20002")))
		at(t, table, 2, 1, "10.0.0.2:20002")
	}
	for name, req := range map[string]slipway.AmendRequest{
		"decided before":               amendOf(2, 0, "10.0.0.3:20002"),
		"decided after":                amendOf(2, 2, "10.0.0.2:20002"),
		"of a release not staged":      amendOf(9, 0, "10.0.0.2:20009"),
		"away, decided at an old time": amendOf(2, 0),
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, table, slipway.CodeConflict, func(table slipway.Table) error {
				found, err := table.Amend(req)
				if found.Generation != 2 {
					t.Errorf("the state that was found is %+v", found)
				}
				return err
			})
		})
	}
}

func TestAmend_RefusesWhatDoesNotFit(t *testing.T) {
	contradiction := amendOf(1, 0, "10.0.0.1:20001")
	contradiction.Away = true
	silence := amendOf(1, 0)
	silence.Away = false
	elsewhere := amendOf(1, 0, "10.0.0.1:20001")
	elsewhere.Service = "other"
	for name, c := range map[string]struct {
		code slipway.Code
		req  slipway.AmendRequest
	}{
		"away with upstreams":        {slipway.CodeInvalid, contradiction},
		"no upstreams and not away":  {slipway.CodeInvalid, silence},
		"an upstream without a port": {slipway.CodeInvalid, amendOf(1, 0, "10.0.0.1")},
		"an upstream twice":          {slipway.CodeInvalid, amendOf(1, 0, "10.0.0.1:80", "10.0.0.1:80")},
		"an unknown service":         {slipway.CodeNotFound, elsewhere},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, live(t), c.code, func(t slipway.Table) error { _, err := t.Amend(c.req); return err })
		})
	}
}
