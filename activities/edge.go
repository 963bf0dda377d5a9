package activities

import (
	"context"
	"slices"
	"time"

	"slipway"
)

// EdgeInput names a route on an edge.
type EdgeInput struct {
	Edge    string            `json:"edge"`
	Service slipway.ServiceID `json:"service"`
	Release string            `json:"release,omitempty"` // whose target is wanted too, for its revision

	Patience slipway.Duration `json:"patience,omitempty"` // how long the edge may be silent; 0: until the activity's own deadline
}

// ReadRoute asks an edge for a service's route. It changes nothing.
func (a *Central) ReadRoute(ctx context.Context, in EdgeInput) (slipway.RouteState, error) {
	edge, err := a.Edges.Edge(in.Edge)
	if err != nil {
		return slipway.RouteState{}, Failure(err)
	}
	if in.Patience != 0 {
		state, err := awaitRoute(ctx, edge, in)
		return trimmed(state, in.Release), Failure(err)
	}
	state, err := edge.Route(ctx, in.Service)
	return trimmed(state, in.Release), Failure(err)
}

// awaitRoute asks until the edge answers. Past the caller's patience the error
// is of CodeUnreachable, which nobody tries again.
func awaitRoute(ctx context.Context, edge EdgeAdmin, in EdgeInput) (slipway.RouteState, error) {
	asking, stop := context.WithTimeout(ctx, in.Patience.Std())
	defer stop()
	tick := time.NewTicker(retryInterval)
	defer tick.Stop()
	for {
		state, err := edge.Route(asking, in.Service)
		if slipway.ErrorCode(err) != slipway.CodeUnavailable {
			return state, err
		}
		select {
		case <-tick.C:
		case <-asking.Done():
			if ctx.Err() != nil {
				return state, ctx.Err()
			}
			return state, slipway.Errorf(slipway.CodeUnreachable, "%v; it was asked again for %s", err, in.Patience)
		}
	}
}

// StageInput stages a release on an edge.
type StageInput struct {
	Edge    string               `json:"edge"`
	Request slipway.StageRequest `json:"request"`
	Warrant *slipway.Warrant     `json:"warrant,omitempty"`
}

// StageTarget makes green known to an edge. From then on a person may point the
// edge at it, so all that a switch takes is wanted here already: an order that
// counts, all gates open, the route that was ordered, and upstreams that are
// containers of this release. Idempotent: see slipway.Table.
func (a *Central) StageTarget(ctx context.Context, in StageInput) (slipway.RouteState, error) {
	g, err := a.switching(ctx, in.Warrant, in.Request.Release, in.Edge)
	if err == nil {
		err = a.reached(in.Warrant, g, in.Edge, in.Request.Upstreams)
	}
	if err == nil && (g.ServiceID != in.Request.ServiceID || g.Route == nil || *g.Route != in.Request.Route) {
		err = refused(g.release, slipway.Errorf(slipway.CodeForbidden, "route %s of %s is not what was ordered, which is %v of %s", in.Request.Route, in.Request.ServiceID, g.Route, g.ServiceID))
	}
	if err != nil {
		return slipway.RouteState{}, Failure(err)
	}
	return onEdge(a, in.Edge, func(e EdgeAdmin) (slipway.RouteState, error) { return e.Stage(ctx, in.Request) })
}

// CommitInput points an edge at green.
type CommitInput struct {
	Edge    string                `json:"edge"`
	Request slipway.CommitRequest `json:"request"`
	Warrant *slipway.Warrant      `json:"warrant,omitempty"`
}

// Commitment is the route of an edge that was pointed at green.
type Commitment struct {
	slipway.RouteState
	Acknowledged time.Time `json:"acknowledged,omitzero"` // by the clock of the worker that asked: the edges' own may differ
}

// CommitTarget points an edge at green. The order must count, and its gates be
// open, at this moment, whatever was so when green was staged. Idempotent: see
// slipway.Table.
func (a *Central) CommitTarget(ctx context.Context, in CommitInput) (Commitment, error) {
	g, err := a.switching(ctx, in.Warrant, in.Request.Release, in.Edge)
	if err == nil && g.ServiceID != in.Request.ServiceID {
		err = refused(g.release, slipway.Errorf(slipway.CodeForbidden, "it is no release of %s", in.Request.ServiceID))
	}
	if err == nil {
		err = ctx.Err() // it is not wanted any more
	}
	if err != nil {
		return Commitment{}, Failure(err)
	}
	route, err := onEdge(a, in.Edge, func(e EdgeAdmin) (slipway.RouteState, error) { return e.Commit(ctx, in.Request) })
	return Commitment{route, time.Now()}, err
}

