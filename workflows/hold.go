package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// hold keeps blue running after the switch, so that going back is a switch and
// nothing else. It returns nil when the time is up or a person accepts, and an
// error when green fails, or a person goes back: through Slipway, or on an edge
// itself.
func (r *release) hold(ctx workflow.Context) error {
	hold := r.service.Strategy.BlueGreen.Hold.Std()
	if !r.outlook().Holds() {
		r.report(ctx, r.version(ctx)) // before blue goes: an older release may still hold its own and watch this one's blue
		return nil
	}
	until := workflow.Now(ctx).Add(hold)
	r.state.HoldUntil, r.state.RollbackReady = &until, true
	r.phase(ctx, slipway.Holding)
	r.report(ctx, r.version(ctx))

	watchCtx, stop := workflow.WithCancel(ctx)
	w := &watch{release: r, away: map[string]string{}, atMost: hold}
	w.start(watchCtx)
	summary := slipway.DoesHold(r.state.Blue, slipway.Duration(hold))
	over := func() bool { return r.accepted != nil || r.wentBack != nil || w.alarm != "" }
	_, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{Timeout: hold, TimerOptions: workflow.TimerOptions{Summary: summary}}, over)
	if err == nil {
		err = r.untilResumed(ctx, over)
	}
	r.rejoined = nil
	stop() // not awaited: the way back does not wait for a probe to end
	r.state.HoldUntil, r.state.RollbackReady = nil, false
	switch {
	case err != nil:
		return err
	case r.wentBack != nil:
		return &halt{slipway.RolledBack, r.wentBack.By + " went back: " + r.wentBack.Reason}
	case w.alarm != "":
		return &halt{slipway.RolledBack, w.alarm}
	}
	return nil
}

// watch looks after green, blue and the edges while blue is held, or a group of
// hosts is to show that green is well.
type watch struct {
	*release
	atMost time.Duration
	alarm  string            // why to go back
	away   map[string]string // hosts where blue does not answer → why
}

func (w *watch) start(ctx workflow.Context) {
	for _, h := range w.outlook().WatchedHosts() {
		w.lookAfter(ctx, h)
	}
	w.rejoined = func(name string) { // green is there now, too
		for _, h := range w.plan.Hosts {
			if h.Name == name {
				workflow.Go(ctx, func(ctx workflow.Context) { w.watchHost(ctx, h, target(h, w.state.Hosts, w.service), nil) })
			}
		}
	}
	for _, i := range w.edges() {
		workflow.Go(ctx, func(ctx workflow.Context) { w.watchEdge(ctx, i) })
	}
}

// lookAfter watches green and blue on a host, as far as they are there.
func (w *watch) lookAfter(ctx workflow.Context, h slipway.PlanHost) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		var blue *activities.WatchedTarget
		if w.blue != nil {
			blue = target(h, w.blue.Hosts, w.blue.Service)
		}
		if blue != nil && w.blue.Adopted != nil {
			blue.Address = w.blue.Adopted.Upstream
		}
		w.watchHost(ctx, h, target(h, w.state.Hosts, w.service), blue)
	})
}

func (w *watch) watchHost(ctx workflow.Context, h slipway.PlanHost, green, blue *activities.WatchedTarget) {
	if blue != nil {
		blue.Stopped = w.outlook().Stops()
	}
	in := activities.WatchInput{Host: h.Name, Green: green, Blue: blue, Ready: true}
	for ctx.Err() == nil && w.alarm == "" {
		seen, err := call(ctx, on(h, watching(slipway.DoesWatch(h.Name), w.atMost)), host.WatchHost, in)
		if err != nil && ctx.Err() == nil && h.Agent { // nothing else ends a watch
			w.away[h.Name] = message(err)
			w.state.RollbackReady = false
			w.details(ctx)
			_ = workflow.Sleep(ctx, agentTimeout) // the next attempt waits as long again
			continue
		}
		if err != nil {
			return // cancelled
		}
		if seen.GreenFailed != "" && w.overtaken == "" {
			w.alarm, w.fallen = seen.GreenFailed, append(w.fallen, h.Name)
			return
		}
		if err := w.whileOvertaken(ctx); err != nil {
			return
		}
		in.Ready = seen.Ready
		delete(w.away, h.Name)
		if !seen.Ready {
			w.away[h.Name] = seen.Reason
		}
		for i := range w.state.Hosts {
			if at := &w.state.Hosts[i]; at.Name == h.Name && at.Phase != slipway.HostQuarantined {
				at.Error = w.away[h.Name]
			}
		}
		w.state.RollbackReady = w.state.HoldUntil != nil && len(w.away) <= w.blue.Service.Strategy.BlueGreen.SpareHosts(len(w.blue.Plan.Hosts))
		w.details(ctx)
	}
}

func (w *watch) watchEdge(ctx workflow.Context, i int) {
	edge := w.plan.Edges[i]
	for ctx.Err() == nil && w.alarm == "" {
		route, err := call(ctx, watching(slipway.DoesWatch(edge.Name), w.atMost), central.WatchEdge, activities.WatchEdgeInput{
			Edge: edge.Name, Service: w.in.ID.ServiceID, Generation: w.state.Edges[i].Generation,
		})
		if err != nil {
			return // cancelled; nothing else ends a watch
		}
		w.acknowledged(i, route, nil)
		if !slices.Contains(w.told(), i) {
			w.alarm = fmt.Sprintf("edge %s was pointed at %s by %s, before it was switched: %s", edge.Name, orNothing(route.Active), route.By, route.Reason)
			return
		}
		// A later release writes generations too, when it takes over and when it
		// goes back to this one. Neither is a reason to go back to blue.
		if route.Active != w.state.ID && !slipway.IsRelease(route.By) {
			w.alarm = fmt.Sprintf("%s went back to %s on edge %s: %s", route.By, orNothing(route.Active), edge.Name, route.Reason)
		}
	}
}

func target(host slipway.PlanHost, at []slipway.ReleaseHost, service slipway.Service) *activities.WatchedTarget {
	for _, h := range at {
		if h.Name == host.Name && h.Phase != slipway.HostQuarantined {
			return &activities.WatchedTarget{
				Container: h.Container,
				Address:   probedAt(host, h, service),
				Check:     service.Healthcheck,
				StartedAt: h.StartedAt,
				Secrets:   service.Container.Secrets(),
			}
		}
	}
	return nil
}
