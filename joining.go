package slipway

import (
	"maps"
	"slices"
	"time"
)

// A Joining is the wish of an operator that a host takes part in what is live of
// a service, with the edges that are on it or send traffic to it.
type Joining struct {
	Host      string    `json:"host"`
	Release   string    `json:"release"` // that is live; for any other the wish is void
	Plan      Plan      `json:"plan"`    // of what is live, as the fleet file has it now
	By        string    `json:"by"`
	Reason    string    `json:"reason"`
	At        time.Time `json:"at,omitzero"`         // when it was taken
	Signature string    `json:"signature,omitempty"` // a JoinStatement
}

// String is the wish as a reason that people read.
func (j Joining) String() string { return "it joins, as " + j.By + " asked for: " + j.Reason }

// A JoinStatement is what the API signs when an operator has hosts and edges
// join what is live: the order of that release counts there, too, from then on.
type JoinStatement struct {
	Order  string   `json:"order"` // the ID of the order's seal
	Hosts  []string `json:"hosts"`
	Edges  []string `json:"edges"`
	By     string   `json:"by"`
	Reason string   `json:"reason"`
}

// Type is that of joinings.
func (JoinStatement) Type() string { return "slipway-join" }

// Signer is the API, which knows who asks and what they may.
func (JoinStatement) Signer() KeyUse { return APIKey }

// Newcomers are what a host brings with it into what is live. Unreached are
// edges that stay away, because the containers that there are have no port for
// them.
type Newcomers struct {
	Hosts, Edges, Unreached []string
}

// None reports whether there is nothing new.
func (n Newcomers) None() bool { return len(n.Hosts)+len(n.Edges) == 0 }

// Join is the version with a host of a newer plan and the edges there that are
// on it or send traffic to it. They are behind: it is for a catch-up to bring
// the version there. What it has of hosts and edges already stays as it is,
// because its containers do. The version itself is not changed.
func (v Version) Join(newer Plan, host, why string, since time.Time) (Version, Newcomers) {
	joined, news := v, Newcomers{}
	joined.Plan.Hosts, joined.Plan.Edges, joined.Hosts, joined.Facts = nil, nil, nil, nil
	joined.Behind = slices.Clone(v.Behind)
	joined.Plan.Fleet = newer.Fleet
	add := func(h PlanHost, at ReleaseHost, facts *HostFacts) {
		joined.Plan.Hosts, joined.Hosts = append(joined.Plan.Hosts, h), append(joined.Hosts, at)
		if facts == nil {
			facts = &HostFacts{}
		}
		joined.Facts = append(joined.Facts, *facts)
	}
	keep := func(i int) { add(v.Plan.Hosts[i], v.Hosts[i], v.factsOf(v.Plan.Hosts[i].Name)) }
	for _, h := range newer.Hosts { // in this order a later plan has them, too
		switch i := v.Plan.host(h.Name); {
		case i >= 0:
			keep(i)
		case h.Name == host:
			at := v.place(host)
			at.Phase, at.Error = HostQuarantined, why
			add(h, at, nil)
			if profile, ok := newer.Profiles[host]; ok {
				joined.Plan.Profiles = maps.Clone(v.Plan.Profiles)
				if joined.Plan.Profiles == nil {
					joined.Plan.Profiles = map[string]Profile{}
				}
				joined.Plan.Profiles[host] = profile
			}
			joined.Behind = append(joined.Behind, Behind{Host: host, Since: since, Error: why, Joins: true})
			news.Hosts = append(news.Hosts, host)
		}
	}
	for i, h := range v.Plan.Hosts {
		if newer.host(h.Name) < 0 {
			keep(i)
		}
	}
	for _, e := range newer.Edges {
		switch i := v.Plan.edge(e.Name); {
		case i >= 0:
			joined.Plan.Edges = append(joined.Plan.Edges, joined.widened(v.Plan.Edges[i], e, news.Hosts))
		case e.On == host || slices.Contains(e.Hosts, host):
			e.Hosts = joined.reachedBy(e, news.Hosts)
			if len(e.Hosts) == 0 {
				news.Unreached = append(news.Unreached, e.Name)
				continue
			}
			joined.Plan.Edges = append(joined.Plan.Edges, e)
			joined.Behind = append(joined.Behind, Behind{Edge: e.Name, Since: since, Error: why, Joins: true})
			news.Edges = append(news.Edges, e.Name)
		}
	}
	for _, e := range v.Plan.Edges {
		if newer.edge(e.Name) < 0 {
			joined.Plan.Edges = append(joined.Plan.Edges, e)
		}
	}
	if news.None() {
		return v, news
	}
	joined.Detours = true // until the host is up, its edge may send requests to others
	return joined, news
}

// widened is an edge with the new hosts that it sends traffic to.
func (v Version) widened(have, newer PlanEdge, hosts []string) PlanEdge {
	all := have.Hosts
	have.Hosts = []string{}
	for _, h := range v.Plan.Hosts {
		if slices.Contains(all, h.Name) || slices.Contains(hosts, h.Name) && slices.Contains(newer.Hosts, h.Name) {
			have.Hosts = append(have.Hosts, h.Name)
		}
	}
	return have
}

// reachedBy are the hosts of a new edge at which it reaches a container: a new
// one has a port for it, the others as they were started.
func (v Version) reachedBy(e PlanEdge, fresh []string) []string {
	var out []string
	for i, h := range v.Plan.Hosts {
		if slices.Contains(e.Hosts, h.Name) && (e.On == h.Name || slices.Contains(fresh, h.Name) || v.Hosts[i].HostPort != 0) {
			out = append(out, h.Name)
		}
	}
	return out
}

// place is the part in the version of a host that it has not come to.
func (v Version) place(host string) ReleaseHost {
	id, err := ParseReleaseID(v.Release)
	if err != nil { // it is none of ours
		return ReleaseHost{Name: host, Container: v.Release}
	}
	return v.Service.Place(id, host)
}

func (p Plan) host(name string) int {
	return slices.IndexFunc(p.Hosts, func(h PlanHost) bool { return h.Name == name })
}

func (p Plan) edge(name string) int {
	return slices.IndexFunc(p.Edges, func(e PlanEdge) bool { return e.Name == name })
}
