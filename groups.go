package slipway

import (
	"slices"
	"strings"
	"time"
)

// A Group is hosts that a release comes to together, with their edges: it is
// deployed, proven, switched and watched there before the next one begins. The
// first is the canary.
type Group struct {
	Hosts Selector `json:"hosts"`
	Watch Duration `json:"watch"` // after its switch, before the next one begins; 0: not at all
}

// OnFailure says what goes back when a group after the first fails.
type OnFailure string

// What may go back.
const (
	AllGoBack     OnFailure = ""      // all groups; a service file writes "all"
	GroupGoesBack OnFailure = "group" // only the one that failed; then the release is stuck
)

// DefaultWatch is how long a group is watched where a service file says nothing.
const DefaultWatch = Duration(time.Minute)

// A PlanGroup is a group as a fleet has it: names of hosts and edges of the plan,
// in its order. Every edge is in one group.
type PlanGroup struct {
	Hosts []string `json:"hosts"`
	Edges []string `json:"edges"`
	Watch Duration `json:"watch"`
}

// addGroups sorts the plan's hosts and edges into groups. The first group that
// selects a host has it; hosts that none selects are a last group, which is not
// watched by itself, because blue is held from then on.
func (p *Plan) addGroups(fleet *Fleet, svc Service) error {
	wanted := svc.Strategy.BlueGreen.Groups
	if len(wanted) == 0 {
		return p.gatesStand(svc)
	}
	p.Groups = make([]PlanGroup, len(wanted)+1)
	groupOf := map[string]int{}
	for i, g := range wanted {
		p.Groups[i].Watch = g.Watch
		for _, name := range g.Hosts.Names {
			if !slices.ContainsFunc(p.Hosts, func(h PlanHost) bool { return h.Name == name }) {
				return Errorf(CodeInvalid, "group %d of %s names host %q, which it does not run on: take it out, or widen hosts of the service", i+1, svc.ServiceID, name)
			}
		}
	}
	for _, h := range p.Hosts {
		host, _ := fleet.Host(h.Name)
		i := slices.IndexFunc(wanted, func(g Group) bool { return g.Hosts.Selects(host) })
		if i < 0 {
			i = len(wanted)
		}
		groupOf[h.Name] = i
		p.Groups[i].Hosts = append(p.Groups[i].Hosts, h.Name)
	}
	for _, e := range p.Edges {
		first := groupOf[e.Hosts[0]]
		for _, h := range e.Hosts {
			if other := groupOf[h]; other != first {
				return Errorf(CodeInvalid, "edge %q sends traffic to %s of group %d and to %s of group %d of %s: an edge serves one version at a time, so put its hosts (%s) into one group",
					e.Name, e.Hosts[0], first+1, h, other+1, svc.ServiceID, strings.Join(e.Hosts, ", "))
			}
		}
		p.Groups[first].Edges = append(p.Groups[first].Edges, e.Name)
	}
	if len(p.Groups[len(wanted)].Hosts) == 0 {
		p.Groups = p.Groups[:len(wanted)]
	}
	for i, g := range p.Groups {
		switch {
		case len(g.Hosts) == 0:
			return Errorf(CodeInvalid, "group %d of %s selects no host that it runs on and that no group before it has: change its hosts, or take it out", i+1, svc.ServiceID)
		case len(g.Edges) == 0:
			return Errorf(CodeInvalid, "no edge sends traffic to group %d of %s (%s), so nothing would be seen there: put these hosts into another group", i+1, svc.ServiceID, strings.Join(g.Hosts, ", "))
		}
	}
	return p.gatesStand(svc)
}

// gatesStand refuses gates before groups that there are not.
func (p *Plan) gatesStand(svc Service) error {
	for _, g := range svc.Gates {
		if n := g.Group(); n > max(len(p.Groups), 1) {
			return Errorf(CodeInvalid, "gate %s of %s stands before group %d, and its hosts are in %d: take the gate out, or add a group", g.Name, svc.ServiceID, n, max(len(p.Groups), 1))
		}
	}
	return nil
}

// Groups are what the release comes to one after the other. Without groups, and
// for what was live before, which waits for nothing, that is all at once.
func (o Outlook) Groups() []PlanGroup {
	plan := o.Order.Plan
	if o.Grouped() {
		return plan.Groups
	}
	var all PlanGroup
	for _, h := range plan.Hosts {
		all.Hosts = append(all.Hosts, h.Name)
	}
	for _, e := range plan.Edges {
		all.Edges = append(all.Edges, e.Name)
	}
	return []PlanGroup{all}
}

// Grouped reports whether the release comes to one group of hosts after the
// other.
func (o Outlook) Grouped() bool { return o.Order.Kind == KindRelease && len(o.Order.Plan.Groups) > 0 }

// GoesBackAlone reports whether of all groups only this one goes back if it fails,
// by its position. Of the first there is none before it that could stay.
func (o Outlook) GoesBackAlone(group int) bool {
	return group > 0 && o.Grouped() && o.Order.Service.Strategy.BlueGreen.OnFailure == GroupGoesBack
}

// AtATime is how many of n hosts green is brought to at a time.
func (b BlueGreen) AtATime(n int) int {
	if b.MaxParallel == (Share{}) {
		return n
	}
	return max(b.MaxParallel.AtMost(n), 1)
}

// Pauses is how often a release waits for Delay on so many hosts of a group: each
// that waits for a turn gets it from one on which green was proven. Who goes back
// waits for nothing.
func (o Outlook) Pauses(hosts int) int {
	rules := o.Order.Service.Strategy.BlueGreen
	if rules.Delay == 0 || o.Order.Kind != KindRelease {
		return 0
	}
	return max(hosts-rules.AtATime(len(o.Order.Plan.Hosts)), 0)
}

// delays is how long the release waits for Delay on all of its hosts.
func (o Outlook) delays() Duration {
	var all Duration
	for _, g := range o.Groups() {
		all += Duration(o.Pauses(len(g.Hosts))) * o.Order.Service.Strategy.BlueGreen.Delay
	}
	return all
}
