package workflows

import (
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// Cleanup finishes what a release could not: it goes on until the edges that
// did not answer have been brought back and everything that remained is gone,
// for days if a host is away for days. It is a workflow of its own, so that the
// release ends when people's part in it ends.
func Cleanup(ctx workflow.Context, in CleanupInput) error {
	workflow.SetCurrentDetails(ctx, in.Reason)
	err := each(ctx, len(in.Restores), func(ctx workflow.Context, i int) error {
		restore := in.Restores[i]
		route, err := call(ctx, patient(restoring("point "+restore.Edge+" back at "+orNothing(restore.Request.Release))), central.RestoreTarget,
			activities.RestoreInput{Edge: restore.Edge, Request: restore.Request})
		if err == nil && route.Active == in.Remains.Release {
			err = refusal(slipway.CodeConflict, "edge %s was pointed at %s by %s: that stands, so it is not removed", restore.Edge, route.Active, route.By)
		}
		return err
	})
	if err != nil {
		return err
	}
	dismantle(ctx, in.Remains, patient)
	return nil
}

// passOn hands what is left to do to a Cleanup.
func (r *release) passOn(ctx workflow.Context, reason string) {
	if len(r.restores) > 0 {
		r.remains = r.green() // nothing of it was removed, and may not be before
	}
	if r.remains.Empty() {
		return
	}
	r.state.CleanupPending = true
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            CleanupID(r.in.ID),
		ParentClosePolicy:     enums.PARENT_CLOSE_POLICY_ABANDON,
		StaticSummary:         "clean up after " + r.state.ID,
		TypedSearchAttributes: temporal.NewSearchAttributes(ProjectKey.ValueSet(r.state.Project), ServiceKey.ValueSet(r.in.ID.ServiceID.String())),
		Priority:              temporal.Priority{PriorityKey: 2},
	})
	child := workflow.ExecuteChildWorkflow(ctx, CleanupType, CleanupInput{ID: r.in.ID, Restores: r.restores, Remains: r.remains, Reason: reason})
	_ = child.GetChildWorkflowExecution().Get(ctx, nil)
}
