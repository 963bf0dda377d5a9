package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"slipway"
)

// mayJoin refuses what could never come to anything.
func (l *lane) mayJoin(in JoinInput) error {
	switch {
	case in.By == "" || in.Reason == "" || in.Host == "":
		return refusal(slipway.CodeInvalid, "who has a host join says which, who it is, and why")
	case l.Live == nil:
		return refusal(slipway.CodeNotFound, "nothing of %s is live: there is nothing to join", l.service)
	case l.Live.Adopted != nil:
		return refusal(slipway.CodeConflict, "%s runs in a container that was adopted, which cannot be started elsewhere: release it first", l.service)
	}
	return nil
}

// join takes note that a host is to join what is live. The last word on a host
// counts.
func (l *lane) join(ctx workflow.Context, in JoinInput) error {
	workflow.GetLogger(ctx).Info("Host joins", "host", in.Host, "by", in.By, "reason", in.Reason)
	l.heed(ctx, in.Cordons)
	in.At = workflow.Now(ctx)
	l.Joins = append(slices.DeleteFunc(l.Joins, func(j slipway.Joining) bool { return j.Host == in.Host }), in.Joining)
	l.details(ctx)
	return nil
}

// joins reports whether hosts are to join now. What is held knows nothing of
// them, and would not take them along on its way back.
func (l *lane) joins() bool { return len(l.Joins) > 0 && l.Held == 0 }

// letIn makes hosts that are to join part of what is live. They are behind then,
// and bringing the version there is what a Catchup does. A release that has come
// in between knows the fleet as it was when that was ordered: what was wished
// for another one is void.
func (l *lane) letIn(ctx workflow.Context) {
	for _, j := range l.Joins {
		if _, cordoned := l.Cordons.Of(j.Host); cordoned || j.Release != l.Live.Release || l.Live.Adopted != nil {
			continue
		}
		joined, news := l.Live.Join(j.Plan, j.Host, j.String(), workflow.Now(ctx))
		if news.None() {
			continue
		}
		if j.Signature != "" && joined.Warrant != nil {
			warrant := *joined.Warrant
			warrant.Joins = append(slices.Clone(warrant.Joins), j.Signature)
			joined.Warrant = &warrant
		}
		l.Live = &joined
	}
	l.Joins = nil
	l.details(ctx)
}

// countsOnRemoved ends a release whose turn has come, and that was ordered before
// one of its hosts was taken out for good.
func (l *lane) countsOnRemoved(ctx workflow.Context, next Queued) bool {
	if next.Order.Kind == slipway.KindRemove {
		return false
	}
	for _, host := range l.Cordons.Removed() {
		if v := (&slipway.Version{Plan: next.Order.Plan}); v.Knows(host) {
			cordon, _ := l.Cordons.Of(host)
			l.discard(ctx, next, End{slipway.Refused, "host " + host + " was " + cordon.String() + ", after this was asked for: ask again"})
			return true
		}
	}
	return false
}
