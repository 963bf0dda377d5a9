package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// switchTraffic points all edges that take part at green, or those of the group
// under way: first every edge learns of it, then every edge commits. An
// acknowledgement that is missing when the time is up sends all of them back.
func (r *release) switchTraffic(ctx workflow.Context) error {
	r.phase(ctx, slipway.Switching)
	begun := workflow.Now(ctx)
	if r.begun == 0 {
		r.undo.pushBarrier("bring traffic back", r.restoreTraffic)
	}
	unstaged, err := r.unstaged(ctx)
	if err != nil {
		return err
	}
	r.begun = r.group + 1
	deadline := r.service.Strategy.BlueGreen.SwitchTimeout
	err = eachEdge(ctx, unstaged, func(ctx workflow.Context, i int) error {
		edge := r.plan.Edges[i]
		upstreams, hosts := r.plan.Upstreams(edge, r.state.Hosts, r.service.Container.Port), r.plan.Reached(edge, r.state.Hosts)
		if r.adopted != nil {
			upstreams, hosts = []string{r.reach[i]}, r.state.Hosts
		}
		_, err := call(ctx, switching(slipway.DoesStage(edge.Name), deadline), central.StageTarget, activities.StageInput{
			Edge: edge.Name,
			Request: slipway.StageRequest{
				ServiceID:  r.in.ID.ServiceID,
				Route:      *r.service.Route,
				Release:    brings(r.in.ID, r.in.Order),
				Upstreams:  upstreams,
				Away:       len(upstreams) == 0,
				Generation: r.routes[i].Generation,
			},
			Warrant: reaching(r.warrant(), hosts),
		})
		return r.untaken(ctx, i, err)
	})
	if err != nil {
		return err
	}
	if r.pointed == nil {
		r.pointed = map[int]bool{}
	}
	for _, i := range r.edgesHere() {
		r.pointed[i] = true
	}
	var first, last time.Time
	err = eachEdge(ctx, r.edgesHere(), func(ctx workflow.Context, i int) error {
		done, err := call(ctx, switching(slipway.DoesCommit(r.plan.Edges[i].Name), deadline), central.CommitTarget, activities.CommitInput{
			Edge: r.plan.Edges[i].Name,
			Request: slipway.CommitRequest{
				ServiceID:  r.in.ID.ServiceID,
				Release:    brings(r.in.ID, r.in.Order),
				Generation: r.routes[i].Generation,
				By:         r.state.ID,
			},
			Warrant: r.warrant(),
		})
		r.acknowledged(i, done.RouteState, err)
		if at := done.Acknowledged; err == nil {
			if first.IsZero() || at.Before(first) {
				first = at
			}
			if at.After(last) {
				last = at
			}
		}
		return r.untaken(ctx, i, err)
	})
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err() // aborted as the last edge acknowledged: an abort that was taken is carried out
	}
	r.switched(ctx, slipway.Duration(last.Sub(first)))
	workflow.GetMetricsHandler(ctx).Timer("slipway_switch_skew").Record(last.Sub(first))
	workflow.GetMetricsHandler(ctx).Timer("slipway_switch_latency").Record(workflow.Now(ctx).Sub(begun))
	return nil
}

// unstaged are the positions of the edges that are to learn of green: all of the
// group under way, but for those that point at it already where its switch is
// tried again.
func (r *release) unstaged(ctx workflow.Context) ([]int, error) {
	edges := r.edgesHere()
	if r.begun <= r.group {
		return edges, nil
	}
	err := eachEdge(ctx, edges, func(ctx workflow.Context, i int) error {
		route, err := call(ctx, asking(slipway.DoesAsk(r.plan.Edges[i].Name)), central.ReadRoute,
			activities.EdgeInput{Edge: r.plan.Edges[i].Name, Service: r.in.ID.ServiceID})
		r.acknowledged(i, route, err)
		return err
	})
	return slices.DeleteFunc(edges, func(i int) bool { return r.state.Edges[i].Active == r.state.ID }), err
}

// untaken words why an edge has not taken part in the switch. What an edge says
// itself is passed on. Without an answer there is only one thing to know: how
// the last attempt was broken off, by the network or by its deadline, is chance,
// and is in the log.
func (r *release) untaken(ctx workflow.Context, i int, err error) error {
	name := r.plan.Edges[i].Name
	if err == nil || ctx.Err() != nil || !unanswered(err) || strings.HasPrefix(message(err), "edge "+name+": ") {
		return err
	}
	workflow.GetLogger(ctx).Warn("Edge did not take the switch", "edge", name, "error", message(err))
	return refusal(slipway.CodeUnavailable, "edge %s does not answer: it has not acknowledged %s within the switch_timeout of %s",
		name, brings(r.in.ID, r.in.Order), r.service.Strategy.BlueGreen.SwitchTimeout)
}

