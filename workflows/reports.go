package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"slipway"
)

func (l *lane) listen(ctx workflow.Context) {
	reports := workflow.GetSignalChannel(ctx, Reported)
	for {
		var report Report
		reports.Receive(ctx, &report)
		l.take(ctx, report)
	}
}

func (l *lane) listenOnce(ctx workflow.Context) bool {
	var report Report
	ok := workflow.GetSignalChannel(ctx, Reported).ReceiveAsync(&report)
	if ok {
		l.take(ctx, report)
	}
	return ok
}

// take brings the lane up to date with one of its releases. The same report
// may come twice.
func (l *lane) take(ctx workflow.Context, report Report) {
	number := report.Release.Number
	if number != l.Running && number != l.Held && !l.overdue(report) {
		report.Live, report.Removed, report.Stuck = nil, false, nil // it is late: what serves is for others to say by now
	}
	l.noteStuck(report)
	if report.Removed {
		l.removed(ctx, number)
	}
	l.noteBlue(report)
	kind := l.opened(number).Order.Kind
	if kind == slipway.KindRestart && report.Live != nil && report.Live.Release == report.Release.String() {
		l.Live = report.Live // what was there before is the same, and nothing to go back to
	}
	l.serves(report.Live, kind == slipway.KindRollback)
	tookOver := report.Live != nil && report.Live.Release == report.Release.String()
	if report.Live != nil && !tookOver { // whatever went back is nothing to go back to
		l.Good = slices.DeleteFunc(l.Good, func(v slipway.Version) bool { return v.Release == report.Release.String() })
	}
	if tookOver && l.Held != 0 && l.Held != number { // what it holds is nothing to go back to any more
		l.tell(ctx, l.Held, Accept, Request{By: report.Release.String(), Reason: "a newer release is live"})
	}
	switch {
	case report.Live != nil:
		l.Partly = 0
	case report.Phase == slipway.Switching || report.Phase == slipway.Watching || report.Stuck != nil && number == l.Running:
		l.Partly = number
	}
	if (report.Phase == slipway.AwaitingApproval || report.Stuck != nil) && l.Place.Release == number {
		l.Place.Spent = true
	}
	if report.Phase == slipway.Holding || report.Phase == slipway.Ended {
		if l.Running == number {
			l.Running = 0
		}
		if l.Held == number {
			l.Held = 0
		}
	}
	if report.Phase == slipway.Holding {
		l.Held = number
	}
	l.forgetAdopted()
	l.details(ctx)
}

// overdue reports whether what a report says to serve instead of something is
// what the lane still has to hear, although the release has ended.
func (l *lane) overdue(report Report) bool {
	return report.Instead != "" && l.Live != nil && l.Live.Release == report.Instead
}

// noteBlue keeps what a release took the place of for as long as its workflow is
// open. That is not always the latest to go back to: nobody goes back from a
// restart, or from going back.
func (l *lane) noteBlue(report Report) {
	for i := range l.Open {
		q := &l.Open[i]
		if q.ID == report.Release && report.Live != nil && report.Live.Release == brings(q.ID, q.Order) && (l.Live == nil || l.Live.Release != report.Live.Release) {
			q.Blue = l.Live
		}
	}
}

// serves notes what is live now. Going back to an earlier version, by a switch
// or by releasing it again, forgets those after it: they are not what anybody
// would go back to.
func (l *lane) serves(live *slipway.Version, back bool) {
	if live == nil || l.Live != nil && l.Live.Release == live.Release {
		return
	}
	l.Removal = nil
	same := func(v slipway.Version) bool {
		return v.Release == live.Release || back && v.Digest == live.Digest && v.Settings == live.Settings
	}
	if i := slices.IndexFunc(l.Good, same); i >= 0 {
		l.Live, l.Good = live, slices.Delete(l.Good, 0, i+1)
		return
	}
	if l.Live != nil {
		l.Good = slices.Insert(l.Good, 0, *l.Live)
		l.Good = l.Good[:min(len(l.Good), GoodLimit)]
	}
	l.Live = live
}

// tell sends a signal to one of the lane's releases. One that has closed
// meanwhile needs to hear nothing.
func (l *lane) tell(ctx workflow.Context, number int, signal string, request Request) {
	workflow.SignalExternalWorkflow(ctx, ReleaseWorkflowID(l.id(number)), "", signal, request)
}
