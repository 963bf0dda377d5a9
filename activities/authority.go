package activities

import (
	"context"
	"slices"
	"time"

	"slipway"
)

// Signatures are the keys of this process and those that it trusts.
type Signatures interface {
	// Seal signs a statement, which entitles to something for so long. Errors:
	// CodeForbidden where this process's key does not count.
	Seal(s slipway.Statement, lasts time.Duration) (string, error)

	// Open verifies a statement that entitles to something now, and decodes it
	// into s, a pointer. Errors: CodeForbidden, with the reason.
	Open(token string, s slipway.Statement) (slipway.Seal, error)

	// Proof is Open for one that entitled to something when it was signed.
	Proof(token string, s slipway.Statement) (slipway.Seal, error)
}

// Authority is what an activity asks before it has an effect: who signed for
// it, and what the fleet file of this very process says. What comes through
// Temporal is a claim; a history is no authority.
type Authority struct {
	Signatures Signatures
	Fleet      func() *slipway.Fleet // as it is at that moment
	Clock      func() time.Time      // that windows go by; nil: time.Now
}

// An opener is Open or Proof of Signatures.
type opener func(token string, s slipway.Statement) (slipway.Seal, error)

// A grant is what a warrant entitles to.
type grant struct {
	slipway.OrderStatement
	order   string // the ID of its seal
	release string
	digest  string // what its tag was resolved to; empty before
	until   time.Time
}

// present finds an order that counts now; past one that did when it was given.
// It must be one for the service of the release.
func (a Authority) present(w *slipway.Warrant, release string) (grant, error) {
	return a.order(w, release, a.Signatures.Open)
}

func (a Authority) past(w *slipway.Warrant, release string) (grant, error) {
	return a.order(w, release, a.Signatures.Proof)
}

func (a Authority) order(w *slipway.Warrant, release string, open opener) (grant, error) {
	g := grant{release: release}
	if w == nil {
		w = &slipway.Warrant{}
	}
	seal, err := open(w.Order, &g.OrderStatement)
	if err != nil {
		return g, refused(release, err)
	}
	g.order, g.until = seal.ID, seal.Until
	id, err := slipway.ParseReleaseID(release)
	switch {
	case err != nil || id.ServiceID != g.ServiceID:
		return g, refused(release, slipway.Errorf(slipway.CodeForbidden, "its order was signed for %s, not for this service", g.ServiceID))
	case (id.Number == 0) != (g.Kind == slipway.KindAdopt):
		return g, refused(release, slipway.Errorf(slipway.CodeForbidden, "its order is a %s, and only what is adopted is release 0", g.Kind))
	}
	return g, a.joined(w, &g)
}

// joined adds the hosts and edges that an operator has had join the release since
// it was ordered. That counts for as long as the release is live.
func (a Authority) joined(w *slipway.Warrant, g *grant) error {
	for _, token := range w.Joins {
		var s slipway.JoinStatement
		if _, err := a.Signatures.Proof(token, &s); err != nil {
			return refused(g.release, err)
		}
		if s.Order != g.order {
			return refused(g.release, slipway.Errorf(slipway.CodeForbidden, "%s had hosts %v and edges %v join another release than this one", s.By, s.Hosts, s.Edges))
		}
		g.Hosts, g.Edges = append(g.Hosts, s.Hosts...), append(g.Edges, s.Edges...)
	}
	return nil
}

// of holds settings to those that were ordered.
func (g grant) of(settings string) error {
	if g.Settings != settings {
		return refused(g.release, slipway.Errorf(slipway.CodeForbidden, "its settings are %.12s, but %s ordered %.12s: somebody has changed them since", settings, g.RequestedBy, g.Settings))
	}
	return nil
}

// resolved finds what a worker has found the order's tag to be.
// What is adopted runs already, whatever it is.
func (a Authority) resolved(w *slipway.Warrant, g *grant) (slipway.ImageStatement, error) {
	var s slipway.ImageStatement
	if g.Kind == slipway.KindAdopt {
		return s, nil
	}
	if _, err := a.Signatures.Proof(w.Image, &s); err != nil {
		return s, refused(g.release, err)
	}
	if s.Order != g.order {
		return s, refused(g.release, slipway.Errorf(slipway.CodeForbidden, "%s was resolved for another order than this one, of %s:%s", slipway.ShortDigest(s.Digest), g.Image, g.Tag))
	}
	g.digest = s.Digest
	return s, nil
}