// firstHour is how long after its switch a first release may be undone.
const firstHour = time.Hour

// RestoreInput points an edge back at blue.
type RestoreInput struct {
	Edge    string                 `json:"edge"`
	Request slipway.RestoreRequest `json:"request"`
	Removal string                 `json:"removal,omitempty"` // the signed request to take the service away, or the edge; only where it is to serve nothing
}

// RestoreTarget points an edge back at blue, whether or not the commit had
// arrived. Idempotent: see slipway.Table. Where an operator has decided
// otherwise on the edge itself, or the edge has lost its route, that is what is
// returned: the caller compares Active with what it asked for. It needs no
// signature, because nothing may stand in the way back: an edge knows only what
// was approved. An edge is pointed at nothing where a first release is undone,
// which it would be soon after its switch or never, and where somebody has signed
// that what serves is to be removed, or the edge is.
func (a *Central) RestoreTarget(ctx context.Context, in RestoreInput) (slipway.RouteState, error) {
	return onEdge(a, in.Edge, func(e EdgeAdmin) (slipway.RouteState, error) {
		if in.Request.Release == "" {
			state, err := e.Route(ctx, in.Request.ServiceID)
			if err == nil {
				err = a.mayServeNothing(in, state)
			}
			if err != nil && slipway.ErrorCode(err) != slipway.CodeNotFound {
				return state, err
			}
		}
		state, err := e.Restore(ctx, in.Request)
		switch slipway.ErrorCode(err) {
		case slipway.CodeConflict, slipway.CodeNotFound:
			return e.Route(ctx, in.Request.ServiceID)
		}
		return state, err
	})
}

