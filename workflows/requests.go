package workflows

import (
	"go.temporal.io/sdk/workflow"

	"slipway"
)

// handleRequests lets people act on the release. What comes as an update is
// refused with an error where it makes no sense, or nobody signed it; what comes
// as a signal goes through the same checks and is ignored, visibly. Handlers
// only take note; run decides.
func (r *release) handleRequests(ctx workflow.Context) error {
	requests := []struct {
		name string
		hearing[Request]
	}{
		{Abort, hearing[Request]{r.mayAbort, r.wanted(Abort, Rollback), r.takeAbort, r.ignore}}, // a rollback goes before what is on its way
		{Accept, hearing[Request]{r.mayAccept, r.wanted(Accept, Remove), func(_ workflow.Context, in Request) { r.accepted = &in }, r.ignore}},
		{Rollback, hearing[Request]{r.mayGoBack, r.wanted(Rollback), func(_ workflow.Context, in Request) { r.wentBack = &in }, r.ignore}},
	}
	for _, req := range requests {
		if err := handle(ctx, req.name, req.hearing); err != nil {
			return err
		}
	}
	workflow.Go(ctx, func(ctx workflow.Context) { // from the lane, not from people
		for newer := workflow.GetSignalChannel(ctx, Newer); ; {
			var in Request
			newer.Receive(ctx, &in)
			r.newer = &in
		}
	})
	workflow.Go(ctx, func(ctx workflow.Context) {
		for caughtUp := workflow.GetSignalChannel(ctx, CaughtUp); ; {
			var report CaughtUpReport
			caughtUp.Receive(ctx, &report)
			r.takeIn(ctx, report)
		}
	})
	workflow.Go(ctx, r.hearLine)
	workflow.Go(ctx, r.hearOvertaking) // from another release
	if err := handle(ctx, Pass, hearing[slipway.Pass]{r.mayPass, r.vouched, r.takePass, r.ignore}); err != nil {
		return err
	}
	return handle(ctx, Decide, hearing[slipway.Decision]{r.mayDecide, r.decided, r.takeDecision, r.ignore})
}

// A hearing is what may be said to a release, and how it is heard.
type hearing[T any] struct {
	check  func(T) error                   // whether it makes sense now
	verify func(workflow.Context, T) error // whether it was signed
	take   func(workflow.Context, T)
	ignore func(workflow.Context, error)
}

// hear takes a message that makes sense and was signed. Whether it makes sense
// is asked twice, because verifying takes a moment.
func (m hearing[T]) hear(ctx workflow.Context, in T) error {
	if err := m.check(in); err != nil {
		return err
	}
	if err := m.verify(ctx, in); err != nil {
		return err
	}
	if err := m.check(in); err != nil {
		return err
	}
	m.take(ctx, in)
	return nil
}

// handle makes one kind of message arrive the same way as update and signal.
func handle[T any](ctx workflow.Context, name string, m hearing[T]) error {
	err := workflow.SetUpdateHandlerWithOptions(ctx, name,
		func(ctx workflow.Context, in T) error {
			err := m.hear(ctx, in)
			if err != nil {
				m.ignore(ctx, err)
			}
			return err
		},
		workflow.UpdateHandlerOptions{Validator: m.check})
	if err != nil {
		return err
	}
	signals := workflow.GetSignalChannel(ctx, name)
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			var in T
			signals.Receive(ctx, &in)
			if err := m.hear(ctx, in); err != nil {
				m.ignore(ctx, err)
			}
		}
	})
	return nil
}

func (r *release) mayAbort(in Request) error {
	switch {
	case in.By == "":
		return refusal(slipway.CodeInvalid, "an abort says who aborts")
	case r.state.Outcome != nil || r.state.Phase == slipway.Undoing && !r.goingBack:
		return refusal(slipway.CodeConflict, "%s is over: it cannot be aborted", r.state.ID)
	case r.in.Order.Kind == slipway.KindRemove:
		return refusal(slipway.CodeConflict, "%s takes %s away, which is not aborted half way: release it again afterwards", r.state.ID, r.in.ID.ServiceID)
	case r.goingBack, r.state.Stuck != nil && !r.holds(): // who aborts it wants it undone in spite of that
	case r.state.SwitchedAt != nil && !r.watching: // of a group that is watched, an abort is the way back
		return refusal(slipway.CodeConflict, "%s serves already: roll %s back instead", r.state.ID, r.in.ID.ServiceID)
	}
	return nil
}

func (r *release) takeAbort(_ workflow.Context, in Request) {
	r.aborted = &in
	r.cancel()
}

// mayAccept is also for what is stuck: there it goes on.
func (r *release) mayAccept(in Request) error {
	switch {
	case in.By == "":
		return refusal(slipway.CodeInvalid, "the request does not say who makes it")
	case r.state.Phase != slipway.Holding && r.state.Stuck == nil:
		return refusal(slipway.CodeConflict, "%s holds nothing: it is %s", r.state.ID, r.state.Phase)
	}
	for _, g := range r.gatesBefore(slipway.BeforeAccept) { // what is not signed comes from a newer release that is live, and needs nobody's approval here
		if r.state.Stuck == nil && in.Signature != "" {
			return refusal(slipway.CodeConflict, "gate %s of %s stands before accept and is %s: approve or reject it, or go back", g.Name, r.state.ID, g.State)
		}
	}
	return nil
}

func (r *release) mayGoBack(in Request) error {
	switch {
	case in.By == "":
		return refusal(slipway.CodeInvalid, "the request does not say who makes it")
	case !r.holds():
		return refusal(slipway.CodeConflict, "%s holds nothing: it is %s", r.state.ID, r.state.Phase)
	}
	return nil
}

// ignore notes, where people see it, that something was said to the release
// that does not count.
func (r *release) ignore(ctx workflow.Context, why error) {
	workflow.GetLogger(ctx).Warn("Message ignored", "reason", message(why))
	r.state.Ignored = message(why)
	r.details(ctx)
}
