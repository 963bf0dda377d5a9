package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"slipway"
)

// maySubmit refuses a release that would never start.
func (l *lane) maySubmit(ctx workflow.Context, in SubmitInput) error {
	switch {
	case in.Order.Service.ServiceID != l.service:
		return refusal(slipway.CodeInvalid, "the order is for %s, but this is the lane of %s", in.Order.Service.ServiceID, l.service)
	case in.Order.RequestedBy == "":
		return refusal(slipway.CodeInvalid, "an order says who asks for it")
	case l.answered(ctx, in.Key) != nil:
		return nil
	case l.removing() != "":
		return l.beingRemoved("release it again when that has ended")
	case l.Lock != nil:
		return refusal(slipway.CodeConflict, "%s is %s; only going back is possible until it is unlocked", l.service, l.Lock)
	case len(l.Queue) >= QueueLimit && (l.newer() == nil || !takesPlaces(in.Order.Kind)):
		return l.full()
	case in.Order.Kind == slipway.KindRestart && !l.restarts(in.Order):
		return refusal(slipway.CodeConflict, "what is live of %s has changed meanwhile: look at it, and restart it again", l.service)
	}
	return nil
}

func (l *lane) full() error {
	return refusal(slipway.CodeTooMany, "%d releases of %s wait already: wait for them, or abort some", QueueLimit, l.service)
}

// submit puts a release at the end of the queue, where a new one takes the place
// of one that waits: in the queue itself, or at a gate. The same idempotency key
// gets the same release.
func (l *lane) submit(ctx workflow.Context, in SubmitInput) (SubmitResult, error) {
	if before := l.answered(ctx, in.Key); before != nil {
		return SubmitResult{Release: before.Release}, nil
	}
	l.heed(ctx, in.Cordons)
	l.heedLine(ctx, in.Line)
	if err := l.admit(ctx, in); err != nil {
		return SubmitResult{}, err
	}
	if before := l.answered(ctx, in.Key); before != nil { // while this one waited to be admitted
		return SubmitResult{Release: before.Release}, nil
	}
	queued := l.enqueue(ctx, in.Order, in.Key)
	if takesPlaces(in.Order.Kind) {
		l.supersede(ctx, queued)
	}
	l.Queue = append(l.Queue, queued)
	l.details(ctx)
	return SubmitResult{Release: queued.ID}, nil
}

func (l *lane) enqueue(ctx workflow.Context, order slipway.Order, key string) Queued {
	l.Last++
	queued := Queued{ID: l.id(l.Last), Order: order, Submitted: workflow.Now(ctx)}
	l.answer(ctx, key, queued.ID)
	return queued
}

// answered finds what was answered under a key, unless that is too long ago.
func (l *lane) answered(ctx workflow.Context, key string) *Answer {
	if key == "" {
		return nil
	}
	for i := range l.Answers {
		if l.Answers[i].Key == key && workflow.Now(ctx).Sub(l.Answers[i].At) <= KeyLifetime {
			return &l.Answers[i]
		}
	}
	return nil
}

// answer remembers what was answered under a key, and forgets what is too old
// to be asked again.
func (l *lane) answer(ctx workflow.Context, key string, id slipway.ReleaseID) {
	now := workflow.Now(ctx)
	l.Answers = slices.DeleteFunc(l.Answers, func(a Answer) bool { return now.Sub(a.At) > KeyLifetime })
	if key != "" {
		l.Answers = append(l.Answers, Answer{Key: key, Release: id, At: now})
	}
}
