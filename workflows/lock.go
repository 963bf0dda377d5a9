package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"slipway"
)

// handleLock lets people keep new releases away. What waits in the queue goes
// on waiting, what is on its way goes on, and ways back are never kept away.
func (l *lane) handleLock(ctx workflow.Context) error {
	err := workflow.SetUpdateHandlerWithOptions(ctx, Lock, func(ctx workflow.Context, in Request) error {
		if l.Lock == nil {
			l.Lock = &slipway.Lock{By: in.By, Reason: in.Reason, At: workflow.Now(ctx)}
			l.details(ctx)
		}
		return nil
	}, workflow.UpdateHandlerOptions{Validator: l.mayLock})
	if err != nil {
		return fmt.Errorf("set up update: %w", err)
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, Unlock, func(ctx workflow.Context, in Request) error {
		workflow.GetLogger(ctx).Info("Lane unlocked", "by", in.By, "reason", in.Reason)
		l.Lock = nil
		l.details(ctx)
		return nil
	}, workflow.UpdateHandlerOptions{Validator: l.mayUnlock})
	if err != nil {
		return fmt.Errorf("set up update: %w", err)
	}
	return nil
}

// mayLock takes the same lock twice, because an answer may have been lost, but
// not another one over it: both reasons count.
func (l *lane) mayLock(in Request) error {
	switch {
	case in.By == "" || in.Reason == "":
		return refusal(slipway.CodeInvalid, "a lock says who locks, and why")
	case l.Lock != nil && (l.Lock.By != in.By || l.Lock.Reason != in.Reason):
		return refusal(slipway.CodeConflict, "%s is already %s", l.service, l.Lock)
	}
	return nil
}

func (l *lane) mayUnlock(in Request) error {
	switch {
	case in.By == "" || in.Reason == "":
		return refusal(slipway.CodeInvalid, "who unlocks says who it is, and why")
	case l.Lock == nil:
		return refusal(slipway.CodeConflict, "%s is not locked", l.service)
	}
	return nil
}
