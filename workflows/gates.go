package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// awaitGates waits at each gate before the switch, in the order of the service
// file. Going back to what was live before waits for nobody.
func (r *release) awaitGates(ctx workflow.Context) error {
	if !r.outlook().Gated() {
		return nil
	}
	r.phase(ctx, slipway.AwaitingApproval)
	for i := range r.state.Gates {
		if r.state.Gates[i].State == slipway.GateApproved { // before it got stuck
			continue
		}
		if err := r.awaitGate(ctx, &r.state.Gates[i]); err != nil {
			return err
		}
	}
	return r.lookAgain(ctx)
}

func (r *release) awaitGate(ctx workflow.Context, g *slipway.GateState) error {
	expires := g.Expires.Std()
	g.State, g.OpenedAt = slipway.GateOpen, workflow.Now(ctx)
	g.ExpiresAt = g.OpenedAt.Add(expires)
	r.details(ctx)
	decided, err := workflow.AwaitWithOptions(ctx,
		workflow.AwaitOptions{Timeout: expires, TimerOptions: workflow.TimerOptions{Summary: slipway.DoesGate(g.Gate)}},
		func() bool { return rejection(*g) != nil || approvals(*g) >= g.Approvers.Quorum || r.newer != nil })
	if err != nil {
		return err
	}
	no := rejection(*g)
	switch {
	case no != nil:
		g.State = slipway.GateRejected
		return &halt{outcome: slipway.Rejected, reason: fmt.Sprintf("%s rejected gate %s: %s", no.By, g.Name, no.Reason), asked: true}
	case approvals(*g) >= g.Approvers.Quorum:
		g.State = slipway.GateApproved
		return nil
	case decided:
		g.State = slipway.GateSkipped
		return &halt{outcome: slipway.Superseded, reason: fmt.Sprintf("%s (%s) took its place while it waited at gate %s", r.newer.By, r.newer.Reason, g.Name), asked: true}
	default:
		g.State = slipway.GateExpired
		return &halt{outcome: slipway.Rejected, reason: fmt.Sprintf("gate %s expired after %s with %d of %d approvals", g.Name, g.Expires, approvals(*g), g.Approvers.Quorum)}
	}
}

// lookAgain makes sure, after a wait that may have taken days, that blue is
// still what serves, and that green is still well.
func (r *release) lookAgain(ctx workflow.Context) error {
	before := r.state.Blue
	if err := r.readRoutes(ctx); err != nil {
		return err
	}
	proven := slices.ContainsFunc(r.silent, func(err error) bool { return err != nil })
	if proven { // whether an edge may be left out depends on its host
		if err := r.proveAgain(ctx); err != nil {
			return err
		}
		if err := r.leaveOutEdges(ctx); err != nil {
			return err
		}
	}
	if err := r.findBlue(); err != nil {
		return err
	}
	if r.state.Blue != before {
		return refusal(slipway.CodeConflict, "while it waited, the edges went from %s to %s: release again", orNothing(before), orNothing(r.state.Blue))
	}
	if proven || r.service.Strategy.BlueGreen.StopFirst { // then green has yet to start
		return nil
	}
	return r.proveAgain(ctx)
}

func (r *release) proveAgain(ctx workflow.Context) error {
	return r.eachHost(ctx, func(ctx workflow.Context, i int) error { return r.leaveOut(ctx, i, r.prove(ctx, i)) })
}

// mayDecide is the check of every decision. It is about the release; that the
// person is who they say, and one of the approvers, was checked where the
// directory is known.
func (r *release) mayDecide(d slipway.Decision) error {
	if err := r.state.Takes(d); err != nil {
		return activities.Failure(err)
	}
	return nil
}

func (r *release) takeDecision(ctx workflow.Context, d slipway.Decision) {
	d.At = workflow.Now(ctx)
	g := r.gate(d.Gate)
	g.Decisions = append(g.Decisions, d)
	r.details(ctx)
}

func (r *release) gate(name string) *slipway.GateState {
	for i := range r.state.Gates {
		if r.state.Gates[i].Name == name {
			return &r.state.Gates[i]
		}
	}
	return nil
}

// closeGates leaves no gate open behind a release that has ended.
func (r *release) closeGates() {
	for i := range r.state.Gates {
		if g := &r.state.Gates[i]; g.State == slipway.GateOpen || g.State == slipway.GatePending {
			g.State = slipway.GateSkipped
		}
	}
}

func rejection(g slipway.GateState) *slipway.Decision {
	for i := range g.Decisions {
		if g.Decisions[i].Verdict == slipway.Reject {
			return &g.Decisions[i]
		}
	}
	return nil
}

func approvals(g slipway.GateState) int {
	n := 0
	for _, d := range g.Decisions {
		if d.Verdict == slipway.Approve {
			n++
		}
	}
	return n
}
