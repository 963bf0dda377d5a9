package activities

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"time"

	"slipway"
)

// RemoveInput says which container is to go.
type RemoveInput struct {
	Host      string           `json:"host"`
	Container string           `json:"container"`
	Grace     slipway.Duration `json:"grace"`        // until it is killed
	ID        string           `json:"id,omitempty"` // of one that was adopted, which is not found by its name; empty: it is ours

	Release string           `json:"release,omitempty"` // that was adopted
	Warrant *slipway.Warrant `json:"warrant,omitempty"`
}

// RemoveContainer stops and removes a container of Slipway's. Idempotent: one
// that is not there is removed already. The caller has made sure that no edge
// sends it traffic; because the caller may be anybody who can write to Temporal,
// the edges that could are asked once more, and one that knows its release
// forbids it. An edge that does not answer does not: whoever can write to
// Temporal cannot silence an edge, and an undo must not wait for one. One that
// was adopted goes only if that was ordered.
func (a *Host) RemoveContainer(ctx context.Context, in RemoveInput) error {
	if err := a.mayRemove(ctx, in); err != nil {
		return Failure(err)
	}
	engine, err := a.Engines.Engine(in.Host)
	if err != nil {
		return Failure(err)
	}
	if in.ID != "" {
		return Failure(engine.Retire(ctx, in.ID, in.Grace.Std()))
	}
	return Failure(engine.Remove(ctx, in.Container, in.Grace.Std()))
}

// asking bounds how long edges are asked about a container that is to go.
const asking = 2 * time.Second

func (a *Host) mayRemove(ctx context.Context, in RemoveInput) error {
	if in.ID != "" {
		return a.mayRetire(in)
	}
	return a.unrouted(ctx, in.Host, in.Container)
}

// mayRetire wants an order to adopt this very container and to retire it.
func (a *Host) mayRetire(in RemoveInput) error {
	g, err := a.past(in.Warrant, in.Release)
	if err != nil {
		return err
	}
	for _, token := range in.Warrant.Containers {
		var s slipway.ContainerStatement
		if _, err := a.Signatures.Proof(token, &s); err != nil {
			return refused(in.Release, err)
		}
		if s.Order == g.order && s.ID == in.ID && s.Host == in.Host && g.Adopt != nil && g.Adopt.Retire {
			return nil
		}
	}
	return refused(in.Release, slipway.Errorf(slipway.CodeForbidden, "nobody ordered to adopt container %s on host %s and to retire it", in.Container, in.Host))
}

// unrouted makes sure that no edge knows a container as one to send requests to.
func (a *Host) unrouted(ctx context.Context, host, container string) error {
	parts := strings.SplitN(container, ".", 4) // a replica's number may follow
	id, err := slipway.ParseReleaseID(strings.Join(parts[:min(len(parts), 3)], "."))
	if err != nil || a.Edges == nil {
		return nil // the engine removes only what carries a release's label and name
	}
	engine, err := a.Engines.Engine(host)
	if err != nil {
		return err
	}
	state, err := engine.Inspect(ctx, container)
	if slipway.ErrorCode(err) == slipway.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	fleet := a.Fleet()
	at, _ := fleet.Host(host)
	problems := make([]error, len(fleet.Edges))
	var wg sync.WaitGroup
	for i, edge := range fleet.Edges {
		wg.Go(func() {
			admin, err := a.Edges.Edge(edge.Name)
			if err != nil {
				return
			}
			route, err := admin.Route(ctx, id.ServiceID)
			if err == nil && leadsTo(route.Targets[id.String()].Upstreams, edge, at, state) {
				problems[i] = slipway.Errorf(slipway.CodeConflict, "container %s on host %s stays: edge %s still knows it, and serves %s", container, host, edge.Name, route.Active)
			}
		})
	}
	wg.Wait()
	return errors.Join(problems...)
}

// leadsTo reports whether one of an edge's upstreams is the container: by its
// address on the bridge of the edge's own host, by a port of the host elsewhere.
func leadsTo(upstreams []string, edge slipway.Edge, at slipway.Host, container slipway.ContainerState) bool {
	for _, upstream := range upstreams {
		address, _, err := net.SplitHostPort(upstream)
		if err == nil && (edge.On == at.Name && address == container.Address ||
			container.HostPort != 0 && upstream == slipway.HostPort(at.Address, container.HostPort)) {
			return true
		}
	}
	return false
}