// restoreTraffic points all edges that were told of green back at blue, whether
// or not they had committed. Where a person has decided otherwise on an edge, that stands,
// unless it is green, which is about to go. It fails when an edge that may serve
// green has not said by the deadline that it does not; then nothing that it may
// route to is removed. Where a newer release has taken all edges over meanwhile, there is
// nothing to bring back, and a halt says so.
func (r *release) restoreTraffic(ctx workflow.Context) error {
	begun := workflow.Now(ctx)
	patient, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	for {
		if err := r.restoreAll(patient, r.told()); err != nil {
			r.back = r.serving() // where edges say what they serve
			if len(r.restores) > 0 {
				r.revive = r.stops // blue starts when these have been brought back, and green is gone
			}
			return err
		}
		taken := r.takenOver()
		if taken == 0 {
			break
		}
		if taken == len(r.told()) {
			return &halt{outcome: slipway.Live, reason: "a newer release has taken its place"}
		}
		// A newer release is on its way over. It cannot get there, because some
		// edges have been restored under it, and will go back.
		if workflow.Now(patient).Sub(begun) > restoreDeadline {
			return refusal(slipway.CodeUnavailable, "a newer release has taken over some edges and not gone back: look at it now")
		}
		if err := workflow.Sleep(patient, time.Second); err != nil {
			return err
		}
	}
	took := workflow.Now(ctx).Sub(begun)
	workflow.GetMetricsHandler(ctx).Timer("slipway_restore_latency").Record(took)
	if r.served() && !r.service.StopsBlue() {
		r.state.Reason += fmt.Sprintf(" (%s served again after %s)", orNothing(r.state.Blue), took.Round(time.Millisecond))
	}
	r.report(ctx, r.serving())
	return nil
}

func (r *release) restoreAll(ctx workflow.Context, edges []int) error {
	r.restores, r.mute = nil, nil // of a pass before
	problems := make([]error, len(r.plan.Edges))
	wg := workflow.NewWaitGroup(ctx)
	for _, i := range edges {
		wg.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) { // all of them, even if one fails
			defer wg.Done()
			problems[i] = r.restoreOn(ctx, i, r.restore(i))
		})
	}
	wg.Wait(ctx)
	for _, err := range problems {
		if err != nil {
			return err
		}
	}
	return nil
}

// takenOver counts the edges that serve a newer release.
func (r *release) takenOver() int {
	n := 0
	for _, i := range r.told() {
		if id, err := slipway.ParseReleaseID(r.state.Edges[i].Active); err == nil && id.Number > r.in.ID.Number {
			n++
		}
	}
	return n
}

// serving is the version that all edges said they serve, but for those that
// blue had left out, and those that are yet to be brought back and say nothing;
// nil when they differ, or serve nothing that is known. It
// may be older than blue: while this release was on its way, blue may have gone
// back.
func (r *release) serving() *slipway.Version {
	var active *string
	for _, i := range r.edges() {
		switch e := &r.state.Edges[i]; {
		case r.wasLeftOut(e.Name), slices.ContainsFunc(r.restores, func(on RestoreOn) bool { return on.Edge == e.Name }):
		case active == nil:
			active = &e.Active
		case e.Active != *active:
			return nil
		}
	}
	for i := range r.in.Known {
		if active != nil && r.in.Known[i].Release == *active {
			return &r.in.Known[i]
		}
	}
	return nil
}

func (r *release) restore(i int) RestoreOn {
	return RestoreOn{Edge: r.plan.Edges[i].Name, Request: slipway.RestoreRequest{
		ServiceID:  r.in.ID.ServiceID,
		Release:    r.routes[i].Active, // blue, or what the edge was left with when it missed blue
		Generation: r.routes[i].Generation,
		By:         r.state.ID,
		Reason:     "undone",
	}}
}

func (r *release) restoreOn(ctx workflow.Context, i int, restore RestoreOn) error {
	options := restoring("point " + restore.Edge + " back at " + orNothing(restore.Request.Release))
	sure := !r.pointed[i] && !r.service.StopsBlue() // that it does not serve green
	if sure {
		options.ScheduleToCloseTimeout = silence.Std()
	}
	route, err := call(ctx, options, central.RestoreTarget, activities.RestoreInput{Edge: restore.Edge, Request: restore.Request})
	green := brings(r.in.ID, r.in.Order)
	if err == nil && route.Active == green && route.By != r.state.ID && slipway.IsRelease(route.By) {
		// A later release came and went while this one held its blue: the edge
		// serves green again, at a generation that this release did not write.
		restore.Request.Generation = route.Generation
		route, err = call(ctx, options, central.RestoreTarget, activities.RestoreInput{Edge: restore.Edge, Request: restore.Request})
	}
	r.acknowledged(i, route, err)
	if err != nil {
		r.restores = append(r.restores, restore)
	}
	switch {
	case err != nil && sure:
		r.mute = append(r.mute, restore.Edge)
		return nil
	case err != nil:
		return refusal(slipway.CodeUnavailable, "edge %s has not said that %s serves again (%s); it may still serve %s: look at it now, slipway-edge restore %s on its machine goes back",
			restore.Edge, orNothing(r.state.Blue), message(err), r.state.ID, r.in.ID.ServiceID)
	case route.Active == green:
		return refusal(slipway.CodeConflict, "edge %s was pointed at %s by %s (%s): that stands, so it is not removed",
			restore.Edge, route.Active, route.By, route.Reason)
	}
	return nil
}
