package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"slipway"
)

func (l *lane) mayRollback(ctx workflow.Context, in RollbackInput) error {
	switch {
	case in.By == "" || in.Reason == "":
		return refusal(slipway.CodeInvalid, "a rollback says who goes back, and why")
	case in.Order != nil && in.Order.Service.ServiceID != l.service:
		return refusal(slipway.CodeInvalid, "the order is for %s, but this is the lane of %s", in.Order.Service.ServiceID, l.service)
	case l.answered(ctx, in.Key) != nil:
		return nil
	case l.removing() != "":
		return l.beingRemoved("go back when that has ended: it releases again what was removed")
	case l.partly(in), l.wentBack(in), l.held(in.To):
		return nil
	case in.Order == nil && in.To != 0:
		return refusal(slipway.CodeNotFound, "release %d of %s is not one to go back to: it never served, or it is too long ago", in.To, l.service)
	case in.Order == nil:
		return refusal(slipway.CodeNotFound, "%s has nothing to go back to: nothing else has served before", l.service)
	case len(l.Queue) >= QueueLimit:
		return l.full()
	}
	return nil
}

// partly reports whether going back is to give up the release on its way,
// because it serves on some edges already, and blue on the others.
func (l *lane) partly(in RollbackInput) bool {
	serves := l.Partly == l.Running || in.Switching == l.Running
	return l.Running != 0 && serves && (in.To == 0 || l.Live != nil && l.Live.Release == l.id(in.To).String())
}

// wentBack reports whether what was seen switching has gone back by itself
// since: what is live or held by now was not meant.
func (l *lane) wentBack(in RollbackInput) bool {
	return in.Switching != 0 && in.To == 0 && in.Switching != l.Running && !l.atLeast(in.Switching)
}

// giveUp has the release on its way go back, which was told to abort; or to go
// back, if by the time it hears of that it holds its blue. Where it was seen
// switching, holds nothing, and was live before it heard, what served before is
// released again.
func (l *lane) giveUp(ctx workflow.Context, in RollbackInput) SubmitResult {
	number := l.Running
	l.answer(ctx, in.Key, l.id(number))
	l.goingBack = true
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer func() { l.goingBack = false }()
		switch err := workflow.Await(ctx, func() bool { return l.Running != number }); {
		case err != nil:
		case l.Held == number:
			l.tell(ctx, number, Rollback, in.Request)
		case in.Switching == number && in.Order != nil && l.Live != nil && l.Live.Release == l.id(number).String():
			l.Queue = slices.Insert(l.Queue, 0, l.enqueue(ctx, *in.Order, ""))
			l.details(ctx)
		}
	})
	return SubmitResult{Release: l.id(number)}
}

// held reports whether going back to a release (0: the one before) is only a
// switch, because its containers still run.
func (l *lane) held(to int) bool {
	return l.Held != 0 && (to == 0 || len(l.Good) > 0 && l.Good[0].Release == l.id(to).String())
}

// rollback goes back to what served before. While that is held, the release
// that holds it switches back; otherwise it is released again, before anything
// else that waits. Either way a release that is on its way is aborted first.
func (l *lane) rollback(ctx workflow.Context, in RollbackInput) (SubmitResult, error) {
	if before := l.answered(ctx, in.Key); before != nil {
		return SubmitResult{Release: before.Release}, nil
	}
	if l.wentBack(in) {
		l.answer(ctx, in.Key, l.id(in.Switching))
		return SubmitResult{Release: l.id(in.Switching)}, nil
	}
	if l.Running != 0 {
		l.tell(ctx, l.Running, Abort, Request{By: in.By, Reason: "a rollback goes first: " + in.Reason, Signature: in.Signature})
	}
	if l.partly(in) {
		return l.giveUp(ctx, in), nil
	}
	if !l.held(in.To) {
		queued := l.enqueue(ctx, *in.Order, in.Key)
		l.Queue = slices.Insert(l.Queue, 0, queued)
		l.details(ctx)
		return SubmitResult{Release: queued.ID}, nil
	}
	held := l.Held
	l.answer(ctx, in.Key, l.id(held))
	if l.Running == 0 {
		l.tell(ctx, held, Rollback, in.Request)
		return SubmitResult{Release: l.id(held)}, nil
	}
	l.goingBack = true
	workflow.Go(ctx, func(ctx workflow.Context) { // the caller need not wait for the undoing
		defer func() { l.goingBack = false }()
		if err := workflow.Await(ctx, func() bool { return l.Running == 0 }); err != nil {
			return
		}
		if holder := l.Held; holder != 0 {
			l.tell(ctx, holder, Rollback, in.Request)
			if err := workflow.Await(ctx, func() bool { return l.Held != holder }); err != nil {
				return
			}
		}
		if in.Order != nil && l.atLeast(held) { // the hold was over, or what was on its way has gone live after all
			l.Queue = slices.Insert(l.Queue, 0, l.enqueue(ctx, *in.Order, ""))
			l.details(ctx)
		}
	})
	return SubmitResult{Release: l.id(held)}, nil
}

// atLeast reports whether what is live is that release, or a later one.
func (l *lane) atLeast(number int) bool {
	if l.Live == nil {
		return false
	}
	id, err := slipway.ParseReleaseID(l.Live.Release)
	return err == nil && id.Number >= number
}
