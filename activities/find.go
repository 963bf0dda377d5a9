package activities

import (
	"context"

	"slipway"
)

// FindInput names a container that Slipway did not make.
type FindInput struct {
	Host      string `json:"host"`
	Container string `json:"container"`

	Release string           `json:"release"` // that it is to be
	Warrant *slipway.Warrant `json:"warrant,omitempty"`
}

// FindContainer looks at a container that somebody has ordered to adopt, and
// signs what it is and where edges reach it. It changes nothing.
func (a *Host) FindContainer(ctx context.Context, in FindInput) (slipway.Found, error) {
	g, err := a.adoption(in)
	if err != nil {
		return slipway.Found{}, Failure(err)
	}
	engine, err := a.Engines.Engine(in.Host)
	if err != nil {
		return slipway.Found{}, Failure(err)
	}
	found, err := engine.Find(ctx, in.Container)
	if err == nil {
		found.Signature, err = a.Signatures.Seal(a.found(g, in, found), slipway.WitnessLasts)
	}
	return found, Failure(err)
}

// adoption wants an order to adopt exactly this container.
func (a *Host) adoption(in FindInput) (grant, error) {
	g, err := a.present(in.Warrant, in.Release)
	if err == nil && (g.Adopt == nil || g.Adopt.Host != in.Host || g.Adopt.Container != in.Container) {
		err = refused(in.Release, slipway.Errorf(slipway.CodeForbidden, "container %s on host %s is not the one that %s ordered to adopt", in.Container, in.Host, g.RequestedBy))
	}
	return g, err
}

// found is what is signed of it. An edge that cannot reach it is for the caller
// to tell.
func (a *Host) found(g grant, in FindInput, found slipway.Found) slipway.ContainerStatement {
	s := slipway.ContainerStatement{Order: g.order, Release: in.Release, Host: in.Host, Name: found.Name, ID: found.ID, Reach: map[string]string{}}
	fleet := a.Fleet()
	host, _ := fleet.Host(in.Host)
	for _, name := range g.Edges {
		if edge, ok := fleet.Edge(name); ok {
			if reach, err := found.Reach(slipway.PlanEdge{Name: edge.Name, On: edge.On}, slipway.PlanHost{Name: host.Name, Address: host.Address}, g.Port); err == nil {
				s.Reach[name] = reach
			}
		}
	}
	return s
}
