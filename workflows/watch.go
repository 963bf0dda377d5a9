package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// aYear is how long something is watched of which nobody knows when it ends.
const aYear = 365 * 24 * time.Hour

// watch looks after green, blue and the edges while blue is held, or a group of
// hosts is to show that green is well.
type watch struct {
	*release
	atMost time.Duration
	alarm  string          // why to go back
	asked  bool            // because somebody did, on an edge
	away   map[spot]string // where blue does not answer → why
	unseen map[int]bool    // edges that nobody can look at

	blueOnly bool // green has failed, and is looked after no more
}

// A spot is where the nth containers of a host are, counted from 0.
type spot struct {
	host string
	n    int
}

// awayOn says why blue does not answer on a host: the first of its containers
// that does not. It is empty where all do.
func (w *watch) awayOn(host string) string {
	for n := range slipway.MaxReplicas {
		if why, away := w.away[spot{host, n}]; away {
			return why
		}
	}
	return ""
}

// ready reports whether going back is possible now. A host on which one of
// blue's containers does not answer counts as a whole.
func (w *watch) ready() bool {
	if w.state.HoldUntil == nil && !w.blueOnly || len(w.unseen) > 0 {
		return false
	}
	away := 0
	for _, h := range w.outlook().WatchedHosts() {
		if w.awayOn(h.Name) != "" {
			away++
		}
	}
	return away <= w.blue.Service.Strategy.BlueGreen.SpareHosts(len(w.blue.Plan.Hosts))
}

func (w *watch) start(ctx workflow.Context) {
	for _, h := range w.outlook().WatchedHosts() {
		w.lookAfter(ctx, h)
	}
	w.rejoined = func(name string) { // green is there now, too
		for _, h := range w.plan.Hosts {
			if h.Name != name {
				continue
			}
			for n, green := range targets(h, w.state.Hosts, w.service) {
				workflow.Go(ctx, func(ctx workflow.Context) { w.watchHost(ctx, h, n, &green, nil) })
			}
		}
	}
	for _, i := range w.edges() {
		workflow.Go(ctx, func(ctx workflow.Context) { w.watchEdge(ctx, i) })
	}
}

// lookAfter watches green and blue on a host, as far as they are there: where
// they have several containers, one of each together, in the order of their
// names.
func (w *watch) lookAfter(ctx workflow.Context, h slipway.PlanHost) {
	for n := range w.outlook().Watched(h.Name) {
		workflow.Go(ctx, func(ctx workflow.Context) {
			var green, blue *activities.WatchedTarget
			if w.blue != nil {
				blue = nthTarget(targets(h, w.blue.Hosts, w.blue.Service), n)
			}
			if blue != nil && w.blue.Adopted != nil {
				blue.Address = w.blue.Adopted.Upstream
			}
			if !w.blueOnly {
				green = nthTarget(targets(h, w.state.Hosts, w.service), n)
			}
			if green != nil || blue != nil {
				w.watchHost(ctx, h, n, green, blue)
			}
		})
	}
}

// watchHost looks after the nth container of green and of blue on a host.
func (w *watch) watchHost(ctx workflow.Context, h slipway.PlanHost, n int, green, blue *activities.WatchedTarget) {
	if blue != nil {
		blue.Stopped = w.outlook().Stops()
	}
	at := spot{h.Name, n}
	in := activities.WatchInput{Host: h.Name, Green: green, Blue: blue, Ready: true}
	var pause backOff
	for ctx.Err() == nil && w.alarm == "" {
		seen, err := call(ctx, on(h, watching(slipway.DoesWatchReplica(h.Name, n), w.atMost)), host.WatchHost, in)
		if err != nil && ctx.Err() == nil { // the host's agent is dead, or the fleet file has dropped the host
			in.Ready = false // so that the first answer is told
			w.missing(ctx, h.Name, at, message(err))
			pause.sleep(ctx)
			continue
		}
		if err != nil {
			return // cancelled
		}
		pause = 0
		if seen.GreenFailed != "" && w.overtaken == "" {
			w.alarm, w.fallen = seen.GreenFailed, append(w.fallen, Container{Host: h, Name: green.Container})
			return
		}
		if err := w.whileOvertaken(ctx); err != nil {
			return
		}
		in.Ready = seen.Ready
		if seen.Ready {
			seen.Reason = ""
		}
		w.missing(ctx, h.Name, at, seen.Reason)
	}
}

