package workflows

import (
	"go.temporal.io/sdk/workflow"

	"slipway"
)

// handleRequests lets people act on the release. What comes as an update is
// refused with an error where it makes no sense; what comes as a signal goes
// through the same check and is ignored, with a line in the log. Handlers only
// take note; run decides.
func (r *release) handleRequests(ctx workflow.Context) error {
	requests := []struct {
		name  string
		check func(Request) error
		take  func(workflow.Context, Request)
	}{
		{Abort, r.mayAbort, r.takeAbort},
		{Accept, r.mayEndHold, func(_ workflow.Context, in Request) { r.accepted = &in }},
		{Rollback, r.mayEndHold, func(_ workflow.Context, in Request) { r.wentBack = &in }},
	}
	for _, req := range requests {
		if err := handle(ctx, req.name, req.check, req.take); err != nil {
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
	workflow.Go(ctx, r.hearOvertaking) // from another release
	return handle(ctx, Decide, r.mayDecide, r.takeDecision)
}

// handle makes one kind of message arrive the same way as update and signal.
func handle[T any](ctx workflow.Context, name string, check func(T) error, take func(workflow.Context, T)) error {
	err := workflow.SetUpdateHandlerWithOptions(ctx, name,
		func(ctx workflow.Context, in T) error {
			take(ctx, in)
			return nil
		},
		workflow.UpdateHandlerOptions{Validator: check})
	if err != nil {
		return err
	}
	signals := workflow.GetSignalChannel(ctx, name)
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			var in T
			signals.Receive(ctx, &in)
			if err := check(in); err != nil {
				workflow.GetLogger(ctx).Warn("Signal ignored", "signal", name, "reason", err.Error())
				continue
			}
			take(ctx, in)
		}
	})
	return nil
}

func (r *release) mayAbort(in Request) error {
	switch {
	case in.By == "":
		return refusal(slipway.CodeInvalid, "an abort says who aborts")
	case r.state.Outcome != nil || r.state.Phase == slipway.Undoing:
		return refusal(slipway.CodeConflict, "%s is over: it cannot be aborted", r.state.ID)
	case r.in.Order.Kind == slipway.KindRemove:
		return refusal(slipway.CodeConflict, "%s takes %s away, which is not aborted half way: release it again afterwards", r.state.ID, r.in.ID.ServiceID)
	case r.state.SwitchedAt != nil:
		return refusal(slipway.CodeConflict, "%s serves already: roll %s back instead", r.state.ID, r.in.ID.ServiceID)
	}
	return nil
}

func (r *release) takeAbort(_ workflow.Context, in Request) {
	r.aborted = &in
	r.cancel()
}

func (r *release) mayEndHold(in Request) error {
	switch {
	case in.By == "":
		return refusal(slipway.CodeInvalid, "the request does not say who makes it")
	case r.state.Phase != slipway.Holding:
		return refusal(slipway.CodeConflict, "%s holds nothing: it is %s", r.state.ID, r.state.Phase)
	}
	return nil
}
