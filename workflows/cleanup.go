package workflows

import (
	"slices"
	"strings"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// Cleanup finishes what a release could not: it goes on until the edges that
// did not answer have been brought back and everything that remained is gone,
// for days if a host is away for days. It is a workflow of its own, so that the
// release ends when people's part in it ends. What the fleet file has dropped may
// still run, and still serve: that is waited for, too. It fails where a person has
// pointed an edge at what was to go: that stands, and nothing is removed.
func Cleanup(ctx workflow.Context, in CleanupInput) error {
	workflow.SetCurrentDetails(ctx, in.Reason)
	if in.Orphan != nil {
		if err := settle(ctx, &in); err != nil {
			return err
		}
	}
	routes, err := bringBackAll(ctx, in)
	if err != nil {
		return err
	}
	in.settleLate(routes)
	if in.Revive != nil && !in.Revive.Last {
		if err := revive(ctx, in.ID.ServiceID, *in.Revive, in.ID.Number+1, patient); err != nil {
			return err
		}
	}
	if in.Orphan != nil {
		report := Report{Release: in.ID, Phase: slipway.Ended}
		if !in.Orphan.Served {
			report.Live, report.Instead = in.Orphan.Blue, in.Remains.Release // the lane may not have waited
		}
		_ = workflow.SignalExternalWorkflow(ctx, LaneID(in.ID.ServiceID), "", Reported, report).Get(ctx, nil)
	}
	if in.Back != nil {
		report := Report{Release: in.ID, Phase: slipway.Ended, Live: in.Back, Instead: in.Remains.Release}
		_ = workflow.SignalExternalWorkflow(ctx, LaneID(in.ID.ServiceID), "", Reported, report).Get(ctx, nil)
		in.Back = nil // the lane is told once
	}
	remains := in.Remains
	if len(in.Await) > 0 {
		remains = dismantle(ctx, remains, absent{edges: in.Await}, patient)
		if err := awaitAllElsewhere(ctx, in, in.Await); err != nil {
			return err
		}
	}
	left := dismantle(ctx, remains, absent{}, patient)
	for wait := firstWait; len(left.Unknown) > 0; wait = min(2*wait, lastWait) {
		workflow.SetCurrentDetails(ctx, in.Reason+"\n\nIt waits for the fleet file: "+strings.Join(left.Unknown, "; "))
		if err := workflow.Sleep(ctx, wait); err != nil {
			return err
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			in.Restores, in.Orphan, in.Await, in.Remains = nil, nil, nil, left
			if in.Revive != nil && !in.Revive.Last { // it has been done
				in.Revive = nil
			}
			return workflow.NewContinueAsNewError(ctx, CleanupType, in)
		}
		if err := awaitAllElsewhere(ctx, in, left.Edges); err != nil { // one that was dropped while it served may serve still
			return err
		}
		left = dismantle(ctx, left, absent{}, patient)
	}
	if !left.Empty() {
		return refusal(slipway.CodeConflict, "of %s there is left: edges %v, containers %v", left.Release, left.Edges, left.Containers)
	}
	if in.Revive != nil && in.Revive.Last {
		return revive(ctx, in.ID.ServiceID, *in.Revive, in.ID.Number+1, patient)
	}
	return nil
}

// bringBackAll points edges back that had not said so, each as soon as it answers.
// What a person has decided on one of them is its own matter.
func bringBackAll(ctx workflow.Context, in CleanupInput) ([]slipway.RouteState, error) {
	problems, routes := make([]error, len(in.Restores)), make([]slipway.RouteState, len(in.Restores))
	err := each(ctx, len(in.Restores), func(ctx workflow.Context, i int) error {
		restore := in.Restores[i]
		for wait := firstWait; ; wait = min(2*wait, lastWait) {
			route, err := call(ctx, patient(restoring("point "+restore.Edge+" back at "+orNothing(restore.Request.Release))), central.RestoreTarget,
				activities.RestoreInput{Edge: restore.Edge, Request: restore.Request})
			if notFound(err) { // the fleet file has dropped it
				workflow.SetCurrentDetails(ctx, in.Reason+"\n\nIt waits for the fleet file: "+message(err))
				if err := workflow.Sleep(ctx, wait); err != nil {
					return err
				}
				continue
			}
			if err == nil && route.Active == in.Remains.Release {
				err = refusal(slipway.CodeConflict, "edge %s was pointed at %s by %s: that stands, so it is not removed", restore.Edge, route.Active, route.By)
			}
			problems[i], routes[i] = err, route
			return nil
		}
	})
	for _, problem := range problems {
		if err == nil {
			err = problem
		}
	}
	return routes, err
}

// settleLate takes in what the edges serve that were to be brought back. Where
// one of them serves a newer release, which would go back to this one, this one
// is not to go: what it held is. What serves again is known only if all of them
// say so.
func (in *CleanupInput) settleLate(routes []slipway.RouteState) {
	if in.Back != nil && slices.ContainsFunc(routes, in.overtook) {
		in.Remains, in.Revive, in.Back = remainsOf(in.ID.ServiceID, in.Back), nil, nil
		return
	}
	for i, route := range routes {
		if route.Active != in.Restores[i].Request.Release {
			in.Back = nil
		}
		if later(route.Active, in.Remains.Release) {
			in.Revive = nil // what serves now is not to have it beside it
		}
	}
}

// overtook reports whether an edge serves a newer release that took the place of
// this one, and may go back to it.
func (in *CleanupInput) overtook(route slipway.RouteState) bool {
	return route.Previous == in.Remains.Release && later(route.Active, in.Remains.Release)
}

// awaitAllElsewhere passes over edges that the fleet file has dropped.
func awaitAllElsewhere(ctx workflow.Context, in CleanupInput, edges []string) error {
	return each(ctx, len(edges), func(ctx workflow.Context, i int) error {
		if err := awaitElsewhere(ctx, in, edges[i]); !notFound(err) {
			return err
		}
		return nil
	})
}

// awaitElsewhere returns when an edge that was left out serves something else
// than what is to go: it has been caught up.
func awaitElsewhere(ctx workflow.Context, in CleanupInput, edge string) error {
	for {
		route, err := call(ctx, patient(asking(slipway.DoesAsk(edge))), central.ReadRoute, activities.EdgeInput{Edge: edge, Service: in.Remains.Service})
		if err != nil || route.Active != in.Remains.Release {
			return err
		}
		_, err = call(ctx, watching("wait until "+edge+" is caught up", 0), central.WatchEdge, activities.WatchEdgeInput{
			Edge: edge, Service: in.Remains.Service, Generation: route.Generation,
		})
		if err != nil {
			return err
		}
	}
}

// settled is how long the activities of a workflow that was ended from outside
// may still be at work: until they have missed a heartbeat, and a little more.
const settled = 3 * pulse

// settle decides which way an orphan goes. It stays where it had said that it
// serves and every edge still does serve it, or a newer release that may go back
// to it; then only its blue is to go. In all other cases the edges go back to
// blue, and it goes itself. While a newer release is on its way over, that one
// has the say.
func settle(ctx workflow.Context, in *CleanupInput) error {
	if err := workflow.Sleep(ctx, settled); err != nil {
		return err
	}
	serving, overtook, err := askOrphan(ctx, in)
	for wait := firstWait; err == nil && serving > 0 && overtook > 0; wait = min(2*wait, lastWait) {
		if err = workflow.Sleep(ctx, wait); err == nil {
			serving, overtook, err = askOrphan(ctx, in)
		}
	}
	if err != nil {
		return err
	}
	in.Orphan.Served = in.Orphan.Served && (serving == len(in.Remains.Edges) || overtook > 0)
	if in.Orphan.Served {
		ran := slices.DeleteFunc(in.Remains.Containers, func(c Container) bool { return c.Name != in.ID.PreDeployName() })
		in.Restores, in.Revive, in.Remains = nil, nil, Remains{}
		if in.Orphan.Blue != nil {
			in.Remains = remainsOf(in.ID.ServiceID, in.Orphan.Blue)
		}
		in.Remains.Containers = append(in.Remains.Containers, ran...)
	}
	return nil
}

// askOrphan counts the edges that serve an orphan, and those that serve what took
// its place, and notes how the first would be brought back.
func askOrphan(ctx workflow.Context, in *CleanupInput) (serving, overtook int, err error) {
	in.Restores = nil
	err = each(ctx, len(in.Remains.Edges), func(ctx workflow.Context, i int) error {
		edge := in.Remains.Edges[i]
		route, err := call(ctx, patient(asking("ask "+edge+" what it serves")), central.ReadRoute, activities.EdgeInput{Edge: edge, Service: in.Remains.Service})
		if err == nil && in.overtook(route) {
			overtook++
		}
		if err != nil || route.Active != in.Remains.Release {
			return err
		}
		serving++
		restore := RestoreOn{Edge: edge, Request: slipway.RestoreRequest{
			ServiceID: in.Remains.Service, Generation: route.Generation, By: in.Remains.Release, Reason: in.Reason,
		}}
		if in.Orphan.Blue != nil {
			restore.Request.Release = in.Orphan.Blue.Release
		}
		in.Restores = append(in.Restores, restore)
		return nil
	})
	return serving, overtook, err
}

// passOn hands what is left to do to a Cleanup.
func (r *release) passOn(ctx workflow.Context, reason string) {
	if r.remains.Empty() && (len(r.restores) > 0 || r.revive != nil) {
		r.remains = r.green() // nothing of it was removed, and may not be before
	}
	if len(r.debris) > 0 {
		if r.remains.Empty() {
			r.remains = Remains{Service: r.in.ID.ServiceID, Release: r.state.ID, Grace: r.service.Container.StopGracePeriod}
		}
		r.remains.Containers = append(r.remains.Containers, r.debris...)
	}
	if r.remains.Empty() {
		return
	}
	r.state.CleanupPending = true
	var await []string
	for _, edge := range r.remains.Edges {
		if slices.Contains(r.absent().edges, edge) {
			await = append(await, edge)
		}
	}
	in := CleanupInput{ID: r.in.ID, Restores: r.restores, Revive: r.revive, Remains: r.remains, Await: await, Reason: reason}
	if len(r.restores) > 0 {
		in.Back = r.blue
	}
	startCleanup(ctx, CleanupID(r.in.ID), in)
}

// startCleanup returns when the Cleanup has started, or does run already.
func startCleanup(ctx workflow.Context, id string, in CleanupInput) {
	ctx, _ = workflow.NewDisconnectedContext(ctx) // never cancelled: a child is cancelled with the context it was started in
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            id,
		ParentClosePolicy:     enums.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowTaskTimeout:   TaskTimeout,
		StaticSummary:         "clean up after " + in.ID.String(),
		TypedSearchAttributes: temporal.NewSearchAttributes(ProjectKey.ValueSet(in.ID.Project), ServiceKey.ValueSet(in.ID.ServiceID.String())),
		Priority:              temporal.Priority{PriorityKey: early},
	}), CleanupType, in)
	_ = child.GetChildWorkflowExecution().Get(ctx, nil)
}
