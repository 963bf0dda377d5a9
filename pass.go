package slipway

import (
	"slices"
	"time"
)

// A Pass is one person's word that a release is to switch although a window is
// shut, or a freeze is on: break-glass. It takes two people. Digest and Settings
// are what they saw.
type Pass struct {
	By       string    `json:"by"`
	Reason   string    `json:"reason"`
	Decides  bool      `json:"decides"` // By may decide on releases of the project
	Digest   string    `json:"digest"`
	Settings string    `json:"settings"`
	At       time.Time `json:"at,omitzero"`

	Signature string `json:"signature,omitempty"` // a PassStatement by the API; without it the pass does not count
}

// A PassStatement is what the API signs when somebody breaks the glass.
type PassStatement struct {
	Release     string `json:"release"`
	Order       string `json:"order"` // the ID of the order's seal
	By          string `json:"by"`
	Reason      string `json:"reason"`
	Decides     bool   `json:"decides"`
	Digest      string `json:"digest"`
	Settings    string `json:"settings"`
	Plan        string `json:"plan"`
	RequestedBy string `json:"requested_by"`
}

// Type is that of passes.
func (PassStatement) Type() string { return "slipway-pass" }

// Signer is the API, which knows who it is and what they may.
func (PassStatement) Signer() KeyUse { return APIKey }

// PassLasts is how long a pass counts: it is for an emergency, which is now.
const PassLasts = 4 * time.Hour

// glass counts who wants a release to switch in spite of a window.
type glass struct {
	requester string
	people    []string
	decides   bool // one of them may decide, and has not asked for the release
}

func (g *glass) add(by string, decides bool) {
	if person := PersonOf(by); !slices.Contains(g.people, person) {
		g.people = append(g.people, person)
	}
	g.decides = g.decides || decides && PersonOf(by) != PersonOf(g.requester)
}

// broken reports whether two people want it, one of whom may decide on what
// somebody else has asked for.
func (g *glass) broken() bool { return g.decides && len(g.people) > 1 }

// Passed says why the passes do not let a release of the order switch outside of
// a window; nil if they do. A pass that is about something else is an error, not
// a voice less. The error has CodeForbidden.
func (s OrderStatement) Passed(order, release, digest string, passes []PassStatement) error {
	g := glass{requester: s.RequestedBy}
	if s.BreakGlass {
		g.add(s.RequestedBy, false)
	}
	for _, p := range passes {
		switch {
		case p.Order != order || p.Release != release:
			return Errorf(CodeForbidden, "the pass of %s was given to %s, for another order: it does not count for %s", p.By, p.Release, release)
		case p.Digest != digest || p.Settings != s.Settings || p.Plan != s.Plan:
			return Errorf(CodeForbidden, "the pass of %s is about %s with settings %.12s, but %s is %s with %.12s: what was passed has changed",
				p.By, ShortDigest(p.Digest), p.Settings, release, ShortDigest(digest), s.Settings)
		}
		g.add(p.By, p.Decides)
	}
	if !g.broken() {
		return Errorf(CodeForbidden, "two people break the glass, one of whom may decide on %s and has not asked for it, and %d did", release, len(g.people))
	}
	return nil
}

// Passed reports whether enough people have broken the glass for the release.
func (r *Release) Passed() bool {
	g := glass{requester: r.RequestedBy}
	if r.BreakGlass {
		g.add(r.RequestedBy, false)
	}
	for _, p := range r.Passes {
		g.add(p.By, p.Decides)
	}
	return g.broken()
}

// TakesPass returns nil if the pass is one more voice for the release: it has
// not switched yet, and the pass is about what it is, by somebody who has not
// said so before. The error is an *Error.
func (r *Release) TakesPass(p Pass) error {
	switch {
	case p.By == "" || p.Reason == "":
		return Errorf(CodeInvalid, "who breaks the glass says who it is, and why")
	case r.Kind != KindRelease:
		return Errorf(CodeConflict, "%s waits for no window: it is a %s", r.ID, r.Kind)
	case r.Outcome != nil || r.SwitchedAt != nil || r.Phase == Undoing:
		return Errorf(CodeConflict, "%s is past its switch, or over: there is no glass to break", r.ID)
	case r.Digest == "":
		return Errorf(CodeConflict, "%s is not verified yet: look at what it is, and say it again", r.ID)
	case p.Digest != r.Digest || p.Settings != r.Settings:
		return Errorf(CodeConflict, "the pass is about another digest or other settings than %s has", r.ID)
	case slices.ContainsFunc(r.Passes, func(have Pass) bool {
		return PersonOf(have.By) == PersonOf(p.By) && p.At.Sub(have.At) < PassLasts
	}):
		return Errorf(CodeConflict, "%s has broken the glass for %s already: it takes somebody else, too", p.By, r.ID)
	}
	return nil
}
