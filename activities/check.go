package activities

import (
	"cmp"
	"context"

	"slipway"
)

// DecisionInput is a decision as it arrived at a release.
type DecisionInput struct {
	Release  string           `json:"release"`
	Order    string           `json:"order"` // signed
	Decision slipway.Decision `json:"decision"`
}

// CheckDecision makes sure that the API has signed this decision, on this
// release. It changes nothing. The switch does not rely on it: this is for
// people, who hear at once that something does not count.
func (a *Central) CheckDecision(_ context.Context, in DecisionInput) error {
	return Failure(a.checkDecision(in))
}

func (a *Central) checkDecision(in DecisionInput) error {
	g, err := a.past(&slipway.Warrant{Order: in.Order}, in.Release)
	if err != nil {
		return err
	}
	var s slipway.DecisionStatement
	if _, err := a.Signatures.Open(in.Decision.Signature, &s); err != nil {
		return uncounted("the decision of "+in.Decision.By, in.Release, err)
	}
	d := in.Decision
	said := slipway.DecisionStatement{
		Release: in.Release, Order: g.order, Gate: d.Gate, Verdict: d.Verdict, By: d.By, Reason: d.Reason,
		Digest: d.Digest, Settings: d.Settings, Plan: g.Plan, RequestedBy: g.RequestedBy,
	}
	if s != said {
		return uncounted("the decision of "+d.By, in.Release, slipway.Errorf(slipway.CodeForbidden,
			"what was signed is that %s said %s at gate %s of %s, about %s with settings %.12s", s.By, s.Verdict, s.Gate, s.Release, slipway.ShortDigest(s.Digest), s.Settings))
	}
	return nil
}

// PassInput is a pass as it arrived at a release.
type PassInput struct {
	Release string       `json:"release"`
	Order   string       `json:"order"` // signed
	Pass    slipway.Pass `json:"pass"`
}

// CheckPass makes sure that the API has signed this pass, for this release. It
// changes nothing. The switch does not rely on it.
func (a *Central) CheckPass(_ context.Context, in PassInput) error {
	return Failure(a.checkPass(in))
}

func (a *Central) checkPass(in PassInput) error {
	g, err := a.past(&slipway.Warrant{Order: in.Order}, in.Release)
	if err != nil {
		return err
	}
	var s slipway.PassStatement
	if _, err := a.Signatures.Open(in.Pass.Signature, &s); err != nil {
		return uncounted("the pass of "+in.Pass.By, in.Release, err)
	}
	p := in.Pass
	said := slipway.PassStatement{
		Release: in.Release, Order: g.order, By: p.By, Reason: p.Reason, Decides: p.Decides,
		Digest: p.Digest, Settings: p.Settings, Plan: g.Plan, RequestedBy: g.RequestedBy,
	}
	if s != said {
		return uncounted("the pass of "+p.By, in.Release, slipway.Errorf(slipway.CodeForbidden,
			"what was signed is that %s broke the glass for %s, about %s with settings %.12s", s.By, s.Release, slipway.ShortDigest(s.Digest), s.Settings))
	}
	return nil
}

// RequestInput is a request as it arrived at a release.
type RequestInput struct {
	Release   string   `json:"release"`
	Acts      []string `json:"acts"` // of which the request may be any
	By        string   `json:"by"`
	Signature string   `json:"signature"`
	Edges     []string `json:"edges,omitempty"` // a newer release that these serve instead may ask it, too
}

// CheckRequest makes sure that the API has signed a request for this release,
// or for whichever release of its service has it in hand. It changes nothing.
// The order is not asked for: with its key revoked, going back is what is wanted
// most.
func (a *Central) CheckRequest(ctx context.Context, in RequestInput) error {
	return Failure(a.checkRequest(ctx, in))
}

func (a *Central) checkRequest(ctx context.Context, in RequestInput) error {
	id, err := slipway.ParseReleaseID(in.Release)
	if err != nil {
		return err
	}
	if len(in.Edges) > 0 && in.Signature == "" && a.replaced(ctx, id, in.By, in.Edges) {
		return nil
	}
	var s slipway.RequestStatement
	if _, err := a.Signatures.Open(in.Signature, &s); err != nil {
		return uncounted("the request of "+in.By, in.Release, err)
	}
	for _, act := range in.Acts {
		if s.Act == act && s.By == in.By && s.ServiceID == id.ServiceID && (s.Release == "" || s.Release == in.Release) {
			return nil
		}
	}
	return uncounted("the request of "+in.By, in.Release, slipway.Errorf(slipway.CodeForbidden,
		"what was signed is that %s wanted to %s %s", s.By, s.Act, cmp.Or(s.Release, s.ServiceID.String())))
}

// replaced reports whether the edges say that a newer release serves instead of
// own: one does at least, and none that answers serves own.
func (a *Central) replaced(ctx context.Context, own slipway.ReleaseID, newer string, edges []string) bool {
	id, err := slipway.ParseReleaseID(newer)
	if err != nil || id.ServiceID != own.ServiceID || id.Number <= own.Number {
		return false
	}
	serving := false
	for _, name := range edges {
		edge, err := a.Edges.Edge(name)
		if err != nil {
			continue
		}
		route, err := edge.Route(ctx, own.ServiceID)
		if err == nil && route.Active == own.String() {
			return false
		}
		serving = serving || err == nil && route.Active == newer
	}
	return serving
}

// uncounted is how what somebody is to have said is refused.
func uncounted(what, release string, why error) error {
	return slipway.Errorf(slipway.CodeForbidden, "%s on %s%s%w", what, release, void, why)
}
