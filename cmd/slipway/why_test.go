package main

import (
	"strings"
	"testing"
	"time"

	"slipway"
)

func TestWhyNamesWhoeverKeptAReleaseBackAndWhatToDo(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.Local)
	gate := slipway.GateState{Gate: slipway.Gate{Name: "go", Approvers: slipway.Approvers{Role: slipway.Approver, Quorum: 2}}, ExpiresAt: at}
	with := func(g slipway.GateState, state string, decisions ...slipway.Decision) slipway.GateState {
		g.State, g.Decisions = state, decisions
		return g
	}
	approval := slipway.Decision{By: "bob", Verdict: slipway.Approve, At: at}
	rejection := slipway.Decision{By: "lea", Verdict: slipway.Reject, Reason: "not on a Friday", At: at}
	for name, c := range map[string]struct {
		change func(*slipway.Release)
		want   []string
	}{
		"rejected": {func(r *slipway.Release) {
			ended(slipway.Rejected, "gate go was rejected")(r)
			r.Gates = []slipway.GateState{with(gate, slipway.GateRejected, approval, rejection)}
		}, []string{"gate go was rejected by lea at 2026-11-22 10:00:00: not on a Friday", "release again when people agree"}},
		"expired": {func(r *slipway.Release) {
			ended(slipway.Rejected, "gate go has expired")(r)
			r.Gates = []slipway.GateState{with(gate, slipway.GateExpired, approval)}
		}, []string{"gate go expired at 2026-11-22 10:00:00, with 1 of 2 approvals"}},
		"frozen": {func(r *slipway.Release) {
			r.Phase, r.Waits = slipway.AwaitingApproval, &slipway.Wait{For: slipway.WaitsForWindow, Reason: "freeze year-end is on"}
		}, []string{"freeze year-end is on", "two people break the glass: slipway break-glass search.query-api.2"}},
		"stopped": {func(r *slipway.Release) {
			r.Phase, r.Waits = slipway.Deploying, &slipway.Wait{For: slipway.WaitsForLine, Reason: "the line is stopped by olga"}
		}, []string{"the line is stopped by olga", "slipway line resume lets it go on"}},
		"failed on a host": {func(r *slipway.Release) {
			ended(slipway.RolledBack, "it was not ready")(r)
			r.Hosts = []slipway.ReleaseHost{{Name: "h1", Error: "it was not ready; evidence is kept in /var"}}
		}, []string{"because\n  host h1: it was not ready; evidence is kept in /var\nwhat to do"}},
		"left behind": {func(r *slipway.Release) {
			ended(slipway.Live, "")(r)
			r.CleanupPending, r.Behind = true, []slipway.Behind{{Host: "h2", Error: "the Docker Engine has not answered for 5s"}}
		}, []string{"h2 is behind: the Docker Engine has not answered for 5s", "removed by itself", "caught up by itself"}},
	} {
		r := slipway.Release{ID: "search.query-api.2", Project: "search", Service: "query-api", RequestedBy: "ann"}
		c.change(&r)
		got := explain(r).String()
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is not in\n%s", name, want, got)
			}
		}
	}
}
