package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"slipway"
)

// supersede lets a newer release take the place of those that still wait. A
// release that has its turn is told: it gives way at its gates, if it has any
// before it, and nowhere else. A way back gives way to nobody.
func (l *lane) supersede(ctx workflow.Context, newer Queued) {
	for _, waiting := range slices.Clone(l.Queue) {
		if waiting.Order.Kind != slipway.KindRollback {
			l.discard(ctx, waiting, End{slipway.Superseded, fmt.Sprintf("%s (%s) took its place while it waited in the queue", newer.ID, orderOf(newer))})
		}
	}
	if l.Running != 0 && l.begun == l.Running { // one that has not begun is told when it has
		l.tellNewer(ctx, newer)
	}
}

func (l *lane) tellNewer(ctx workflow.Context, newer Queued) {
	if l.opened(l.Running).Order.Kind != slipway.KindRollback {
		l.tell(ctx, l.Running, Newer, Request{By: newer.ID.String(), Reason: orderOf(newer)})
	}
}

func orderOf(q Queued) string { return q.Order.Tag + ", by " + q.Order.RequestedBy }

// takesPlaces reports whether a release of that kind takes the place of those
// that wait. A way back goes first anyhow, and a restart takes nobody's.
func takesPlaces(kind slipway.ReleaseKind) bool {
	return kind != slipway.KindRollback && kind != slipway.KindRestart
}

// newer is the new release that waits for its turn; nil when none does. There is
// one at most, because the next one takes its place.
func (l *lane) newer() *Queued {
	i := slices.IndexFunc(l.Queue, func(q Queued) bool { return takesPlaces(q.Order.Kind) })
	if i < 0 {
		return nil
	}
	return &l.Queue[i]
}

// discard ends a release that waits in the queue. Its workflow is started all
// the same, to end at once, so that the release is found where all others are.
func (l *lane) discard(ctx workflow.Context, q Queued, end End) {
	l.Queue = slices.DeleteFunc(l.Queue, func(have Queued) bool { return have.ID == q.ID })
	l.Open = append(l.Open, q)
	l.launch(ctx, ReleaseInput{ID: q.ID, Order: q.Order, Submitted: q.Submitted, Ended: &end}, func(workflow.Context) {})
	l.details(ctx)
}

func (l *lane) queued(id slipway.ReleaseID) int {
	return slices.IndexFunc(l.Queue, func(q Queued) bool { return q.ID == id })
}

func (l *lane) mayAbort(in AbortInput) error {
	switch {
	case in.By == "":
		return refusal(slipway.CodeInvalid, "an abort says who aborts")
	case l.queued(in.Release) < 0:
		return refusal(slipway.CodeConflict, "%s does not wait in the queue any more: look at it again", in.Release)
	}
	return nil
}

// abort ends a release that waits in the queue.
func (l *lane) abort(ctx workflow.Context, in AbortInput) error {
	if i := l.queued(in.Release); i >= 0 {
		l.discard(ctx, l.Queue[i], End{slipway.Aborted, "aborted by " + in.String()})
	}
	return nil
}

// waiting shows a release that has no workflow yet.
func (l *lane) waiting(id slipway.ReleaseID) (slipway.Release, error) {
	if i := l.queued(id); i >= 0 {
		state := Started(ReleaseInput{ID: id, Order: l.Queue[i].Order, Submitted: l.Queue[i].Submitted})
		state.Reason = fmt.Sprintf("%d before it in the queue", i)
		if stop := l.stopped(); stop != nil {
			state.Waits = &slipway.Wait{For: slipway.WaitsForLine, Reason: stop.String(), Since: stop.At}
		}
		for _, stuck := range l.Stuck {
			if stuck.Release == l.id(l.Running).String() {
				state.Reason += fmt.Sprintf("; %s is %s", stuck.Release, stuck)
			}
		}
		if l.Lock != nil {
			state.Reason += fmt.Sprintf("; %s is %s", l.service, l.Lock)
		}
		if i == 0 && l.turn() && l.Place.Turn == PlaceWaits {
			state.Reason = l.Queue[0].Order.Quotas.Waits(l.service.Project)
		}
		return state, nil
	}
	if q := l.opened(id.Number); q.ID == id && id.Number > 0 { // its workflow is about to start
		return Started(ReleaseInput{ID: id, Order: q.Order, Submitted: q.Submitted}), nil
	}
	if state, ok := l.adopted(id); ok {
		return state, nil
	}
	return slipway.Release{}, refusal(slipway.CodeNotFound, "there is no release %s", id)
}
