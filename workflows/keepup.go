package workflows

import (
	"slices"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway"
)

// catchUp has a Catchup run as long as what is live is behind somewhere and
// nothing is on its way: a release takes in by itself what answers. What is to
// leave a host leaves it first. The two never run side by side.
func (l *lane) catchUp(ctx workflow.Context) {
	for {
		err := workflow.Await(ctx, func() bool {
			_, leaves := l.leaves()
			return l.mayCatchUp(ctx) && (leaves || len(l.behind()) > 0 || l.joins())
		})
		if err != nil {
			return
		}
		if cordon, ok := l.leaves(); ok {
			l.vacate(ctx, cordon)
			continue
		}
		if l.joins() {
			l.letIn(ctx)
			continue
		}
		in, revision := CatchupInput{Version: *l.Live, Holding: l.holding()}, l.Cordons.Revision
		in.Version.Behind = l.behind()
		l.catching = true
		result, err := l.runCatchup(ctx, in, func() bool {
			return l.mayCatchUp(ctx) && !l.joins() && l.Live.Release == in.Version.Release && l.holding() == in.Holding && l.Cordons.Revision == revision
		})
		l.leave(ctx, in.Version, result, err)
		l.catching = false
		if err != nil && workflow.Sleep(ctx, time.Minute) != nil { // somebody ended it, or another one runs
			return
		}
	}
}

func (l *lane) mayCatchUp(ctx workflow.Context) bool {
	return l.Live != nil && l.Running == 0 && !l.ready() && !l.renewing(ctx)
}

// holding reports whether the release that is live holds its blue.
func (l *lane) holding() bool { return l.Held != 0 && l.id(l.Held).String() == l.Live.Release }

// runCatchup returns when the Catchup has ended, which it is told to as soon as
// it may not go on.
func (l *lane) runCatchup(ctx workflow.Context, in CatchupInput, mayGoOn func() bool) (CatchupResult, error) {
	childCtx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(childCtx, workflow.ChildWorkflowOptions{
		WorkflowID:            CatchupID(l.service),
		ParentClosePolicy:     enums.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
		WaitForCancellation:   true,
		WorkflowTaskTimeout:   TaskTimeout,
		StaticSummary:         "bring " + in.Version.Release + " to what was away",
		TypedSearchAttributes: temporal.NewSearchAttributes(ProjectKey.ValueSet(l.service.Project), ServiceKey.ValueSet(l.service.String())),
		Priority:              temporal.Priority{PriorityKey: 2},
	}), CatchupType, in)
	if err := workflow.Await(ctx, func() bool { return child.IsReady() || !mayGoOn() }); err != nil {
		return CatchupResult{}, nil // the lane is ended, and the Catchup with it
	}
	cancel()
	var result CatchupResult
	err := child.Get(childCtx, &result)
	return result, err
}

// leave has what a Catchup has begun taken away, where its version has gone
// back meanwhile. Otherwise it goes with the version. Where a Catchup has not
// said what it has begun, edges may know of it, and have to forget it first.
func (l *lane) leave(ctx workflow.Context, version slipway.Version, result CatchupResult, err error) {
	if ctx.Err() != nil || l.Live != nil && l.Live.Release == version.Release {
		return
	}
	remains := remainsOf(l.service, &version)
	begun := result.Begun
	if err == nil {
		remains.Edges = nil
	} else {
		for _, b := range version.Behind {
			begun = append(begun, b.Host)
		}
	}
	remains.Containers = slices.DeleteFunc(remains.Containers, func(c Container) bool { return !slices.Contains(begun, c.Host.Name) })
	id, invalid := slipway.ParseReleaseID(version.Release)
	if invalid == nil && len(remains.Containers) > 0 {
		startCleanup(ctx, CatchupCleanupID(id), CleanupInput{ID: id, Remains: remains, Reason: version.Release + " went back while it was caught up"})
	}
}

func (l *lane) hearCatchup(ctx workflow.Context) {
	for {
		var report CaughtUpReport
		workflow.GetSignalChannel(ctx, CaughtUp).Receive(ctx, &report)
		l.takeIn(ctx, report)
	}
}

func (l *lane) hearCatchupOnce(ctx workflow.Context) bool {
	var report CaughtUpReport
	ok := workflow.GetSignalChannel(ctx, CaughtUp).ReceiveAsync(&report)
	if ok {
		l.takeIn(ctx, report)
	}
	return ok
}

// takeIn notes where what is live has been brought. Nothing else is of interest
// any more.
func (l *lane) takeIn(ctx workflow.Context, report CaughtUpReport) {
	if l.Live == nil || l.Live.Release != report.Release {
		return
	}
	l.Live.Behind = report.takeIn(l.Live.Behind)
	for i := range l.Live.Hosts {
		if report.Host != nil && l.Live.Hosts[i].Name == report.Host.Name {
			l.Live.Hosts[i] = *report.Host
			l.Live.Leaving = slices.DeleteFunc(l.Live.Leaving, func(h slipway.ReleaseHost) bool { return h.Name == report.Host.Name })
		}
	}
	l.details(ctx)
}
