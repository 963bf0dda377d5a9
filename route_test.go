package slipway_test

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway"
)

var (
	shop    = slipway.ServiceID{Project: "shop", Service: "app"}
	website = slipway.Route{Host: "app.example.com", Path: "/"}
	noon    = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
)

func shopRelease(n int) string { return slipway.ReleaseID{ServiceID: shop, Number: n}.String() }

func stageOf(n int, generation uint64) slipway.StageRequest {
	return slipway.StageRequest{
		ServiceID: shop, Route: website, Release: shopRelease(n),
		Upstreams: []string{slipway.HostPort("10.0.0.1", 20000+n)}, Generation: generation,
	}
}

func commitOf(n int, generation uint64) slipway.CommitRequest {
	return slipway.CommitRequest{ServiceID: shop, Release: shopRelease(n), Generation: generation, By: shopRelease(n)}
}

// restoreOf takes the commit of release n back to release to; 0: to nothing.
func restoreOf(n, to int, generation uint64) slipway.RestoreRequest {
	req := slipway.RestoreRequest{ServiceID: shop, Generation: generation, By: shopRelease(n)}
	if to != 0 {
		req.Release = shopRelease(to)
	}
	return req
}

func overrideOf(release string) slipway.OverrideRequest {
	return slipway.OverrideRequest{ServiceID: shop, Release: release, By: "operator:ann", Reason: "checkout fails"}
}

// live is a table in which release 1 serves at generation 1 and release 2 is
// staged.
func live(t *testing.T) slipway.Table {
	t.Helper()
	table := slipway.Table{}
	must(t)(table.Stage(stageOf(1, 0)))
	must(t)(table.Commit(commitOf(1, 0), noon))
	must(t)(table.Stage(stageOf(2, 1)))
	return table
}

