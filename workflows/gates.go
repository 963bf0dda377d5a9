package workflows

import (
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// awaitGates waits at each gate before the switch, and looks again afterwards.
func (r *release) awaitGates(ctx workflow.Context) error {
	if len(r.gatesBefore(slipway.BeforeSwitch)) == 0 {
		return nil
	}
	r.phase(ctx, slipway.AwaitingApproval)
	r.standAside(ctx)
	if err := r.awaitDecisions(ctx, slipway.BeforeSwitch, func() bool { return r.newer != nil }); err != nil {
		return err
	}
	return r.lookAgain(ctx)
}

// standAside gives up the release's place of its project's quota: while it waits
// for people it is in nobody's way, and what they have approved goes on at once.
func (r *release) standAside(ctx workflow.Context) {
	if r.in.Counts {
		r.report(ctx, nil)
	}
}

// gatesBefore are the gates before a step that are not open yet for this release,
// in the order of the service file. Going back to what was live before waits for
// nobody.
func (r *release) gatesBefore(step string) []*slipway.GateState {
	var gates []*slipway.GateState
	for _, g := range r.outlook().GatesBefore(step) {
		if state := r.gate(g.Name); state.State != slipway.GateApproved { // others were, before it got stuck
			gates = append(gates, state)
		}
	}
	return gates
}

// awaitDecisions waits at each gate before a step, one after the other, or until
// something ends that.
func (r *release) awaitDecisions(ctx workflow.Context, step string, ended func() bool) error {
	for _, g := range r.gatesBefore(step) {
		if err := r.awaitGate(ctx, g, ended); err != nil || g.State != slipway.GateApproved {
			return err
		}
	}
	return nil
}

func (r *release) awaitGate(ctx workflow.Context, g *slipway.GateState, ended func() bool) error {
	g.State, g.OpenedAt = slipway.GateOpen, workflow.Now(ctx)
	g.ExpiresAt = g.OpenedAt.Add(g.Expires.Std())
	r.state.Checks = r.checks()
	r.details(ctx)
	decided, err := r.awaitReminding(ctx, g, func() bool { return rejection(*g) != nil || approvals(*g) >= g.Approvers.Quorum || ended() })
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
	case decided && r.newer == nil || decided && r.served(): // whoever asked for that knows why
		return nil
	case decided:
		g.State = slipway.GateSkipped
		return &halt{outcome: slipway.Superseded, reason: fmt.Sprintf("%s (%s) took its place while it waited at gate %s", r.newer.By, r.newer.Reason, g.Name), asked: true}
	default:
		g.State = slipway.GateExpired
		return &halt{outcome: slipway.Rejected, reason: fmt.Sprintf("gate %s expired after %s with %d of %d approvals", g.Name, g.Expires, approvals(*g), g.Approvers.Quorum)}
	}
}

// checks are what was looked at, and what was not, for those who decide.
func (r *release) checks() []slipway.Check {
	var proven []string
	for _, h := range r.state.Hosts {
		if h.Phase == slipway.HostReady || h.Phase == slipway.HostServing {
			proven = append(proven, h.Name)
		}
	}
	probes := "green has not started: the version before stops first"
	if len(proven) > 0 {
		probes = r.service.Healthcheck.Asks() + " answered well on " + strings.Join(proven, ", ")
	}
	return []slipway.Check{
		{What: "probes", Found: probes},
		{What: "signature of the image", Found: notChecked},
		{What: "scan of the image", Found: notChecked},
	}
}

// notChecked says of what Slipway does not look at that nobody is to believe it
// did.
const notChecked = "not checked"

// awaitReminding waits until a gate is decided or expires, and reminds people
// meanwhile.
func (r *release) awaitReminding(ctx workflow.Context, g *slipway.GateState, decided func() bool) (bool, error) {
	for left := g.Expires.Std(); ; left -= g.RemindAfter.Std() {
		wait, summary := left, slipway.DoesGate(g.Gate)
		if remind := g.RemindAfter.Std(); remind > 0 && remind < left {
			wait, summary = remind, slipway.DoesRemind(g.Gate)
		}
		done, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{Timeout: wait, TimerOptions: workflow.TimerOptions{Summary: summary}}, decided)
		if done || err != nil || wait == left {
			return done, err
		}
		g.Reminders, g.RemindedAt = g.Reminders+1, workflow.Now(ctx)
		workflow.GetMetricsHandler(ctx).WithTags(map[string]string{"project": r.state.Project, "service": r.state.Service, "gate": g.Name}).Counter("slipway_gate_reminders").Inc(1)
		workflow.GetLogger(ctx).Warn("Gate waits", "release", r.state.ID, "gate", g.Name, "since", g.OpenedAt, "expires", g.ExpiresAt)
		r.details(ctx)
	}
}

// lookAgain makes sure, after a wait that may have taken days, that blue is
// still what serves, that hosts are still as they should be, and that green is
// still what was verified, and well.
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
	if err := r.preflightAgain(ctx); err != nil {
		return err
	}
	if proven || r.service.Strategy.BlueGreen.StopFirst { // then green has yet to start
		return nil
	}
	return r.proveAgain(ctx)
}

func (r *release) proveAgain(ctx workflow.Context) error {
	r.paused = false
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
