package workflows

import (
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// mayRemove refuses to take away what is on the move: which version is to go
// would be anybody's guess.
func (l *lane) mayRemove(ctx workflow.Context, in RemoveInput) error {
	switch {
	case in.By == "" || in.Reason == "":
		return refusal(slipway.CodeInvalid, "a removal says who removes, and why")
	case l.answered(ctx, in.Key) != nil:
		return nil
	case l.removing() != "":
		return l.beingRemoved("slipway watch " + l.removing() + " follows it")
	case l.Lock != nil:
		return refusal(slipway.CodeConflict, "%s is %s; it stays until it is unlocked: slipway unlock %s", l.service, l.Lock, l.service)
	case l.Running != 0 || l.goingBack:
		running := l.id(max(l.Running, l.Held))
		return refusal(slipway.CodeConflict, "%s is on its way: wait for its end (slipway watch %s), or abort it (slipway abort %s), and then remove %s",
			running, running, running, l.service)
	case len(l.Queue) > 0:
		return refusal(slipway.CodeConflict, "%s waits in the queue: abort it (slipway abort %s), and then remove %s", l.Queue[0].ID, l.Queue[0].ID, l.service)
	case l.Live == nil && l.Removal != nil:
		return refusal(slipway.CodeNotFound, "%s is gone already: %s", l.service, l.Removal)
	case l.Live == nil:
		return refusal(slipway.CodeNotFound, "nothing of %s is live: there is nothing to remove", l.service)
	}
	return nil
}

// remove puts the removal into the queue, where it has a number as a release
// has. What is held is accepted first, which retires what served before.
func (l *lane) remove(ctx workflow.Context, in RemoveInput) (SubmitResult, error) {
	if before := l.answered(ctx, in.Key); before != nil {
		return SubmitResult{Release: before.Release}, nil
	}
	queued := l.enqueue(ctx, slipway.Order{
		Service: l.Live.Service, Tag: l.Live.Tag, Kind: slipway.KindRemove,
		Reason: in.Reason, RequestedBy: in.By, Plan: l.Live.Plan, Signature: in.Signature,
	}, in.Key)
	l.Queue = append(l.Queue, queued)
	if l.Held != 0 {
		l.tell(ctx, l.Held, Accept, Request{By: in.By, Reason: "the service is being removed: " + in.Reason, Signature: in.Signature})
	}
	l.details(ctx)
	return SubmitResult{Release: queued.ID}, nil
}

// removing is the removal that waits or is on its way; empty: none does.
func (l *lane) removing() string {
	for _, q := range append(slices.Clone(l.Queue), l.opened(l.Running)) {
		if q.Order.Kind == slipway.KindRemove {
			return q.ID.String()
		}
	}
	return ""
}

func (l *lane) beingRemoved(then string) error {
	return refusal(slipway.CodeConflict, "%s is being removed by %s: %s", l.service, l.removing(), then)
}

// removed notes that nothing is live any more. What was is the first thing to
// go back to, if the removal was a mistake.
func (l *lane) removed(ctx workflow.Context, number int) {
	order := l.opened(number).Order
	if l.Live != nil {
		l.Good = slices.Insert(l.Good, 0, *l.Live)
		l.Good = l.Good[:min(len(l.Good), GoodLimit)]
	}
	l.Live, l.Joins = nil, nil
	l.Removal = &slipway.Removal{Release: l.id(number).String(), By: order.RequestedBy, Reason: order.Reason, At: workflow.Now(ctx)}
}

// finishRemoval has a Cleanup do what is left of a removal whose workflow was
// ended from outside: all of it, because every step may be repeated.
func (l *lane) finishRemoval(ctx workflow.Context, number int) {
	if l.Live == nil {
		return
	}
	remains := remainsOf(l.service, l.Live)
	remains.Removal, remains.Signed = l.id(number).String(), l.opened(number).Order.Signature
	startCleanup(ctx, CleanupID(l.id(number)), CleanupInput{ID: l.id(number), Remains: remains, Reason: "its workflow was ended from outside"})
}

// remove takes the service away: no edge sends it anything any more, requests
// that are under way finish, edges forget it, its containers go. What does not
// answer is left to a Cleanup. Nobody can stop it half way: what is half removed
// is nothing to stay with.
func (r *release) remove(ctx workflow.Context) error {
	ctx, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	if r.blue == nil {
		return &halt{outcome: slipway.Refused, reason: "nothing is live any more"}
	}
	r.plan, r.service = r.blue.Plan, r.blue.Service
	r.state.Tag, r.state.Digest, r.state.Settings = r.blue.Tag, r.blue.Digest, r.blue.Settings
	r.state.Hosts, r.state.Gates = slices.Clone(r.blue.Hosts), []slipway.GateState{}
	r.phase(ctx, slipway.Removing)
	remains := remainsOf(r.in.ID.ServiceID, r.blue)
	remains.Removal, remains.Signed = r.state.ID, r.in.Order.Signature
	r.dismantle(ctx, remains)
	reason := slipway.Removal{By: r.in.Order.RequestedBy, Reason: r.in.Order.Reason}.String()
	if a := r.blue.Adopted; a != nil && !a.Retire {
		reason += fmt.Sprintf("; container %s on host %s, which was adopted, is left running", a.Container, a.Host)
	}
	for i, h := range r.plan.Hosts {
		stays := func(c Container) bool { return c.Host.Name == h.Name }
		if len(remains.Containers) > 0 && !slices.ContainsFunc(r.remains.Containers, stays) {
			r.state.Hosts[i].Phase = slipway.HostRemoved
		}
	}
	if left := r.remains.names(); len(left) > 0 {
		reason += "; what does not answer is still to go: " + strings.Join(left, ", ")
	}
	return &halt{outcome: slipway.Removed, reason: reason}
}

// names are the things that are left, for people.
func (r Remains) names() []string {
	var names []string
	for _, e := range r.Edges {
		names = append(names, "the route on edge "+e)
	}
	for _, c := range r.Containers {
		names = append(names, fmt.Sprintf("container %s on host %s", c.Name, c.Host.Name))
	}
	return names
}

// withdraw takes a service off an edge: it is pointed at nothing first, so that
// requests under way can finish while no new ones come, and then forgotten, at
// the generation at which it served nothing. An edge that serves a release which
// came after the removal is left alone: then the service is back.
func withdraw(ctx workflow.Context, target activities.TargetInput, what Remains, adjust func(workflow.ActivityOptions) workflow.ActivityOptions) error {
	route, err := call(ctx, adjust(asking(slipway.DoesAsk(target.Edge))), central.ReadRoute, activities.EdgeInput{Edge: target.Edge, Service: target.Service})
	if err != nil || later(route.Active, what.Removal) {
		return err
	}
	if route.Active != "" {
		route, err = call(ctx, adjust(restoring(slipway.DoesWithdraw(target.Service, target.Edge))), central.RestoreTarget, activities.RestoreInput{
			Edge:    target.Edge,
			Request: slipway.RestoreRequest{ServiceID: target.Service, Generation: route.Generation, By: what.Removal, Reason: "removed"},
			Removal: what.Signed,
		})
		if err == nil && route.Active != "" {
			err = refusal(slipway.CodeConflict, "edge %s was pointed at %s by %s (%s) in the middle of the removal", target.Edge, route.Active, route.By, route.Reason)
		}
		if err != nil {
			return err
		}
	}
	// Without an answer nothing more is waited for: what is still open is cut
	// when the edge forgets the service.
	_, _ = call(ctx, draining(slipway.DoesDrain(target.Release, target.Edge), target.Timeout), central.DrainTarget, target)
	return do(ctx, adjust(removing(slipway.DoesRemoveRoute(target.Service, target.Edge), 0)), central.RemoveRoute,
		activities.RemoveRouteInput{Edge: target.Edge, Service: target.Service, Generation: route.Generation})
}

// later reports whether a release came after another one.
func later(release, than string) bool {
	a, err := slipway.ParseReleaseID(release)
	if err != nil {
		return false
	}
	b, err := slipway.ParseReleaseID(than)
	return err == nil && a.Number > b.Number
}
