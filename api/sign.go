package api

import (
	"context"
	"slices"
	"time"

	"slipway"
)

// Signatures are the key of this process and those that count. What people
// want is signed here, where it is known who they are and what they may; the
// workers do nothing without.
type Signatures interface {
	// Seal signs a statement, which entitles to something for so long. Errors:
	// CodeForbidden where the key of this process does not count.
	Seal(s slipway.Statement, lasts time.Duration) (string, error)

	// Open verifies a statement that entitles to something now, and decodes it
	// into s, a pointer. Errors: CodeForbidden, with the reason.
	Open(token string, s slipway.Statement) (slipway.Seal, error)

	// Proof is Open for one that entitled to something when it was signed.
	Proof(token string, s slipway.Statement) (slipway.Seal, error)
}

// signOrder signs an order, as the last thing before it is handed on.
func (s *server) signOrder(order *slipway.Order) error {
	statement := order.Statement()
	var err error
	order.Signature, err = s.Signatures.Seal(statement, statement.Lasts())
	return err
}

// request is what whoever is signed in asks of a release, or of whichever
// release of a service has it in hand.
func (s *server) request(ctx context.Context, act string, service slipway.ServiceID, release, reason string) (slipway.Request, error) {
	r := slipway.Request{By: requestOf(ctx).session.User, Reason: reason}
	var err error
	r.Signature, err = s.Signatures.Seal(slipway.RequestStatement{
		Act: act, ServiceID: service, Release: release, By: r.By, Reason: reason,
	}, slipway.RequestLasts)
	return r, err
}

// ordered is the order that a release carries out, as it was signed. What the
// release says of itself comes from Temporal; where that is something else, it
// is no release that anybody could decide on.
func (s *server) ordered(id slipway.ReleaseID, r slipway.Release) (slipway.OrderStatement, slipway.Seal, error) {
	var o slipway.OrderStatement
	seal, err := s.Signatures.Open(r.Signature, &o)
	if err != nil {
		return o, seal, err
	}
	if o.ServiceID != id.ServiceID || o.Tag != r.Tag || o.Settings != r.Settings || o.Plan != r.Plan || o.RequestedBy != r.RequestedBy || o.Kind != r.Kind {
		return o, seal, slipway.Errorf(slipway.CodeForbidden, "%s shows %s with settings %.12s, asked for by %s, but what was ordered is %s of %s with %.12s, by %s: somebody has changed it in Temporal",
			id, r.Tag, r.Settings, r.RequestedBy, o.Tag, o.ServiceID, o.Settings, o.RequestedBy)
	}
	return o, seal, nil
}

// signDecision signs a decision of whoever is signed in, about exactly this.
func (s *server) signDecision(id slipway.ReleaseID, r slipway.Release, d *slipway.Decision) error {
	order, seal, err := s.ordered(id, r)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(order.Gates, func(g slipway.Gate) bool { return g.Name == d.Gate })
	switch {
	case i < 0 || !slices.ContainsFunc(r.Gates, func(g slipway.GateState) bool { return g.Gate == order.Gates[i] }):
		return slipway.Errorf(slipway.CodeForbidden, "gate %s of %s is not what was ordered: somebody has changed it in Temporal", d.Gate, id)
	case slipway.PersonOf(d.By) == slipway.PersonOf(order.RequestedBy):
		return slipway.Errorf(slipway.CodeForbidden, "%s asked for %s and cannot decide on it", d.By, id)
	}
	d.Signature, err = s.Signatures.Seal(slipway.DecisionStatement{
		Release: id.String(), Order: seal.ID, Gate: d.Gate, Verdict: d.Verdict, By: d.By, Reason: d.Reason,
		Digest: d.Digest, Settings: d.Settings, Plan: order.Plan, RequestedBy: order.RequestedBy,
	}, seal.Until.Sub(s.Now()))
	return err
}

// proven makes sure that a version which the lane calls good was ordered,
// resolved and approved once, with these settings and this digest. The lane's
// word is Temporal's.
func (s *server) proven(v slipway.Version) error {
	w := v.Warrant
	if w == nil {
		w = &slipway.Warrant{}
	}
	var order slipway.OrderStatement
	seal, err := s.Signatures.Proof(w.Order, &order)
	if err != nil {
		return unproven(v, err)
	}
	var image slipway.ImageStatement
	if _, err := s.Signatures.Proof(w.Image, &image); err != nil {
		return unproven(v, err)
	}
	decisions := make([]slipway.DecisionStatement, len(w.Decisions))
	for i, token := range w.Decisions {
		if _, err := s.Signatures.Proof(token, &decisions[i]); err != nil {
			return unproven(v, err)
		}
	}
	if order.ServiceID != v.Service.ServiceID || order.Settings != v.Service.SettingsHash() || image.Order != seal.ID || image.Digest != v.Digest {
		return unproven(v, slipway.Errorf(slipway.CodeForbidden, "what was ordered is %s of %s with settings %.12s, which is not %s with %.12s",
			order.Tag, order.ServiceID, order.Settings, slipway.ShortDigest(v.Digest), v.Service.SettingsHash()))
	}
	if err := order.Decided(seal.ID, v.Release, v.Digest, decisions, order.LastGroup()); err != nil {
		return unproven(v, err)
	}
	return nil
}

func unproven(v slipway.Version, why error) error {
	return slipway.Errorf(slipway.CodeForbidden, "it cannot be shown that %s was released as %s, so going back to it takes no short cut: release %s again, with its gates (%w)",
		slipway.ShortDigest(v.Digest), v.Release, v.Digest, why)
}
