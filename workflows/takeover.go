package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// takeOver makes green what serves. Side by side behind a route that is a
// switch of the edges. Otherwise blue is stopped: when green is proven already,
// or before green starts, where two must not run at once.
func (r *release) takeOver(ctx workflow.Context) error {
	if !r.service.StopsBlue() {
		return r.switchTraffic(ctx)
	}
	r.phase(ctx, slipway.Switching)
	if r.stopping.IsZero() {
		r.stopping = workflow.Now(ctx)
		r.undo.pushBarrier("bring blue back", r.bringBack)
	}
	if err := r.stopBlue(ctx); err != nil {
		return err
	}
	stopFirst := r.service.Strategy.BlueGreen.StopFirst
	if stopFirst {
		if err := r.preDeploy(ctx); err != nil {
			return err
		}
		if err := r.onHosts(ctx, r.newcomer().start); err != nil {
			return err
		}
	}
	if r.service.Route != nil {
		if err := r.switchTraffic(ctx); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err() // aborted as the last host answered: an abort that was taken is carried out
	}
	now := workflow.Now(ctx)
	if stopFirst && r.blue != nil {
		r.state.Gap = slipway.Duration(now.Sub(r.stopping).Round(time.Millisecond))
	}
	if r.service.Route == nil {
		r.switched(ctx, 0)
		workflow.GetMetricsHandler(ctx).Timer("slipway_switch_latency").Record(now.Sub(r.stopping))
	}
	return nil
}

// findWorkers takes what the lane knows for blue: no edge can say. That it is
// what runs, and nothing else, is made sure of where it is stopped.
func (r *release) findWorkers() error {
	if err := r.sameKind(); err != nil {
		return err
	}
	r.blue, r.state.Blue = nil, ""
	if len(r.in.Known) > 0 {
		r.blue, r.state.Blue = &r.in.Known[0], r.in.Known[0].Release
	}
	return nil
}

// sameKind refuses to take over from a version with a route by one without, or
// the other way round: neither knows how to stop what the other one does.
func (r *release) sameKind() error {
	if r.service.StopsBlue() && len(r.in.Known) > 0 && r.in.Known[0].Adopted != nil {
		return refusal(slipway.CodeConflict, "%s was adopted, and Slipway does not stop what it has not started: release once with order: start_first", r.in.Known[0].Release)
	}
	if len(r.in.Known) == 0 || (r.in.Known[0].Service.Route == nil) == (r.service.Route == nil) {
		return nil
	}
	has, wants := "no route", "one"
	if r.service.Route == nil {
		has, wants = "a route", "none"
	}
	return refusal(slipway.CodeConflict, "%s, which is live, has %s, and this has %s: release it under another name, and remove the old one", r.in.Known[0].Release, has, wants)
}

// stopBlue stops blue on all its hosts. An abort waits for that: what is half
// stopped could not be started again.
func (r *release) stopBlue(ctx workflow.Context) error {
	if r.blue == nil {
		return nil
	}
	r.stops = revivalOf(r.service, r.blue)
	r.stops.Green, r.stops.Warrant = r.state.ID, r.warrant()
	away := r.absent().hosts // blue runs on there, until they answer
	r.stops.Containers = slices.DeleteFunc(r.stops.Containers, func(c Stopped) bool { return slices.Contains(away, c.Host.Name) })
	r.tellOvertaken(ctx, false)
	whole, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	var first error
	_ = each(whole, len(r.stops.Containers), func(ctx workflow.Context, i int) error { // all of them, even if one fails
		c := &r.stops.Containers[i]
		grace := r.blue.Service.Container.StopGracePeriod
		err := do(ctx, on(c.Host, removing(slipway.DoesStop(c.Name, c.Host.Name), grace)), host.StopContainer, activities.StopInput{
			Host: c.Host.Name, Service: r.in.ID.ServiceID, Container: c.Name, Green: r.stops.Green, Grace: grace, Warrant: r.stops.Warrant,
		})
		if c.Doubtful = err != nil; c.Doubtful && first == nil {
			first = err
		}
		return nil
	})
	if first == nil {
		first = ctx.Err()
	}
	return first
}
