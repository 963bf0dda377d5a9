package activities_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"slipway"
	"slipway/activities"
)

// frozen is what the worker's fleet file says from then on, where a freeze is on
// for an hour.
func frozen(from time.Time, hosts ...string) func() *slipway.Fleet {
	f := fleet()
	f.Freezes = []slipway.Window{{
		Name: "year-end", TimeZone: "UTC", From: from.UTC().Format(slipway.MomentLayout), Until: from.UTC().Add(time.Hour).Format(slipway.MomentLayout),
		Hosts: &slipway.Selector{Names: hosts},
	}}
	return func() *slipway.Fleet { return f }
}

// Whatever a workflow has been made to believe, and whoever has started it: an
// edge is told of nothing in a freeze of this worker's own fleet file.
func TestAnEdgeIsToldOfNothingInAFreeze(t *testing.T) {
	t.Parallel()
	begins := time.Now().UTC().Truncate(time.Minute)
	for name, c := range map[string]struct {
		at      time.Time
		hosts   []string
		kind    slipway.ReleaseKind
		refused bool
	}{
		"before":                   {at: begins.Add(-time.Second)},
		"within":                   {at: begins.Add(2 * time.Minute), refused: true},
		"a moment after it began":  {at: begins.Add(30 * time.Second)}, // what has begun in time may end
		"after":                    {at: begins.Add(time.Hour)},
		"of hosts behind the edge": {at: begins.Add(2 * time.Minute), hosts: []string{"h2"}, refused: true},
		"of other hosts":           {at: begins.Add(2 * time.Minute), hosts: []string{"h3"}},
		"a way back":               {at: begins.Add(2 * time.Minute), kind: slipway.KindRollback},
		"a restart":                {at: begins.Add(2 * time.Minute), kind: slipway.KindRestart},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, central := newGateway()
			central.Fleet, central.Clock = frozen(begins, c.hosts...), func() time.Time { return c.at }
			stage, commit := staging(), committing()
			stage.Warrant = warranted(func(o *slipway.OrderStatement) {
				if c.kind != "" {
					o.Kind = c.kind
				}
			})
			commit.Warrant = stage.Warrant
			told := run(t, central.StageTarget, stage, nil)
			if !c.refused {
				if err := errors.Join(told, run(t, central.CommitTarget, commit, nil)); err != nil || g.table[search.Key()].Active != "search.api.2" {
					t.Errorf("%v: %+v", err, g.table)
				}
				return
			}
			const says = "search.api.2 is refused: it may not switch now: freeze year-end; until "
			failed(t, told, slipway.CodeForbidden, false, says)
			failed(t, run(t, central.CommitTarget, commit, nil), slipway.CodeForbidden, false, says)
			if len(g.table) != 0 {
				t.Errorf("the edge has %+v", g.table)
			}
		})
	}
}

// What another edge serves already is no news: an edge that was away is caught
// up, freeze or not.
func TestAnEdgeIsCaughtUpInAFreeze(t *testing.T) {
	t.Parallel()
	begins := time.Now().UTC().Truncate(time.Minute)
	g, central := newGateway()
	other := &gateway{table: slipway.Table{}}
	central.Edges = gateways{"e1": g, "e2": other}
	central.Fleet, central.Clock = frozen(begins), func() time.Time { return begins.Add(2 * time.Minute) }
	in := staging()
	in.Warrant = warranted(func(o *slipway.OrderStatement) { o.Edges = []string{"e1", "e2"} })
	failed(t, run(t, central.StageTarget, in, nil), slipway.CodeForbidden, false, "it may not switch now")
	other.table[search.Key()] = slipway.RouteState{ServiceID: search, Active: "search.api.2"}
	if err := run(t, central.StageTarget, in, nil); err != nil {
		t.Error(err)
	}
}

func TestWatchWindowReturnsWhenTheFreezeIsOver(t *testing.T) {
	t.Parallel()
	begins := time.Now().UTC().Truncate(time.Minute)
	_, central := newGateway()
	now := atomic.Pointer[time.Time]{}
	set := func(at time.Time) { now.Store(&at) }
	set(begins.Add(2 * time.Minute))
	central.Fleet, central.Clock = frozen(begins), func() time.Time { return *now.Load() }
	in := activities.WindowInput{Release: "search.api.2", Warrant: warranted(), Hosts: []string{"h1"}}
	var first activities.WindowResult
	if err := run(t, central.CheckWindow, in, &first); err != nil || first.Wait == nil || !first.Wait.Until.Equal(begins.Add(time.Hour)) {
		t.Fatalf("%+v, %v", first, err)
	}
	in.Known = first.Wait
	go set(begins.Add(time.Hour))
	var then activities.WindowResult
	if err := run(t, central.WatchWindow, in, &then); err != nil || then.Wait != nil {
		t.Errorf("%+v, %v", then, err)
	}
	set(begins.Add(2 * time.Minute))
	in.Warrant.Order = expired(ordering())
	if err := run(t, central.WatchWindow, in, &then); err != nil || then.Over == nil {
		t.Errorf("%+v, %v", then, err)
	}
	in.Warrant.Order = "none"
	failed(t, run(t, central.CheckWindow, in, nil), slipway.CodeForbidden, false, "the signature of the order is not right")
}

func TestAnEdgeIsToldInAFreezeIfTwoPeopleSignedThat(t *testing.T) {
	t.Parallel()
	begins := time.Now().UTC().Truncate(time.Minute)
	pass := func(w *slipway.Warrant, by string, decides bool) slipway.PassStatement {
		o := ordering()
		return slipway.PassStatement{
			Release: "search.api.2", Order: idOf(w.Order), By: by, Reason: "fire", Decides: decides,
			Digest: image.Digest, Settings: o.Settings, Plan: o.Plan, RequestedBy: o.RequestedBy,
		}
	}
	for name, c := range map[string]struct {
		passes func(w *slipway.Warrant) []string
		says   string
	}{
		"two": {func(w *slipway.Warrant) []string {
			return []string{seal(pass(w, "ann", false)), seal(pass(w, "lea", true))}
		}, ""},
		"one": {func(w *slipway.Warrant) []string { return []string{seal(pass(w, "lea", true))} }, "and 1 did"},
		"one twice": {func(w *slipway.Warrant) []string {
			return []string{seal(pass(w, "lea", true)), seal(pass(w, "lea", true))}
		}, "and 1 did"},
		"one has run out": {func(w *slipway.Warrant) []string {
			return []string{expired(pass(w, "ann", false)), seal(pass(w, "lea", true))}
		}, "and 1 did"},
		"made up": {func(w *slipway.Warrant) []string {
			return []string{seal(pass(w, "ann", false)), tampered(seal(pass(w, "lea", true)))}
		}, "the signature of the pass is not right"},
		"decisions instead": {func(w *slipway.Warrant) []string { return w.Decisions }, "a signature of another kind was given where a signed pass belongs"},
		"of another order": {func(w *slipway.Warrant) []string {
			other := pass(w, "lea", true)
			other.Order = "another"
			return []string{seal(pass(w, "ann", false)), seal(other)}
		}, "for another order"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, central := newGateway()
			central.Fleet, central.Clock = frozen(begins), func() time.Time { return begins.Add(2 * time.Minute) }
			in := staging()
			in.Warrant.Passes = c.passes(in.Warrant)
			err := run(t, central.StageTarget, in, nil)
			if c.says != "" {
				failed(t, err, slipway.CodeForbidden, false, c.says)
				if len(g.table) != 0 {
					t.Errorf("the edge has %+v", g.table)
				}
				return
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}
