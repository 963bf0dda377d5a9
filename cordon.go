package slipway

import (
	"slices"
	"time"
)

// A Cordon keeps new releases off a host until it is taken away again. What
// runs there goes on, unless Drain is set: then every service leaves the host,
// too, as soon as it may.
type Cordon struct {
	Host   string    `json:"host"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
	Drain  bool      `json:"drain,omitempty"`

	Remove    bool   `json:"remove,omitempty"`    // for good: what is live forgets the host when it has left, and its edges stop to serve
	Gone      bool   `json:"gone,omitempty"`      // with Remove: nothing on the host answers any more, or ever will
	Signature string `json:"signature,omitempty"` // with Remove: the RequestStatement by which edges are pointed at nothing
}

// String is the cordon as a reason that people read.
func (c Cordon) String() string {
	switch {
	case c.Gone:
		return "given up by " + c.By + ": " + c.Reason
	case c.Remove:
		return "removed by " + c.By + ": " + c.Reason
	case c.Drain:
		return "drained by " + c.By + ": " + c.Reason
	}
	return "cordoned by " + c.By + ": " + c.Reason
}

// Cordons are those of the whole fleet. Of two, the one with the higher
// revision is true.
type Cordons struct {
	Revision int      `json:"revision"`
	Hosts    []Cordon `json:"hosts,omitempty"` // at most one for a host, the oldest first
}

// Of finds the cordon of a host.
func (c Cordons) Of(host string) (Cordon, bool) {
	i := slices.IndexFunc(c.Hosts, func(have Cordon) bool { return have.Host == host })
	if i < 0 {
		return Cordon{}, false
	}
	return c.Hosts[i], true
}

// Removed are the hosts that were taken out for good.
func (c Cordons) Removed() []string {
	var out []string
	for _, have := range c.Hosts {
		if have.Remove {
			out = append(out, have.Host)
		}
	}
	return out
}

// On are those that concern a plan; nil for none.
func (c Cordons) On(plan Plan) []Cordon {
	var out []Cordon
	for _, h := range plan.Hosts {
		if cordon, ok := c.Of(h.Name); ok {
			out = append(out, cordon)
		}
	}
	return out
}

// A HostCare is how far a host is emptied.
type HostCare struct {
	Cordon *Cordon     `json:"cordon"` // null: nothing keeps releases away
	Left   []Remaining `json:"left"`   // what still runs there
}

// Remaining is a version of a service that still runs on a host.
type Remaining struct {
	Service ServiceID `json:"service"`
	Release string    `json:"release"`
	Stuck   string    `json:"stuck,omitempty"` // what keeps it there; empty: it is about to leave, or need not
}

// RunsOn reports whether what is live has its container on a host, or may have.
func (s ServiceStatus) RunsOn(host string) bool {
	return s.Live != nil && s.Live.RunsOn(host)
}

// RunsOn reports whether the version has its container on a host, or may have.
func (v *Version) RunsOn(host string) bool {
	return v.leaves(host) || slices.ContainsFunc(v.Hosts, func(h ReleaseHost) bool { return h.Name == host && h.Phase != HostQuarantined })
}

// leaves reports whether the version is being taken off a host.
func (v *Version) leaves(host string) bool {
	return slices.ContainsFunc(v.Leaving, func(h ReleaseHost) bool { return h.Name == host })
}

// MayLeave returns nil if the service can be taken off a host now without
// anybody noticing. Otherwise the error, of CodeConflict, says why not and what
// would help.
func (s ServiceStatus) MayLeave(host string) error {
	switch {
	case s.Running != "":
		return Errorf(CodeConflict, "%s is on its way: wait for its end (slipway watch %s), or abort it (slipway abort %s)", s.Running, s.Running, s.Running)
	case s.Held != "" && (s.RunsOn(host) || len(s.Good) > 0 && s.Good[0].RunsOn(host)):
		return Errorf(CodeConflict, "%s holds what served before, to go back to: accept it (slipway accept %s), or wait until that is over", s.Held, s.Held)
	case !s.RunsOn(host) || s.Live.leaves(host):
		return nil
	case s.Live.Adopted != nil:
		return Errorf(CodeConflict, "%s still runs in the container that was adopted, which cannot be started elsewhere: release it first", s.ServiceID)
	}
	stay := 0
	for _, h := range s.Live.Hosts {
		if h.Name != host && h.Phase != HostQuarantined {
			stay++
		}
	}
	all, rules := len(s.Live.Plan.Hosts), s.Live.Service.Strategy.BlueGreen
	if least := max(rules.MinServing.AtLeast(all), 1); stay < least {
		return Errorf(CodeConflict, "%d of its %d hosts would serve, but min_serving wants %d: uncordon or mend another host of it, give it more, or remove it (slipway remove %s)",
			stay, all, least, s.ServiceID)
	}
	return nil
}
