package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"slipway"
)

// hold keeps blue running after the switch, so that going back is a switch and
// nothing else. It returns nil when the time is up and people have approved where
// they are asked, or a person accepts; and an error when green fails, or a person
// goes back: through Slipway, at a gate, or on an edge itself.
func (r *release) hold(ctx workflow.Context) error {
	if !r.outlook().Holds() {
		r.report(ctx, r.version(ctx)) // before blue goes: an older release may still hold its own and watch this one's blue
		return nil
	}
	hold := r.service.Strategy.BlueGreen.Hold.Std()
	r.heldUntil(ctx, hold)
	before := r.state.Phase
	r.phase(ctx, slipway.Holding)
	r.shown = before // until the lane knows: who sees that it holds and goes back, means this release
	r.report(ctx, r.version(ctx))
	r.shown = ""
	for {
		failure := r.holdFor(ctx, hold)
		if failure == nil || !r.noReturn || asked(failure) || ctx.Err() != nil {
			return failure
		}
		if err := r.holdOn(ctx, message(failure)); err != nil {
			return err
		}
		if len(r.gatesBefore(slipway.BeforeAccept)) == 0 {
			return nil
		}
		hold = 0
		r.heldUntil(ctx, hold)
		r.report(ctx, nil)
	}
}

// heldUntil notes until when blue is held at the latest, if it is for so long and
// until the gates have been decided.
func (r *release) heldUntil(ctx workflow.Context, hold time.Duration) {
	now := workflow.Now(ctx)
	until := now
	for _, g := range r.gatesBefore(slipway.BeforeAccept) {
		if g.State == slipway.GateOpen {
			until = g.ExpiresAt
			continue
		}
		until = until.Add(g.Expires.Std())
	}
	if hold > 0 {
		until = now.Add(hold)
	}
	r.state.HoldUntil, r.state.RollbackReady = &until, true
}

// holdFor holds blue for so long and until the gates before accept have been
// decided.
func (r *release) holdFor(ctx workflow.Context, hold time.Duration) error {
	gates := r.gatesBefore(slipway.BeforeAccept)
	watchCtx, stop := workflow.WithCancel(ctx)
	w := &watch{release: r, away: map[spot]string{}, unseen: map[int]bool{}, atMost: hold}
	for _, g := range gates {
		w.atMost += g.Expires.Std()
	}
	w.start(watchCtx)
	var no error
	over := func() bool { return r.accepted != nil || r.wentBack != nil || w.alarm != "" || no != nil }
	deciding := len(gates) > 0
	if deciding {
		workflow.Go(watchCtx, func(ctx workflow.Context) {
			no = r.awaitDecisions(ctx, slipway.BeforeAccept, over)
			deciding = false
		})
	}
	var err error
	if hold > 0 {
		summary := slipway.DoesHold(r.state.Blue, slipway.Duration(hold))
		_, err = workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{Timeout: hold, TimerOptions: workflow.TimerOptions{Summary: summary}}, over)
	}
	if err == nil && !over() && deciding {
		ready := r.state.RollbackReady
		r.heldUntil(ctx, 0)
		r.state.RollbackReady = ready
		r.details(ctx)
		err = workflow.Await(ctx, func() bool { return over() || !deciding })
	}
	if err == nil {
		err = r.untilResumed(ctx, over)
	}
	r.rejoined = nil
	stop() // not awaited: the way back does not wait for a probe to end
	r.state.HoldUntil, r.state.RollbackReady = nil, false
	switch {
	case err != nil:
		return err
	case r.wentBack != nil:
		return r.wentBackHalt()
	case no != nil:
		return no
	case w.alarm != "":
		return &halt{outcome: slipway.RolledBack, reason: w.alarm, asked: w.asked}
	}
	return nil
}

func (r *release) wentBackHalt() *halt {
	return &halt{outcome: slipway.RolledBack, reason: r.wentBack.By + " went back: " + r.wentBack.Reason, asked: true}
}

// holdOn keeps blue after green has failed where nothing goes back by itself. It
// returns nil when a person accepts, or a newer release is live instead, and an
// error when a person goes back.
func (r *release) holdOn(ctx workflow.Context, reason string) error {
	r.getStuck(ctx, r.state.Phase, reason)
	for i := range r.state.Hosts {
		at := &r.state.Hosts[i]
		if n := slices.IndexFunc(r.fallen, func(c Container) bool { return c.Host.Name == at.Name }); n >= 0 {
			at.Error = reason
			r.keepEvidence(ctx, i, r.fallen[n].Name)
		}
	}
	r.fallen = nil
	watchCtx, stop := workflow.WithCancel(ctx)
	defer stop()
	w := &watch{release: r, away: map[spot]string{}, unseen: map[int]bool{}, atMost: aYear, blueOnly: true}
	r.state.RollbackReady = true
	w.start(watchCtx)
	r.rejoined = nil
	r.details(ctx)
	err := r.awaitDecision(ctx, func() bool { return r.accepted != nil || r.wentBack != nil || w.alarm != "" })
	r.state.RollbackReady = false
	switch {
	case err != nil:
		return err
	case r.wentBack != nil:
		return r.wentBackHalt()
	case w.alarm != "":
		return &halt{outcome: slipway.RolledBack, reason: w.alarm, asked: true}
	}
	r.unstick()
	r.phase(ctx, slipway.Holding)
	return nil
}

// awaitDecision waits until it is decided, or a newer release has stopped green
// for as long as blue would have been held: without an edge, nobody says that it
// stays.
func (r *release) awaitDecision(ctx workflow.Context, decided func() bool) error {
	for {
		if err := workflow.Await(ctx, func() bool { return decided() || r.overtaken != "" }); err != nil || decided() {
			return err
		}
		hold := r.service.Strategy.BlueGreen.Hold
		back, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{Timeout: hold.Std(), TimerOptions: workflow.TimerOptions{Summary: slipway.DoesHold(r.state.Blue, hold)}},
			func() bool { return decided() || r.overtaken == "" })
		if err != nil || decided() {
			return err
		}
		if !back {
			r.accepted = &Request{By: r.overtaken, Reason: "it took over"}
			return nil
		}
	}
}