// missing notes why blue does not answer at a spot, or, with an empty reason,
// that it does.
func (w *watch) missing(ctx workflow.Context, host string, at spot, reason string) {
	if w.away[at] = reason; reason == "" {
		delete(w.away, at)
	}
	for i := range w.state.Hosts {
		if at := &w.state.Hosts[i]; at.Name == host && at.Phase != slipway.HostQuarantined {
			at.Error = w.awayOn(host)
		}
	}
	w.state.RollbackReady = w.ready()
	w.details(ctx)
}

// backOff is how long a watch that has ended is not taken up again: twice as
// long each time, because each time is written into the history.
type backOff time.Duration

const longestBackOff = backOff(5 * time.Minute)

func (b *backOff) sleep(ctx workflow.Context) {
	*b = min(max(2**b, backOff(agentTimeout)), longestBackOff)
	_ = workflow.Sleep(ctx, time.Duration(*b)) // cancelled: whoever sleeps looks at ctx
}

func (w *watch) watchEdge(ctx workflow.Context, i int) {
	edge := w.plan.Edges[i]
	var pause backOff
	for ctx.Err() == nil && w.alarm == "" {
		route, err := call(ctx, watching(slipway.DoesWatch(edge.Name), w.atMost), central.WatchEdge, activities.WatchEdgeInput{
			Edge: edge.Name, Service: w.in.ID.ServiceID, Generation: w.state.Edges[i].Generation,
		})
		if err != nil && ctx.Err() == nil { // the fleet file has dropped the edge
			w.unsee(ctx, i, err)
			pause.sleep(ctx)
			continue
		}
		if err != nil {
			return // cancelled
		}
		pause = 0
		w.unsee(ctx, i, nil)
		w.acknowledged(i, route, nil)
		if !slices.Contains(w.told(), i) {
			w.asked = true
			w.alarm = fmt.Sprintf("edge %s was pointed at %s by %s, before it was switched: %s", edge.Name, orNothing(route.Active), route.By, route.Reason)
			return
		}
		// A later release writes generations too, when it takes over and when it
		// goes back to this one. Neither is a reason to go back to blue.
		if route.Active != w.state.ID && !slipway.IsRelease(route.By) {
			w.asked = true
			w.alarm = fmt.Sprintf("%s went back to %s on edge %s: %s", route.By, orNothing(route.Active), edge.Name, route.Reason)
		}
	}
}

// unsee notes that nobody can look at an edge, and so not send it back either;
// or, without an error, that it can be looked at.
func (w *watch) unsee(ctx workflow.Context, i int, err error) {
	if err == nil && !w.unseen[i] {
		return
	}
	if err == nil {
		delete(w.unseen, i)
	} else {
		w.unseen[i], w.state.Edges[i].Error = true, message(err)
	}
	w.state.RollbackReady = w.ready()
	w.details(ctx)
}

// targets are the containers of a version on a host, none where it has none.
func targets(host slipway.PlanHost, at []slipway.ReleaseHost, service slipway.Service) []activities.WatchedTarget {
	var all []activities.WatchedTarget
	for _, h := range at {
		if h.Name != host.Name || h.Phase == slipway.HostQuarantined {
			continue
		}
		for _, one := range h.Containers() {
			all = append(all, activities.WatchedTarget{
				Container: one.Container,
				Address:   probedAt(host, one, service),
				Check:     service.Healthcheck,
				StartedAt: one.StartedAt,
				Secrets:   service.Container.Secrets(),
			})
		}
	}
	return all
}

func nthTarget(all []activities.WatchedTarget, n int) *activities.WatchedTarget {
	if n >= len(all) {
		return nil
	}
	return &all[n]
}
