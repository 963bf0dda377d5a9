package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// verify finds out what is asked for and whether the hosts and edges are fit
// for it, side by side. It changes nothing.
func (r *release) verify(ctx workflow.Context) error {
	r.facts = make([]slipway.HostFacts, len(r.plan.Hosts))
	looks := []func(workflow.Context) error{r.verifyImage, r.readRoutes}
	for i := range r.plan.Hosts {
		looks = append(looks, func(ctx workflow.Context) error { return r.lookAtHost(ctx, i) })
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
	return r.findBlue()
}

func (r *release) verifyImage(ctx workflow.Context) error {
	in := activities.VerifyInput{
		Registry:   r.plan.Source,
		Repository: r.service.Image,
		Tag:        r.in.Order.Tag,
		Platform:   r.plan.Platform,
		Fleet:      r.plan.Fleet,
	}
	if r.in.ID.Number != 0 { // 0: a plan, which nobody acts on
		in.For = &activities.Claim{
			Release: r.state.ID, Kind: r.state.Kind, Settings: r.state.Settings, Plan: r.state.Plan, RequestedBy: r.state.RequestedBy, Warrant: *r.warrant(),
		}
	}
	found, err := call(ctx, asking(slipway.DoesResolve(r.in.Order)), central.VerifyImage, in)
	r.resolved, found.Signature = found.Signature, ""
	r.image, r.state.Digest, r.otherFleet = found.Image, found.Digest, found.OtherFleet
	return err
}

func (r *release) lookAtHost(ctx workflow.Context, i int) error {
	h := r.plan.Hosts[i]
	if r.cordoned(h.Name) {
		return nil
	}
	if err := r.ask(ctx, i, r.patience()); err != nil {
		err, at := r.leaveOut(ctx, i, err), &r.state.Hosts[i]
		if at.Phase != slipway.HostQuarantined {
			at.Phase, at.Error = slipway.HostFailed, message(err)
		}
		return err
	}
	if err := r.service.Blocked(h.Name, r.facts[i]); err != nil {
		return activities.Failure(err)
	}
	return activities.Failure(r.plan.Unfit(h, r.facts[i], r.service.PerHost()))
}

// readRoutes asks every edge that takes part what it serves. One that does not
// answer, and may be left out, is for leaveOutEdges.
func (r *release) readRoutes(ctx workflow.Context) error {
	r.unheard = nil
	r.routes, r.silent = make([]slipway.RouteState, len(r.plan.Edges)), make([]error, len(r.plan.Edges))
	return eachEdge(ctx, r.edges(), func(ctx workflow.Context, i int) error {
		edge := r.plan.Edges[i]
		in := activities.EdgeInput{Edge: edge.Name, Service: r.in.ID.ServiceID}
		if r.mayLeaveOut(edge) {
			in.Patience = silence
		}
		route, err := call(ctx, asking(slipway.DoesAsk(edge.Name)), central.ReadRoute, in)
		r.routes[i] = route
		r.acknowledged(i, route, err)
		if r.mayLeaveOut(edge) && unreachable(err) {
			r.silent[i], err = err, nil
		}
		return err
	})
}

// acknowledged notes what an edge said it serves.
func (r *release) acknowledged(i int, route slipway.RouteState, err error) {
	edge := &r.state.Edges[i]
	if err != nil {
		edge.Error = message(err)
		return
	}
	edge.Active, edge.Generation, edge.Error = route.Active, route.Generation, ""
}

// findBlue takes what the edges serve for blue. That is what the lane believes,
// unless a person has gone back on the edges themselves, which stands. Edges
// that disagree are for a person to bring together first, but for those that
// blue has left out and not caught up yet.
func (r *release) findBlue() error {
	if r.service.Route == nil {
		return r.findWorkers()
	}
	first, active := -1, ""
	for _, i := range r.edges() {
		route := r.routes[i]
		switch {
		case r.wasLeftOut(r.plan.Edges[i].Name):
		case first < 0:
			first, active = i, route.Active
		case route.Active != active:
			return refusal(slipway.CodeConflict, "edge %s serves %s, but edge %s serves %s: bring them together first, with slipway-edge restore on one of them",
				r.plan.Edges[first].Name, orNothing(active), r.plan.Edges[i].Name, orNothing(route.Active))
		}
	}
	if first < 0 {
		return refusal(slipway.CodeUnavailable, "of the edges that answer, none has been caught up with %s: wait for that, or for the others", r.in.Known[0].Release)
	}
	if active == "" {
		if err := r.sameKind(); err != nil { // blue may be without a route
			return err
		}
		r.blue, r.state.Blue = nil, ""
		return nil
	}
	for i := range r.in.Known {
		if r.in.Known[i].Release == active {
			r.blue, r.state.Blue = &r.in.Known[i], active
			return r.sameKind()
		}
	}
	return refusal(slipway.CodeConflict, "the edges serve %s, which the lane of %s does not know", active, r.in.ID.ServiceID)
}

// wasLeftOut reports whether what is live never got to an edge.
func (r *release) wasLeftOut(edge string) bool {
	return len(r.in.Known) > 0 && slices.ContainsFunc(r.in.Known[0].Behind, func(b slipway.Behind) bool { return b.Edge == edge })
}

func orNothing(release string) string {
	if release == "" {
		return "nothing"
	}
	return release
}

// replicate brings the image to the registry that the hosts pull from.
func (r *release) replicate(ctx workflow.Context) error {
	if !r.outlook().Copies() {
		return nil
	}
	r.phase(ctx, slipway.Replicating)
	options := moving(slipway.DoesCopy(r.image, r.plan))
	options.TaskQueue = CopyQueue
	return do(ctx, options, central.ReplicateImage, activities.ReplicateInput{
		From: r.plan.Source, To: r.plan.Production, Image: r.image, Release: r.state.ID, Warrant: r.warrant(),
	})
}
