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
// nothing else. It returns nil when the time is up and people have approved where
// they are asked, or a person accepts; and an error when green fails, or a person
// goes back: through Slipway, at a gate, or on an edge itself.
func (r *release) hold(ctx workflow.Context) error {
	if !r.outlook().Holds() {
		r.report(ctx, r.version(ctx)) // before blue goes: an older release may still hold its own and watch this one's blue
		return nil
	}
	hold := r.service.Strategy.BlueGreen.Hold.Std()
	r.heldUntil(ctx, hold)
	r.phase(ctx, slipway.Holding)
	r.report(ctx, r.version(ctx))
	for {
		failure := r.holdFor(ctx, hold)
		if failure == nil || !r.noReturn || asked(failure) || ctx.Err() != nil {
			return failure
		}
		if err := r.holdOn(ctx, message(failure)); err != nil {
			return err
		}
		if len(r.gatesBefore(slipway.BeforeAccept)) == 0 {
			return nil
		}
		hold = 0
		r.heldUntil(ctx, hold)
		r.report(ctx, nil)
	}
}

// heldUntil notes until when blue is held at the latest, if it is for so long and
// until the gates have been decided.
func (r *release) heldUntil(ctx workflow.Context, hold time.Duration) {
	now := workflow.Now(ctx)
	until := now
	for _, g := range r.gatesBefore(slipway.BeforeAccept) {
		if g.State == slipway.GateOpen {
			until = g.ExpiresAt
			continue
		}
		until = until.Add(g.Expires.Std())
	}
	if hold > 0 {
		until = now.Add(hold)
	}
	r.state.HoldUntil, r.state.RollbackReady = &until, true
}

// holdFor holds blue for so long and until the gates before accept have been
// decided.
func (r *release) holdFor(ctx workflow.Context, hold time.Duration) error {
	gates := r.gatesBefore(slipway.BeforeAccept)
	watchCtx, stop := workflow.WithCancel(ctx)
	w := &watch{release: r, away: map[spot]string{}, atMost: hold}
	for _, g := range gates {
		w.atMost += g.Expires.Std()
	}
	w.start(watchCtx)
	var no error
	over := func() bool { return r.accepted != nil || r.wentBack != nil || w.alarm != "" || no != nil }
	deciding := len(gates) > 0
	if deciding {
		workflow.Go(watchCtx, func(ctx workflow.Context) {
			no = r.awaitDecisions(ctx, slipway.BeforeAccept, over)
			deciding = false
		})
	}
	var err error
	if hold > 0 {
		summary := slipway.DoesHold(r.state.Blue, slipway.Duration(hold))
		_, err = workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{Timeout: hold, TimerOptions: workflow.TimerOptions{Summary: summary}}, over)
	}
	if err == nil && !over() && deciding {
		ready := r.state.RollbackReady
		r.heldUntil(ctx, 0)
		r.state.RollbackReady = ready
		r.details(ctx)
		err = workflow.Await(ctx, func() bool { return over() || !deciding })
	}
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
		return r.wentBackHalt()
	case no != nil:
		return no
	case w.alarm != "":
		return &halt{outcome: slipway.RolledBack, reason: w.alarm, asked: w.asked}
	}
	return nil
}

func (r *release) wentBackHalt() *halt {
	return &halt{outcome: slipway.RolledBack, reason: r.wentBack.By + " went back: " + r.wentBack.Reason, asked: true}
}

// holdOn keeps blue after green has failed where nothing goes back by itself. It
// returns nil when a person accepts, or a newer release is live instead, and an
// error when a person goes back.
func (r *release) holdOn(ctx workflow.Context, reason string) error {
	r.getStuck(ctx, reason)
	for i := range r.state.Hosts {
		at := &r.state.Hosts[i]
		if n := slices.IndexFunc(r.fallen, func(c Container) bool { return c.Host.Name == at.Name }); n >= 0 {
			at.Error = reason
			r.keepEvidence(ctx, i, r.fallen[n].Name)
		}
	}
	r.fallen = nil
	watchCtx, stop := workflow.WithCancel(ctx)
	defer stop()
	w := &watch{release: r, away: map[spot]string{}, atMost: stuckAtMost, blueOnly: true}
	r.state.RollbackReady = true
	w.start(watchCtx)
	r.rejoined = nil
	r.details(ctx)
	err := r.awaitDecision(ctx, func() bool { return r.accepted != nil || r.wentBack != nil || w.alarm != "" })
	r.state.RollbackReady = false
	switch {
	case err != nil:
		return err
	case r.wentBack != nil:
		return r.wentBackHalt()
	case w.alarm != "":
		return &halt{outcome: slipway.RolledBack, reason: w.alarm, asked: true}
	}
	r.unstick()
	r.phase(ctx, slipway.Holding)
	return nil
}

// awaitDecision waits until it is decided, or a newer release has stopped green
// for as long as blue would have been held: without an edge, nobody says that it
// stays.
func (r *release) awaitDecision(ctx workflow.Context, decided func() bool) error {
	for {
		if err := workflow.Await(ctx, func() bool { return decided() || r.overtaken != "" }); err != nil || decided() {
			return err
		}
		hold := r.service.Strategy.BlueGreen.Hold
		back, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{Timeout: hold.Std(), TimerOptions: workflow.TimerOptions{Summary: slipway.DoesHold(r.state.Blue, hold)}},
			func() bool { return decided() || r.overtaken == "" })
		if err != nil || decided() {
			return err
		}
		if !back {
			r.accepted = &Request{By: r.overtaken, Reason: "it took over"}
			return nil
		}
	}
}

// stuckAtMost is longer than anybody leaves a release stuck.
const stuckAtMost = 365 * 24 * time.Hour

// watch looks after green, blue and the edges while blue is held, or a group of
// hosts is to show that green is well.
type watch struct {
	*release
	atMost time.Duration
	alarm  string          // why to go back
	asked  bool            // because somebody did, on an edge
	away   map[spot]string // where blue does not answer → why

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
	if w.state.HoldUntil == nil && !w.blueOnly {
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
	for ctx.Err() == nil && w.alarm == "" {
		seen, err := call(ctx, on(h, watching(slipway.DoesWatchReplica(h.Name, n), w.atMost)), host.WatchHost, in)
		if err != nil && ctx.Err() == nil && h.Agent { // nothing else ends a watch
			w.away[at] = message(err)
			w.state.RollbackReady = false
			w.details(ctx)
			_ = workflow.Sleep(ctx, agentTimeout) // the next attempt waits as long again
			continue
		}
		if err != nil {
			return // cancelled
		}
		if seen.GreenFailed != "" && w.overtaken == "" {
			w.alarm, w.fallen = seen.GreenFailed, append(w.fallen, Container{Host: h, Name: green.Container})
			return
		}
		if err := w.whileOvertaken(ctx); err != nil {
			return
		}
		in.Ready = seen.Ready
		delete(w.away, at)
		if !seen.Ready {
			w.away[at] = seen.Reason
		}
		for i := range w.state.Hosts {
			if at := &w.state.Hosts[i]; at.Name == h.Name && at.Phase != slipway.HostQuarantined {
				at.Error = w.awayOn(h.Name)
			}
		}
		w.state.RollbackReady = w.ready()
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