func must(t *testing.T) func(slipway.RouteState, error) slipway.RouteState {
	return func(r slipway.RouteState, err error) slipway.RouteState {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

func serves(t *testing.T, table slipway.Table, release string, generation uint64) {
	t.Helper()
	if r := table[shop.Key()]; r.Active != release || r.Generation != generation {
		t.Errorf("%q serves at generation %d, want %q at %d", r.Active, r.Generation, release, generation)
	}
}

// refused checks for a code, and that nothing was changed on the way to it.
func refused(t *testing.T, table slipway.Table, code slipway.Code, do func(slipway.Table) error) {
	t.Helper()
	before := maps.Clone(table)
	if err := do(table); slipway.ErrorCode(err) != code {
		t.Errorf("error is %v, want one of code %s", err, code)
	}
	if diff := cmp.Diff(before, table); diff != "" {
		t.Errorf("refused, and yet the table changed:\n%s", diff)
	}
}

func TestTable_ReleaseTakesOver(t *testing.T) {
	table := live(t)
	serves(t, table, shopRelease(1), 1)
	got := must(t)(table.Commit(commitOf(2, 1), noon))
	want := slipway.RouteState{
		ServiceID: shop, Route: website,
		Targets: map[string]slipway.Target{
			shopRelease(1): {Route: website, Upstreams: []string{"10.0.0.1:20001"}},
			shopRelease(2): {Route: website, Upstreams: []string{"10.0.0.1:20002"}},
		},
		Active: shopRelease(2), Previous: shopRelease(1), Generation: 2, By: shopRelease(2), ChangedAt: noon,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got = must(t)(table.Unstage(shop, shopRelease(1)))
	if len(got.Targets) != 1 || got.Previous != "" {
		t.Errorf("after blue was retired the edge still knows %v, previous %q", got.Targets, got.Previous)
	}
}

func TestTable_RepeatedWritesChangeNothing(t *testing.T) {
	later := noon.Add(time.Minute)
	for name, write := range map[string]func(slipway.Table, time.Time) error{
		"stage":   func(t slipway.Table, _ time.Time) error { _, err := t.Stage(stageOf(2, 1)); return err },
		"commit":  func(t slipway.Table, now time.Time) error { _, err := t.Commit(commitOf(2, 1), now); return err },
		"restore": func(t slipway.Table, now time.Time) error { _, err := t.Restore(restoreOf(2, 1, 1), now); return err },
		"override by name": func(t slipway.Table, now time.Time) error {
			_, err := t.Override(overrideOf(shopRelease(2)), now)
			return err
		},
		"amend": func(t slipway.Table, _ time.Time) error {
			_, err := t.Amend(amendOf(1, 0, "10.0.0.2:20001"))
			return err
		},
		"unstage": func(t slipway.Table, _ time.Time) error { _, err := t.Unstage(shop, shopRelease(2)); return err },
		"remove":  func(t slipway.Table, _ time.Time) error { return t.Remove(shop, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			table := live(t)
			if err := write(table, noon); err != nil {
				t.Fatal(err)
			}
			once := maps.Clone(table)
			if err := write(table, later); err != nil {
				t.Fatalf("repeated: %v", err)
			}
			if diff := cmp.Diff(once, table); diff != "" {
				t.Errorf("repeating it changed:\n%s", diff)
			}
		})
	}
}

func TestTable_RestoreTakesBackACommitThatArrived(t *testing.T) {
	table := live(t)
	must(t)(table.Commit(commitOf(2, 1), noon))
	must(t)(table.Restore(restoreOf(2, 1, 1), noon))
	serves(t, table, shopRelease(1), 3)
}

func TestTable_CommitThatArrivesAfterItsRestoreIsRefused(t *testing.T) {
	table := live(t)
	must(t)(table.Restore(restoreOf(2, 1, 1), noon))
	serves(t, table, shopRelease(1), 3)
	refused(t, table, slipway.CodeConflict, func(t slipway.Table) error { _, err := t.Commit(commitOf(2, 1), noon); return err })
}

func TestTable_FirstReleaseIsRestoredToNothing(t *testing.T) {
	table := slipway.Table{}
	must(t)(table.Restore(restoreOf(1, 0, 0), noon))
	if len(table) != 0 {
		t.Errorf("restoring what never was left %v", table)
	}
	must(t)(table.Stage(stageOf(1, 0)))
	must(t)(table.Commit(commitOf(1, 0), noon))
	must(t)(table.Restore(restoreOf(1, 0, 0), noon))
	serves(t, table, "", 2)
}

func TestTable_OperatorsChoiceIsNotOverwritten(t *testing.T) {
	table := live(t)
	must(t)(table.Commit(commitOf(2, 1), noon))
	must(t)(table.Override(overrideOf(""), noon))
	serves(t, table, shopRelease(1), 4)
	refused(t, table, slipway.CodeConflict, func(t slipway.Table) error { _, err := t.Restore(restoreOf(2, 1, 1), noon); return err })
	refused(t, table, slipway.CodeConflict, func(t slipway.Table) error { _, err := t.Commit(commitOf(2, 2), noon); return err })
	refused(t, table, slipway.CodeConflict, func(t slipway.Table) error { _, err := t.Stage(stageOf(3, 2)); return err })
	refused(t, table, slipway.CodeConflict, func(t slipway.Table) error { return t.Remove(shop, 2) })
}

func TestTable_RouteMovesWhenItsReleaseIsCommitted(t *testing.T) {
	table := live(t)
	moved := stageOf(3, 1)
	moved.Route = slipway.Route{Host: "new.example.com", Path: "/app"}
	must(t)(table.Stage(moved))
	if got := table[shop.Key()].Route; got != website {
		t.Errorf("staging moved the live route to %s", got)
	}
	must(t)(table.Commit(commitOf(3, 1), noon))
	if got := table[shop.Key()].Route; got != moved.Route {
		t.Errorf("route is %s after the commit, want %s", got, moved.Route)
	}
	must(t)(table.Restore(restoreOf(3, 1, 1), noon))
	if got := table[shop.Key()].Route; got != website {
		t.Errorf("route is %s after the restore, want %s", got, website)
	}
}

// Whatever a service may have to go back to stays its own.
func TestTable_RouteOfAnotherServiceCannotBeTaken(t *testing.T) {
	table := live(t)
	moved := stageOf(3, 1)
	moved.Route = slipway.Route{Host: "new.example.com", Path: "/"}
	must(t)(table.Stage(moved))
	other := slipway.ServiceID{Project: "shop", Service: "other"}
	for name, route := range map[string]slipway.Route{
		"live":                     website,
		"in other letters":         {Host: "APP.example.com", Path: "/"},
		"of a staged release":      moved.Route,
		"with a slash at its end?": {Host: "new.example.com", Path: "//"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, table, slipway.CodeConflict, func(t slipway.Table) error {
				_, err := t.Stage(slipway.StageRequest{ServiceID: other, Route: route, Release: "shop.other.1", Upstreams: []string{"10.0.0.2:80"}})
				return err
			})
		})
	}
}

func TestTable_RefusesWhatDoesNotFit(t *testing.T) {
	stage := func(change func(*slipway.StageRequest)) func(slipway.Table) error {
		return func(t slipway.Table) error {
			req := stageOf(3, 1)
			change(&req)
			_, err := t.Stage(req)
			return err
		}
	}
	for name, c := range map[string]struct {
		code slipway.Code
		do   func(slipway.Table) error
	}{
		"stage without upstreams":        {slipway.CodeInvalid, stage(func(r *slipway.StageRequest) { r.Upstreams = nil })},
		"stage away with upstreams":      {slipway.CodeInvalid, stage(func(r *slipway.StageRequest) { r.Away = true })},
		"stage with an upstream no port": {slipway.CodeInvalid, stage(func(r *slipway.StageRequest) { r.Upstreams = []string{"10.0.0.1"} })},
		"stage with port 0":              {slipway.CodeInvalid, stage(func(r *slipway.StageRequest) { r.Upstreams = []string{"10.0.0.1:0"} })},
		"stage without a host":           {slipway.CodeInvalid, stage(func(r *slipway.StageRequest) { r.Route.Host = "" })},
		"stage with a relative path":     {slipway.CodeInvalid, stage(func(r *slipway.StageRequest) { r.Route.Path = "app" })},
		"stage of another's release":     {slipway.CodeInvalid, stage(func(r *slipway.StageRequest) { r.Release = "shop.other.3" })},
		"stage of what is no release":    {slipway.CodeInvalid, stage(func(r *slipway.StageRequest) { r.Release = "v3" })},
		"stage at another generation":    {slipway.CodeConflict, stage(func(r *slipway.StageRequest) { r.Generation = 7 })},
		"stage that moves what serves": {slipway.CodeConflict, stage(func(r *slipway.StageRequest) {
			r.Release = shopRelease(1)
		})},
		"commit of what is not staged": {slipway.CodeConflict, func(t slipway.Table) error { _, err := t.Commit(commitOf(9, 1), noon); return err }},
		"commit of an unknown service": {slipway.CodeNotFound, func(t slipway.Table) error {
			_, err := t.Commit(slipway.CommitRequest{ServiceID: slipway.ServiceID{Project: "no", Service: "body"}}, noon)
			return err
		}},
		"restore to what is forgotten": {slipway.CodeConflict, func(t slipway.Table) error { _, err := t.Restore(restoreOf(2, 9, 1), noon); return err }},
		"unstage of what serves":       {slipway.CodeConflict, func(t slipway.Table) error { _, err := t.Unstage(shop, shopRelease(1)); return err }},
		"remove at another generation": {slipway.CodeConflict, func(t slipway.Table) error { return t.Remove(shop, 0) }},
		"override to what is not there": {slipway.CodeConflict, func(t slipway.Table) error {
			_, err := t.Override(overrideOf(shopRelease(9)), noon)
			return err
		}},
		"override to no previous": {slipway.CodeConflict, func(t slipway.Table) error { _, err := t.Override(overrideOf(""), noon); return err }},
		"override without a reason": {slipway.CodeInvalid, func(t slipway.Table) error {
			_, err := t.Override(slipway.OverrideRequest{ServiceID: shop, Release: shopRelease(2), By: "operator:ann"}, noon)
			return err
		}},
		"override in a release's name": {slipway.CodeInvalid, func(t slipway.Table) error {
			_, err := t.Override(slipway.OverrideRequest{ServiceID: shop, Release: shopRelease(2), By: shopRelease(2), Reason: "why"}, noon)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) { refused(t, live(t), c.code, c.do) })
	}
}