func (a *Central) mayServeNothing(in RestoreInput, now slipway.RouteState) error {
	if now.Active == "" || in.Removal == "" && time.Since(now.ChangedAt) <= firstHour {
		return nil
	}
	if in.Removal == "" {
		return slipway.Errorf(slipway.CodeForbidden, "edge %s has served %s since %s: it is not pointed at nothing by an undo; slipway remove takes a service away",
			in.Edge, now.Active, now.ChangedAt.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	var s slipway.RequestStatement
	if _, err := a.Signatures.Proof(in.Removal, &s); err != nil {
		return refused(in.Request.By, err)
	}
	if s.Act == slipway.ActRemoveHost && slices.Contains(s.Edges, in.Edge) {
		return nil
	}
	if s.Act != "remove" || s.ServiceID != in.Request.ServiceID || s.Release != now.Active {
		return refused(in.Request.By, slipway.Errorf(slipway.CodeForbidden, "what was signed is that %s wanted to %s %s, but edge %s serves %s of %s", s.By, s.Act, s.Release, in.Edge, now.Active, in.Request.ServiceID))
	}
	return nil
}

// AmendInput tells an edge where the containers of a release are now.
type AmendInput struct {
	Edge    string               `json:"edge"`
	Request slipway.AmendRequest `json:"request"`
	Warrant *slipway.Warrant     `json:"warrant,omitempty"`
}

// AmendTarget tells an edge where the containers of a release are now, without
// touching what is active. Idempotent: see slipway.Table. The release's target
// comes back with the route. Where the edge is at another revision, or has
// forgotten the release, that is what is returned: the caller compares the
// target with what it asked for, and decides anew on the revision that it sees.
// The upstreams must be containers that were started for the release, whose
// order need not count any more: it may have been live for long.
func (a *Central) AmendTarget(ctx context.Context, in AmendInput) (slipway.RouteState, error) {
	if err := a.mayAmend(in); err != nil {
		return slipway.RouteState{}, Failure(err)
	}
	edge, err := a.Edges.Edge(in.Edge)
	if err != nil {
		return slipway.RouteState{}, Failure(err)
	}
	state, err := edge.Amend(ctx, in.Request)
	switch slipway.ErrorCode(err) {
	case slipway.CodeConflict, slipway.CodeNotFound:
		state, err = edge.Route(ctx, in.Request.ServiceID)
	}
	return trimmed(state, in.Request.Release), Failure(err)
}

func (a *Central) mayAmend(in AmendInput) error {
	g, err := a.past(in.Warrant, in.Request.Release)
	if err != nil {
		return err
	}
	if err := g.through(in.Edge); err != nil {
		return err
	}
	if _, err := a.resolved(in.Warrant, &g); err != nil {
		return err
	}
	return a.reached(in.Warrant, g, in.Edge, in.Request.Upstreams)
}

// TargetInput names a release's target on an edge.
type TargetInput struct {
	Edge     string            `json:"edge"`
	Service  slipway.ServiceID `json:"service"`
	Release  string            `json:"release"`
	Upstream string            `json:"upstream,omitempty"` // of a drain: only there; empty: all
	Timeout  slipway.Duration  `json:"timeout,omitempty"`  // of a drain
}

// DrainResult says how many requests were still in flight.
type DrainResult struct {
	InFlight int `json:"in_flight"`
}

// drainSlice is how long one request to an edge waits: short enough that a
// cancelled drain ends soon and a lost connection is noticed.
const drainSlice = 5 * time.Second

// DrainTarget waits until an edge has no request in flight for a release, or
// for one upstream of it that was amended away before, or the timeout has
// passed. It changes nothing, so it may run again; then its timeout begins
// again, which only makes it wait longer.
func (a *Central) DrainTarget(ctx context.Context, in TargetInput) (DrainResult, error) {
	edge, err := a.Edges.Edge(in.Edge)
	if err != nil {
		return DrainResult{}, Failure(err)
	}
	deadline := time.Now().Add(in.Timeout.Std())
	for {
		left := max(time.Until(deadline), 0)
		n, err := edge.Drain(ctx, slipway.DrainRequest{
			ServiceID: in.Service, Release: in.Release, Upstream: in.Upstream, Timeout: min(left, drainSlice),
		})
		if err != nil || n == 0 || left <= drainSlice {
			return DrainResult{InFlight: n}, Failure(err)
		}
	}
}

// UnstageTarget makes an edge forget a release that is not active; connections
// that are still open to it are cut. Idempotent: see slipway.Table.
func (a *Central) UnstageTarget(ctx context.Context, in TargetInput) (slipway.RouteState, error) {
	return onEdge(a, in.Edge, func(e EdgeAdmin) (slipway.RouteState, error) {
		return e.Unstage(ctx, in.Service, in.Release)
	})
}

// RemoveRouteInput names a route that is to go.
type RemoveRouteInput struct {
	Edge       string            `json:"edge"`
	Service    slipway.ServiceID `json:"service"`
	Generation uint64            `json:"generation"` // at which that was decided
}

// RemoveRoute makes an edge forget a service; connections that are still open
// to it are cut. Only one that serves nothing goes. Idempotent: a route that is
// not there is removed already.
func (a *Central) RemoveRoute(ctx context.Context, in RemoveRouteInput) error {
	edge, err := a.Edges.Edge(in.Edge)
	if err != nil {
		return Failure(err)
	}
	if route, err := edge.Route(ctx, in.Service); err != nil || route.Active != "" {
		if slipway.ErrorCode(err) == slipway.CodeNotFound {
			return nil
		}
		if err == nil {
			err = slipway.Errorf(slipway.CodeConflict, "edge %s serves %s: the route of %s stays", in.Edge, route.Active, in.Service)
		}
		return Failure(err)
	}
	return Failure(edge.Remove(ctx, in.Service, in.Generation))
}

// WatchEdgeInput says what an edge is expected to serve.
type WatchEdgeInput struct {
	Edge       string            `json:"edge"`
	Service    slipway.ServiceID `json:"service"`
	Generation uint64            `json:"generation"`
}

// edgeInterval is how often an edge that is watched is asked for its route.
const edgeInterval = time.Second

// WatchEdge returns the route when it is no longer at the generation that
// Slipway wrote: a person has gone back, or forth, on the edge itself. An edge
// that does not answer is asked again. It changes nothing.
func (a *Central) WatchEdge(ctx context.Context, in WatchEdgeInput) (slipway.RouteState, error) {
	edge, err := a.Edges.Edge(in.Edge)
	if err != nil {
		return slipway.RouteState{}, Failure(err)
	}
	tick := time.NewTicker(edgeInterval)
	defer tick.Stop()
	for {
		state, err := edge.Route(ctx, in.Service)
		if err == nil && state.Generation != in.Generation {
			return trimmed(state, ""), nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return slipway.RouteState{}, Failure(ctx.Err())
		}
	}
}

func onEdge(a *Central, name string, call func(EdgeAdmin) (slipway.RouteState, error)) (slipway.RouteState, error) {
	edge, err := a.Edges.Edge(name)
	if err != nil {
		return slipway.RouteState{}, Failure(err)
	}
	state, err := call(edge)
	return trimmed(state, ""), Failure(err)
}

// trimmed is the part of a route that a history needs: of its targets only
// that of the release, if it is there.
func trimmed(r slipway.RouteState, release string) slipway.RouteState {
	target, ok := r.Targets[release]
	r.Targets = nil
	if ok {
		r.Targets = map[string]slipway.Target{release: target}
	}
	return r
}
