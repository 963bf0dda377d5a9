package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// beginAnew prepares a group that went back alone for another try, which a person
// wants: what was in the way may be mended, so it begins with all its hosts and
// edges, as far as they answer now.
func (r *release) beginAnew(ctx workflow.Context) error {
	r.anew = false
	r.state.Groups[r.group].WentBackAt = nil
	r.readmit()
	looks := []func(workflow.Context) error{
		r.readRoutesAgain,
		func(ctx workflow.Context) error { return r.eachHost(ctx, r.lookAtHost) },
	}
	if err := each(ctx, len(looks), func(ctx workflow.Context, i int) error { return looks[i](ctx) }); err != nil {
		return err
	}
	if err := r.leaveOutEdges(ctx); err != nil {
		return err
	}
	if err := r.groupsAnswer(); err != nil {
		return err
	}
	return r.examineAgain(ctx)
}

// readmit takes in again the hosts of the group that were left out, but for those
// that people have cordoned. One that may have something of green left stays one
// that was asked to start it.
func (r *release) readmit() {
	for i := range r.state.Hosts {
		at := &r.state.Hosts[i]
		if !r.goesTo(at.Name) || r.cordoned(at.Name) {
			continue
		}
		if slices.Contains(r.gone, at.Name) || at.Phase == slipway.HostQuarantined && at.Image == "" {
			at.Phase = slipway.HostPending
		} else if at.Phase != slipway.HostPending {
			at.Phase = slipway.HostPulled
		}
		at.Error = ""
		r.state.Behind = slices.DeleteFunc(r.state.Behind, func(b slipway.Behind) bool { return b.Host == at.Name })
	}
	r.gone = nil
}

// readRoutesAgain asks the edges of the group what they serve, also those that
// were left out because they did not answer, and decides on that from now on: who
// has written a later generation that is blue has done what the release wanted.
func (r *release) readRoutesAgain(ctx workflow.Context) error {
	var here []int
	for i, e := range r.plan.Edges {
		joins := func(b slipway.Behind) bool { return b.Edge == e.Name && b.Joins }
		if slices.Contains(r.groups()[r.group].Edges, e.Name) && !slices.ContainsFunc(r.state.Behind, joins) {
			here = append(here, i)
		}
	}
	return eachEdge(ctx, here, func(ctx workflow.Context, i int) error {
		edge := r.plan.Edges[i]
		in := activities.EdgeInput{Edge: edge.Name, Service: r.in.ID.ServiceID, Patience: silence}
		route, err := call(ctx, asking(slipway.DoesAsk(edge.Name)), central.ReadRoute, in)
		r.acknowledged(i, route, err)
		silent := r.mayLeaveOut(edge) && unreachable(err)
		if err != nil && !silent {
			return err
		}
		r.state.Behind = slices.DeleteFunc(r.state.Behind, func(b slipway.Behind) bool { return b.Edge == edge.Name })
		if silent {
			r.silent[i] = err // leaveOutEdges decides, as it did at first
			return nil
		}
		r.state.Edges[i].LeftOut, r.routes[i], r.silent[i] = false, route, nil
		return r.overruled()
	})
}
