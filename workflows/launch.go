package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway"
)

// launch starts the workflow of a release, hears when it has started, and when
// it is closed.
func (l *lane) launch(ctx workflow.Context, in ReleaseInput, begun func(workflow.Context)) {
	in.Noted = true
	lasting, _ := workflow.NewDisconnectedContext(ctx) // to cancel a lane is not to abort, or to go back from, its releases
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(lasting, workflow.ChildWorkflowOptions{
		WorkflowID:            ReleaseWorkflowID(in.ID),
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		ParentClosePolicy:     enums.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowTaskTimeout:   TaskTimeout,
		StaticSummary:         summary(in.Order),
		Memo:                  map[string]any{TagMemo: in.Order.Tag, KindMemo: in.Order.Kind},
		Priority:              l.priority(in.Order.Kind),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			ProjectKey.ValueSet(l.service.Project),
			ServiceKey.ValueSet(l.service.String()),
			PhaseKey.ValueSet(string(slipway.Verifying)),
			RequesterKey.ValueSet(in.Order.RequestedBy),
		),
	}), ReleaseType, in)
	workflow.Go(ctx, func(ctx workflow.Context) {
		never := child.GetChildWorkflowExecution().Get(ctx, nil) != nil // then there is nothing to undo
		if !never {
			begun(ctx)
		}
		err := child.Get(ctx, nil)
		if ctx.Err() == nil {
			l.closed(ctx, in.ID.Number, never || err == nil)
		}
	})
}

// priority is that of a release among all: each project has its share, and
// within it a way back goes first.
func (l *lane) priority(kind slipway.ReleaseKind) temporal.Priority {
	p := temporal.Priority{PriorityKey: usual, FairnessKey: l.service.Project}
	if kind == slipway.KindRollback {
		p.PriorityKey = first
	}
	return p
}

func summary(o slipway.Order) string {
	switch o.Kind {
	case slipway.KindRestart:
		return fmt.Sprintf("%s restarted, by %s", o.Service.ServiceID, o.RequestedBy)
	case slipway.KindRollback:
		return fmt.Sprintf("%s back to %s, by %s", o.Service.ServiceID, o.Tag, o.RequestedBy)
	case slipway.KindAdopt:
		return fmt.Sprintf("%s adopts %s, by %s", o.Service.ServiceID, o.Tag, o.RequestedBy)
	case slipway.KindRemove:
		return fmt.Sprintf("remove %s, by %s", o.Service.ServiceID, o.RequestedBy)
	case slipway.KindRelease:
	}
	return fmt.Sprintf("%s %s, by %s", o.Service.ServiceID, o.Tag, o.RequestedBy)
}

// awaitByActivity hears of the end of a release that an earlier run started.
func (l *lane) awaitByActivity(ctx workflow.Context, number int) {
	options := watching(fmt.Sprintf("await the end of release %d", number), 365*24*time.Hour)
	result, err := call(ctx, options, central.AwaitRelease, l.id(number))
	if err == nil {
		l.closed(ctx, number, result.OK)
	}
}

// closed is told when a release's workflow is closed. A release that has ended
// has reported before; one that has not was terminated or has crashed, and has
// undone nothing.
func (l *lane) closed(ctx workflow.Context, number int, properly bool) {
	if number == l.Running || number == l.Held {
		workflow.GetLogger(ctx).Error("Release ended without a report", "release", l.id(number).String(), "completed", properly)
		removal := l.opened(number).Order.Kind == slipway.KindRemove
		switch {
		case !properly && removal:
			l.finishRemoval(ctx, number)
		case !properly:
			l.clearUp(ctx, number)
		}
		lost := l.opened(number)
		l.take(ctx, Report{Release: l.id(number), Phase: slipway.Ended, Removed: removal})
		if !properly && workflow.GetVersion(ctx, notesLost, workflow.DefaultVersion, 1) != workflow.DefaultVersion {
			state := Started(ReleaseInput{ID: lost.ID, Order: lost.Order, Submitted: lost.Submitted})
			workflow.Go(ctx, func(ctx workflow.Context) { noteEnd(ctx, state, true) })
		}
	}
	l.Open = slices.DeleteFunc(l.Open, func(q Queued) bool { return q.ID.Number == number })
}

// clearUp has a Cleanup bring back what an orphan has left behind, and waits
// until it has said what serves; not for ever, because an edge may be away.
func (l *lane) clearUp(ctx workflow.Context, number int) {
	order := l.opened(number).Order
	started := Started(ReleaseInput{ID: l.id(number), Order: order})
	started.ID = brings(l.id(number), order)
	in := CleanupInput{
		ID:      l.id(number),
		Remains: remainsOf(l.service, &slipway.Version{Release: started.ID, Service: order.Service, Plan: order.Plan, Hosts: started.Hosts, Adopted: unretired(order.Adopt)}),
		Orphan:  &Orphan{Blue: l.Live},
		Reason:  "its workflow was ended from outside",
	}
	in.Remains.Containers = append(in.Remains.Containers, ranBefore(in.ID, order)...)
	if l.Live != nil && l.Live.Release == started.ID {
		in.Orphan = &Orphan{Served: true, Blue: l.opened(number).Blue}
	}
	in.Revive = revivalOf(order.Service, in.Orphan.Blue)
	startCleanup(ctx, CleanupID(in.ID), in)
	_, _ = workflow.AwaitWithTimeout(ctx, restoreDeadline, func() bool { return number != l.Running && number != l.Held })
}

// opened is a release whose workflow is not closed yet.
func (l *lane) opened(number int) Queued {
	for _, q := range l.Open {
		if q.ID.Number == number {
			return q
		}
	}
	return Queued{}
}
