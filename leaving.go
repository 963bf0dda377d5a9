package slipway

import (
	"maps"
	"slices"
	"strings"
)

// EdgesOf are the names of the edges that go with a host when it is taken out
// for good: those on it, and those that send traffic to no other.
func (p Plan) EdgesOf(host string) []string {
	out := []string{}
	for _, e := range p.Edges {
		if e.goesWith(host) {
			out = append(out, e.Name)
		}
	}
	return out
}

func (e PlanEdge) goesWith(host string) bool {
	return e.On == host || len(e.Hosts) == 1 && e.Hosts[0] == host
}

// Knows reports whether the version is to run on a host, runs there, or is
// served by an edge that goes with it.
func (v *Version) Knows(host string) bool {
	return v != nil && (v.Plan.host(host) >= 0 || len(v.Plan.EdgesOf(host)) > 0)
}

// Forget is the version without a host and the edges that go with it. The
// version itself is not changed.
func (v Version) Forget(host string) Version {
	gone := v.Plan.EdgesOf(host)
	if i := v.Plan.host(host); i >= 0 {
		v.Plan.Hosts = slices.Delete(slices.Clone(v.Plan.Hosts), i, i+1)
		v.Hosts = slices.Delete(slices.Clone(v.Hosts), i, i+1)
		if i < len(v.Facts) {
			v.Facts = slices.Delete(slices.Clone(v.Facts), i, i+1)
		}
	}
	v.Plan.Profiles = maps.Clone(v.Plan.Profiles)
	delete(v.Plan.Profiles, host)
	edges := []PlanEdge{}
	for _, e := range v.Plan.Edges {
		if !slices.Contains(gone, e.Name) {
			e.Hosts = without(e.Hosts, host)
			edges = append(edges, e)
		}
	}
	v.Plan.Edges = edges
	v.Leaving = slices.DeleteFunc(slices.Clone(v.Leaving), func(h ReleaseHost) bool { return h.Name == host })
	v.Behind = slices.DeleteFunc(slices.Clone(v.Behind), func(b Behind) bool {
		return b.Host == host || b.Edge != "" && slices.Contains(gone, b.Edge)
	})
	return v
}

// MayForget returns nil if what is live can be taken off a host for good now, and
// the edges that go with it can stop to serve. Otherwise the error, of
// CodeConflict, says why not and what would help.
func (s ServiceStatus) MayForget(host string) error {
	if err := s.MayLeave(host); err != nil || !s.Live.Knows(host) {
		return err
	}
	gone := s.Live.Plan.EdgesOf(host)
	switch {
	case s.Held != "":
		return Errorf(CodeConflict, "%s holds what served before, to go back to: accept it (slipway accept %s), or wait until that is over", s.Held, s.Held)
	case len(s.Live.Plan.Hosts) == 1 && s.Live.Plan.host(host) >= 0:
		return Errorf(CodeConflict, "it is the only host of %s: give the service another one, or remove it (slipway remove %s)", s.ServiceID, s.ServiceID)
	case len(gone) > 0 && len(gone) == len(s.Live.Plan.Edges):
		return Errorf(CodeConflict, "no other edge leads to %s than %s: give it another one, or remove it (slipway remove %s)", s.ServiceID, strings.Join(gone, ", "), s.ServiceID)
	}
	return nil
}

// Without is the fleet without hosts that were taken out for good, and without
// the edges that go with them.
func (f *Fleet) Without(hosts ...string) *Fleet {
	if len(hosts) == 0 {
		return f
	}
	out := *f
	gone := func(name string) bool { return slices.Contains(hosts, name) }
	out.Hosts = slices.DeleteFunc(slices.Clone(f.Hosts), func(h Host) bool { return gone(h.Name) })
	out.Edges = nil
	for _, e := range f.Edges {
		if e.On != "" && gone(e.On) {
			continue
		}
		if len(e.Hosts) > 0 {
			if e.Hosts = slices.DeleteFunc(slices.Clone(e.Hosts), gone); len(e.Hosts) == 0 {
				continue
			}
		}
		out.Edges = append(out.Edges, e)
	}
	return &out
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(have string) bool { return have == name })
}
