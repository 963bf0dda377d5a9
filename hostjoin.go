package slipway

import (
	"slices"
	"strings"
	"time"
)

// A HostJoin is how far a host is part of what is live.
type HostJoin struct {
	Services []Joined `json:"services"` // that are to run on it, or to be served by edges that lead to it
}

// Joined is how far a host is part of one service.
type Joined struct {
	Service ServiceID `json:"service"`
	Release string    `json:"release"` // that is live
	State   JoinState `json:"state"`
	Reason  string    `json:"reason,omitempty"` // why it is not further
}

// A JoinState is how far that is.
type JoinState string

// The states.
const (
	JoinDone    JoinState = "joined"  // the version is there, and edges know
	JoinBegun   JoinState = "joining" // the version is on its way
	JoinWaits   JoinState = "waiting" // for a release, or the end of a hold
	JoinRefused JoinState = "refused" // it cannot join as things are
	JoinUnasked JoinState = "unasked" // nobody has asked for it, or it was asked of an earlier release
)

// Joins says how far a host is part of the service, as the fleet file has both
// now. Ok is false where it is not meant to be, or nothing is live.
func (s ServiceStatus) Joins(host string, fleet *Fleet) (joined Joined, ok bool) {
	if s.Live == nil {
		return Joined{}, false
	}
	state := func(state JoinState, reason string) (Joined, bool) {
		return Joined{Service: s.ServiceID, Release: s.Live.Release, State: state, Reason: reason}, true
	}
	plan, err := NewPlan(fleet, s.Live.Service)
	_, news := s.Live.Join(plan, host, "", time.Time{})
	switch {
	case err != nil:
		if fleet.meets(s.Live.Service, host) {
			return state(JoinRefused, err.Error())
		}
		return Joined{}, false
	case slices.Contains(s.Joining, host) && s.Running != "":
		return state(JoinWaits, s.Running+" is on its way")
	case slices.Contains(s.Joining, host) && s.Held != "":
		return state(JoinWaits, s.Held+" holds what served before: accept it (slipway accept "+s.Held+"), or wait until that is over")
	case slices.Contains(s.Joining, host):
		return state(JoinWaits, "it is about to begin")
	case !news.None() && s.Live.Adopted != nil:
		return state(JoinRefused, "it runs in a container that was adopted: release it first")
	case !news.None():
		return state(JoinUnasked, "nobody has asked for it")
	case len(news.Unreached) > 0:
		return state(JoinRefused, "its containers have no port for edge "+strings.Join(news.Unreached, ", ")+": slipway restart "+s.ServiceID.String()+" gives them one")
	}
	for _, b := range s.Live.Behind {
		if b.Host == host || b.Edge != "" && s.Live.Plan.leads(b.Edge, host) {
			return state(JoinBegun, b.String()+": "+b.Error)
		}
	}
	if s.Live.Plan.host(host) >= 0 || slices.ContainsFunc(s.Live.Plan.Edges, func(e PlanEdge) bool { return s.Live.Plan.leads(e.Name, host) }) {
		return state(JoinDone, "")
	}
	return Joined{}, false
}

// leads reports whether an edge of the plan is on a host, or sends traffic to it.
func (p Plan) leads(edge, host string) bool {
	i := p.edge(edge)
	return i >= 0 && (p.Edges[i].On == host || slices.Contains(p.Edges[i].Hosts, host))
}

// meets reports whether a service is meant to run on a host.
func (f *Fleet) meets(svc Service, host string) bool {
	h, ok := f.Host(host)
	project, known := f.Project(svc.Project)
	return ok && known && project.Hosts.Selects(h) && svc.Hosts.Selects(h)
}