// image holds an image to the one that the order's tag was resolved to.
func (a Authority) image(w *slipway.Warrant, g *grant, image slipway.Image) error {
	image.Signature = ""
	s, err := a.resolved(w, g)
	if err == nil && s.Image != image.Identity() {
		err = refused(g.release, slipway.Errorf(slipway.CodeForbidden, "image %s (config %s) is not what %s:%s was resolved to, which is %s: somebody has changed it since",
			image.Digest, slipway.ShortDigest(image.Config), g.Image, g.Tag, s.Digest))
	}
	return err
}

// approved wants all gates of the order that stand before the switch of a group,
// from 1, open by signed decisions on exactly this.
func (a Authority) approved(w *slipway.Warrant, g grant, group int, open opener) error {
	decisions := make([]slipway.DecisionStatement, len(w.Decisions))
	for i, token := range w.Decisions {
		if _, err := open(token, &decisions[i]); err != nil {
			return refused(g.release, err)
		}
	}
	if err := g.Decided(g.order, g.release, g.digest, decisions, group); err != nil {
		return refused(g.release, err)
	}
	return nil
}

// switching is the whole of what entitles an edge to send traffic to a release.
// For an edge that was away so long that the order does not count any more, it
// is enough that it did, and that another edge serves the release: nothing new
// is released by that. Nor does such an edge wait for a window.
func (a *Central) switching(ctx context.Context, w *slipway.Warrant, release, edge string) (grant, error) {
	open := a.Signatures.Open
	g, err := a.order(w, release, open)
	if err != nil {
		past, invalid := a.past(w, release)
		if invalid != nil || !a.servesElsewhere(ctx, past, edge) {
			return g, err
		}
		g, open = past, a.Signatures.Proof
	}
	if err := g.through(edge); err != nil {
		return g, err
	}
	if _, err := a.resolved(w, &g); err != nil {
		return g, err
	}
	if err := a.approved(w, g, g.Group(edge), open); err != nil {
		return g, err
	}
	if err := a.inTime(w, g, a.behind(g, edge)); err != nil && !a.servesElsewhere(ctx, g, edge) {
		return g, err
	}
	return g, nil
}

// servesElsewhere reports whether another edge of the order serves its release.
func (a *Central) servesElsewhere(ctx context.Context, g grant, edge string) bool {
	for _, name := range g.Edges {
		if name == edge {
			continue
		}
		if other, err := a.Edges.Edge(name); err == nil {
			if route, err := other.Route(ctx, g.ServiceID); err == nil && route.Active == g.release {
				return true
			}
		}
	}
	return false
}

func (g grant) through(edge string) error {
	if !slices.Contains(g.Edges, edge) {
		return refused(g.release, slipway.Errorf(slipway.CodeForbidden, "edge %s is not among those that were ordered: %v", edge, g.Edges))
	}
	return nil
}

// reached holds upstreams to containers that a worker has started for the
// order, at the addresses at which that edge reaches them.
func (a Authority) reached(w *slipway.Warrant, g grant, edge string, upstreams []string) error {
	fleet := a.Fleet()
	at, ok := fleet.Edge(edge)
	if !ok {
		return slipway.Errorf(slipway.CodeNotFound, "edge %q is not in the fleet file", edge)
	}
	var known []string
	for _, token := range w.Containers {
		var c slipway.ContainerStatement
		if _, err := a.Signatures.Proof(token, &c); err != nil {
			return refused(g.release, err)
		}
		if c.Order != g.order || c.Release != g.release || c.Digest != g.digest {
			return refused(g.release, slipway.Errorf(slipway.CodeForbidden, "container %s on host %s was started for %s, for another order or image", c.Name, c.Host, c.Release))
		}
		host, ok := fleet.Host(c.Host)
		switch {
		case c.Reach[edge] != "":
			known = append(known, c.Reach[edge])
		case !ok:
		case at.On == c.Host:
			known = append(known, slipway.HostPort(c.Address, g.Port))
		case c.HostPort != 0:
			known = append(known, slipway.HostPort(host.Address, c.HostPort))
		}
	}
	for _, upstream := range upstreams {
		if !slices.Contains(known, upstream) {
			return refused(g.release, slipway.Errorf(slipway.CodeForbidden, "%s is no container that was started for it: edge %s reaches it at %v", upstream, edge, known))
		}
	}
	return nil
}

// registry is the name of the one registry that has a role.
func (a Authority) registry(g grant, name string, role slipway.RegistryRole) error {
	if have, ok := a.Fleet().RegistryFor(role); !ok || have.Name != name {
		return refused(g.release, slipway.Errorf(slipway.CodeForbidden, "registry %q is not the one with the role %s in the fleet file, which is %q", name, role, have.Name))
	}
	return nil
}

// refused is how an effect is refused for what is signed, or is not.
func refused(release string, why error) error {
	return slipway.Errorf(slipway.CodeForbidden, "%s%s%w", release, refusal, why)
}
