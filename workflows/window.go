package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// awaitTurn is the last thing before the switch: no line is stopped, and no
// window or freeze is in the way. After a wait, of whatever kind, between hosts,
// too, blue is still to be what serves, and green to be well: both are looked at
// once more.
func (r *release) awaitTurn(ctx workflow.Context) error {
	waited, err := r.standFree(ctx, true)
	switch {
	case err != nil || !waited && !r.paused:
		return err
	case r.served():
		return r.proveAgain(ctx) // what serves was watched
	}
	return r.lookAgain(ctx)
}

// awaitStart is the last thing before green starts in a group. Where that alone
// has an effect, it waits for a window.
func (r *release) awaitStart(ctx workflow.Context) error {
	_, err := r.standFree(ctx, r.outlook().ActsEarly() && r.group == 0)
	return err
}

// standFree waits until nothing holds the release, and reports whether anything
// did.
func (r *release) standFree(ctx workflow.Context, windows bool) (waited bool, err error) {
	for {
		waited = waited || r.stopped() != nil
		if err := r.standStill(ctx); err != nil || !windows {
			return waited, err
		}
		held, err := r.awaitWindow(ctx)
		if err != nil || !held { // after a wait, the line may be stopped
			return waited, err
		}
		waited = true
	}
}

// awaitWindow waits until the worker says that no window and no freeze keeps the
// release from the hosts of the group under way. When that is, is for the fleet
// file to say that is in force then: the release knows no calendar.
func (r *release) awaitWindow(ctx workflow.Context) (waited bool, err error) {
	if !r.in.Windowed || r.in.Order.Kind != slipway.KindRelease {
		return false, nil
	}
	in := activities.WindowInput{Release: r.state.ID, Warrant: r.warrant(), Hosts: r.reaches()}
	var now activities.WindowResult
	if err := workflow.ExecuteLocalActivity(verifying(ctx), central.CheckWindow, in).Get(ctx, &now); err != nil || now.Wait == nil {
		return false, err
	}
	r.phase(ctx, slipway.AwaitingApproval)
	w, stop := r.overlook(ctx)
	defer stop()
	since := workflow.Now(ctx)
	defer func() { r.state.Waits = nil }()
	for now.Wait != nil {
		shown := *now.Wait
		shown.Since = since
		r.state.Waits = &shown
		r.details(ctx)
		in.Known, in.Warrant = now.Wait, r.warrant() // somebody may have broken the glass
		next, err := w.watchWindow(ctx, in)
		switch {
		case err != nil:
			return true, err
		case w.alarm != "":
			return true, w.failedMeanwhile(shown.Reason)
		case r.givesWay():
			return true, &halt{outcome: slipway.Superseded, reason: fmt.Sprintf("%s (%s) took its place while it waited: %s", r.newer.By, r.newer.Reason, shown), asked: true}
		case next.Over != nil:
			return true, &halt{outcome: slipway.Rejected, reason: fmt.Sprintf("it waited, %s, and its order counted until %s: release again", shown, next.Over.UTC().Format("2006-01-02 15:04 UTC"))}
		}
		now = next
	}
	return true, nil
}

// watchWindow waits for another answer, or for what ends the wait.
func (w *watch) watchWindow(ctx workflow.Context, in activities.WindowInput) (activities.WindowResult, error) {
	var next activities.WindowResult
	var failed error
	done, passes := false, len(w.state.Passes)
	until, stop := workflow.WithCancel(ctx)
	defer stop()
	workflow.Go(until, func(ctx workflow.Context) {
		next, failed = call(ctx, watching("wait for a window", aYear), central.WatchWindow, in)
		done = true
	})
	err := workflow.Await(ctx, func() bool {
		return done || w.alarm != "" || w.givesWay() || len(w.state.Passes) != passes
	})
	switch {
	case err == nil && done:
		err = failed
	case err == nil:
		next.Wait = in.Known // somebody has broken the glass, or it waits no longer
	}
	return next, err
}

// reaches are the hosts that the group under way is about: its own, and those
// that its edges send traffic to.
func (r *release) reaches() []string {
	hosts := slices.Clone(r.groups()[r.group].Hosts)
	for _, i := range r.edgesHere() {
		for _, h := range r.plan.Edges[i].Hosts {
			if !slices.Contains(hosts, h) {
				hosts = append(hosts, h)
			}
		}
	}
	return hosts
}

// mayPass is the check of every pass. That the person is who they say, and what
// they may, was checked where the directory is known.
func (r *release) mayPass(p slipway.Pass) error {
	if err := r.state.TakesPass(p); err != nil {
		return activities.Failure(err)
	}
	return nil
}

// takePass notes that somebody has broken the glass. That is loud: it is shown
// with the release for ever.
func (r *release) takePass(ctx workflow.Context, p slipway.Pass) {
	before := r.state.Passed()
	p.At = workflow.Now(ctx)
	r.state.Passes = append(r.state.Passes, p)
	workflow.GetLogger(ctx).Warn("Glass broken", "release", r.state.ID, "by", p.By, "reason", p.Reason, "enough", r.state.Passed())
	if r.state.Passed() && !before {
		workflow.GetMetricsHandler(ctx).WithTags(map[string]string{"project": r.state.Project, "service": r.state.Service}).Counter("slipway_break_glass").Inc(1)
	}
	r.details(ctx)
}
