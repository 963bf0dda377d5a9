package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"slipway"
)

func (l *lane) hearLine(ctx workflow.Context) {
	for {
		var line slipway.Line
		workflow.GetSignalChannel(ctx, LineStopped).Receive(ctx, &line)
		l.heedLine(ctx, line)
	}
}

func (l *lane) hearLineOnce(ctx workflow.Context) bool {
	var line slipway.Line
	ok := workflow.GetSignalChannel(ctx, LineStopped).ReceiveAsync(&line)
	if ok {
		l.heedLine(ctx, line)
	}
	return ok
}

// heedLine takes over what is stopped, unless it is told of what is over, and
// tells its releases: the one on its way, and the one that holds its blue.
func (l *lane) heedLine(ctx workflow.Context, line slipway.Line) {
	if line.Revision <= l.Line.Revision {
		return
	}
	l.Line = line
	for _, number := range []int{l.Running, l.Held} {
		if number != 0 && (number != l.Running || l.begun == number) { // one that has not begun is told when it has
			workflow.SignalExternalWorkflow(ctx, ReleaseWorkflowID(l.id(number)), "", LineStopped, line)
		}
	}
	l.details(ctx)
}

// tellStopped tells a release that has just begun.
func (l *lane) tellStopped(ctx workflow.Context) {
	if l.Running != 0 && l.stopped() != nil {
		workflow.SignalExternalWorkflow(ctx, ReleaseWorkflowID(l.id(l.Running)), "", LineStopped, l.Line)
	}
}

func (l *lane) stopped() *slipway.Stop { return l.Line.Holds(l.service.Project) }

func (r *release) hearLine(ctx workflow.Context) {
	for heard := workflow.GetSignalChannel(ctx, LineStopped); ; {
		var line slipway.Line
		heard.Receive(ctx, &line)
		if line.Revision > r.line.Revision {
			r.line = line
		}
	}
}

// stopped is what holds the release at its next safe point. Going back is not
// held.
func (r *release) stopped() *slipway.Stop {
	if r.in.Order.Kind == slipway.KindRollback {
		return nil
	}
	return r.line.Holds(r.in.ID.Project)
}

// standStill waits while the line is stopped. It is asked where nothing is half
// done: before green starts, before the next group, before the switch. Where
// green serves already it is watched meanwhile, and a newer release takes the
// place of one that nobody sees yet.
func (r *release) standStill(ctx workflow.Context) error {
	if r.stopped() == nil {
		return nil
	}
	w, stop := r.overlook(ctx)
	defer stop()
	since := workflow.Now(ctx)
	defer func() { r.state.Waits = nil }()
	for held := r.stopped(); held != nil; held = r.stopped() {
		was := r.line.Revision
		r.state.Waits = &slipway.Wait{For: slipway.WaitsForLine, Reason: held.String(), Since: since}
		r.details(ctx)
		err := workflow.Await(ctx, func() bool { return r.line.Revision != was || w.alarm != "" || r.givesWay() })
		switch {
		case err != nil:
			return err
		case w.alarm != "":
			return w.failedMeanwhile(held.String())
		case r.givesWay():
			return &halt{outcome: slipway.Superseded, reason: fmt.Sprintf("%s (%s) took its place while it stood still, because %s", r.newer.By, r.newer.Reason, held), asked: true}
		}
	}
	r.state.Waits = nil
	r.details(ctx)
	return nil
}

// overlook watches green where it serves already, while a release waits between
// groups. Before, nothing can happen to it that anybody would see.
func (r *release) overlook(ctx workflow.Context) (*watch, workflow.CancelFunc) {
	if !r.served() {
		return &watch{release: r}, func() {}
	}
	return r.watchServing(ctx, r.group, aYear)
}

func (w *watch) failedMeanwhile(held string) error {
	return &halt{outcome: slipway.RolledBack, reason: fmt.Sprintf("while it stood still (%s), what serves of it failed: %s", held, w.alarm), asked: w.asked}
}

// givesWay reports whether a newer release takes the place of this one while it
// waits: not when it has come to a group already.
func (r *release) givesWay() bool { return r.newer != nil && !r.served() }

// untilResumed keeps blue beyond its time while the line is stopped: who has
// stopped it may be about to go back.
func (r *release) untilResumed(ctx workflow.Context, over func() bool) error {
	for stop := r.stopped(); stop != nil && !over(); stop = r.stopped() {
		was := r.line.Revision
		r.state.Waits = &slipway.Wait{For: slipway.WaitsForLine, Reason: stop.String(), Since: workflow.Now(ctx)}
		r.details(ctx)
		if err := workflow.Await(ctx, func() bool { return r.line.Revision != was || over() }); err != nil {
			return err
		}
	}
	r.state.Waits = nil
	return nil
}
