package slipway

import "slices"

// A Warrant is what entitles a release to an effect: signed statements, which
// each activity verifies by itself before it does anything. It travels through
// Temporal, which can withhold it, and cannot make one up.
type Warrant struct {
	Order      string   `json:"order"`                // OrderStatement
	Image      string   `json:"image,omitempty"`      // ImageStatement; once the tag is resolved
	Decisions  []string `json:"decisions,omitempty"`  // DecisionStatement each
	Passes     []string `json:"passes,omitempty"`     // PassStatement each
	Containers []string `json:"containers,omitempty"` // ContainerStatement each; only for an edge
	Joins      []string `json:"joins,omitempty"`      // JoinStatement each; of hosts and edges that the order did not name yet
}

// Decided says why the decisions do not open all gates of an order that stand
// before the switch of a group (from 1), and of those before it, for a release of
// a digest; nil if they do. Each gate counts the people who approved, without
// whoever asked for the release, be it by a token; one rejection closes it. A
// decision that is about something else is an error, not a voice less: it was
// put there by somebody. The error has CodeForbidden.
func (s OrderStatement) Decided(order, release, digest string, decisions []DecisionStatement, group int) error {
	for _, d := range decisions {
		switch {
		case d.Order != order || d.Release != release:
			return Errorf(CodeForbidden, "the decision of %s at gate %s was made on %s, for another order: it does not count for %s", d.By, d.Gate, d.Release, release)
		case d.Digest != digest || d.Settings != s.Settings || d.Plan != s.Plan:
			return Errorf(CodeForbidden, "the decision of %s at gate %s of %s is about %s with settings %.12s and plan %.12s, but it is %s with %.12s and %.12s: what was approved has changed",
				d.By, d.Gate, release, ShortDigest(d.Digest), d.Settings, d.Plan, ShortDigest(digest), s.Settings, s.Plan)
		case d.By == "" || PersonOf(d.By) == PersonOf(s.RequestedBy):
			return Errorf(CodeForbidden, "%s asked for %s and cannot decide on it", s.RequestedBy, release)
		case d.Verdict != Approve:
			return Errorf(CodeForbidden, "%s rejected gate %s of %s: %s", d.By, d.Gate, release, d.Reason)
		}
	}
	if s.Kind == KindRollback || s.Kind == KindAdopt || s.Kind == KindRestart { // what it is about was live before
		return nil
	}
	for _, g := range s.Gates {
		if before := g.Group(); before == 0 || before > group { // nothing that it guards switches now
			continue
		}
		var people []string
		for _, d := range decisions {
			if person := PersonOf(d.By); d.Gate == g.Name && !slices.Contains(people, person) {
				people = append(people, person)
			}
		}
		if need := max(g.Approvers.Quorum, 1); len(people) < need {
			return Errorf(CodeForbidden, "gate %s of %s asks for the signed approval of %d people and has that of %d: approve it with slipway approve, or on its page", g.Name, release, need, len(people))
		}
	}
	return nil
}
