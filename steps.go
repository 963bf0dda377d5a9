package slipway

import (
	"fmt"
	"slices"
)

// A Step is one thing that a release does, or waits for. Does is what the
// release's history calls it, too.
type Step struct {
	Phase Phase  `json:"phase"`
	Does  string `json:"does"`
}

// An Outlook is what decides which steps a release takes. The release itself
// asks it at each turn, so that a plan says what will happen: as long as
// nothing fails and nobody steps in.
type Outlook struct {
	Order  Order
	Image  Image    // as it was verified
	Blue   *Version // what serves; nil: nothing
	Behind []Behind // hosts and edges that are left out
}

// takesPart reports whether a host is not left out, or an edge.
func (o Outlook) takesPart(host, edge string) bool {
	return !slices.ContainsFunc(o.Behind, func(b Behind) bool { return b.Host == host && b.Edge == edge })
}

// ServesAlready reports whether blue is exactly what is asked for: the digest,
// the settings, and the hosts.
func (o Outlook) ServesAlready() bool {
	return o.Blue != nil && !o.Order.Force && o.Blue.Digest == o.Image.Digest && o.Blue.Settings == o.Order.Service.SettingsHash() &&
		fmt.Sprint(o.Blue.Plan.Hosts, o.Blue.Plan.Edges) == fmt.Sprint(o.Order.Plan.Hosts, o.Order.Plan.Edges)
}

// Copies reports whether hosts pull from another registry than the one that
// developers push to.
func (o Outlook) Copies() bool { return o.Order.Plan.Source != o.Order.Plan.Production }

// GatesBefore are the gates that stand before a step, where people decide. Going
// back waits for nobody, nor does what was decided on before.
func (o Outlook) GatesBefore(step string) []Gate {
	var gates []Gate
	for _, g := range o.Order.Service.Gates {
		if o.Order.Kind == KindRelease && g.Before == step {
			gates = append(gates, g)
		}
	}
	return gates
}

// Holds reports whether blue is kept after the switch: for some time, or until
// people have decided.
func (o Outlook) Holds() bool {
	return o.Blue != nil && o.Order.Kind == KindRelease && (o.Order.Service.Strategy.BlueGreen.Hold != 0 || len(o.GatesBefore(BeforeAccept)) > 0)
}

// Stops reports whether green takes over by stopping blue, rather than by a
// switch of the edges alone.
func (o Outlook) Stops() bool { return o.Blue != nil && o.Order.Service.StopsBlue() }

// TriesOut reports whether it is found out that green can be started before blue
// is stopped for it. Side by side green itself shows that, and what ran before
// has shown it.
func (o Outlook) TriesOut() bool {
	return o.Order.Kind == KindRelease && o.Blue != nil && o.Order.Service.Strategy.BlueGreen.StopFirst
}

// PreDeploys reports whether a command runs before green starts. Going back does
// not run it, and what is restarted has had it.
func (o Outlook) PreDeploys() bool {
	return o.Order.Kind == KindRelease && o.Order.Service.PreDeploy != nil
}

// ActsEarly reports whether something has an effect before the switch, so that
// it waits for a window, too: a command, or green that needs no edge to get work.
func (o Outlook) ActsEarly() bool {
	return !o.Order.Service.Strategy.BlueGreen.StopFirst && (o.PreDeploys() || o.Order.Service.Route == nil)
}

// WatchedHosts are green's hosts, then those that only blue runs on.
func (o Outlook) WatchedHosts() []PlanHost {
	hosts := slices.Clone(o.Order.Plan.Hosts)
	for _, h := range o.Blue.Plan.Hosts {
		if !slices.ContainsFunc(o.Order.Plan.Hosts, func(green PlanHost) bool { return green.Name == h.Name }) {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// Watched is how many watches there are of a host: each looks after one container
// of green and one of blue, as far as there are so many.
func (o Outlook) Watched(host string) int {
	n := 0
	if o.Order.Plan.host(host) >= 0 {
		n = o.Order.Service.PerHost()
	}
	if o.Blue != nil {
		if i := o.Blue.Plan.host(host); i >= 0 {
			n = max(n, len(o.Blue.Hosts[i].Replicas)+1)
		}
	}
	return n
}

// Steps are all steps of the release, in their order. What goes on side by side
// is listed in the order of the fleet.
func (o Outlook) Steps() []Step {
	steps := []Step{}
	does := func(phase Phase, text string) { steps = append(steps, Step{phase, text}) }
	plan := o.Order.Plan
	does(Verifying, DoesResolve(o.Order))
	for _, h := range plan.Hosts {
		does(Verifying, DoesLook(h.Name))
	}
	for _, e := range plan.Edges {
		does(Verifying, DoesAsk(e.Name))
	}
	if o.ServesAlready() {
		return steps
	}
	if o.Copies() {
		does(Replicating, DoesCopy(o.Image, plan))
	}
	plan.Hosts = slices.DeleteFunc(slices.Clone(plan.Hosts), func(h PlanHost) bool { return !o.takesPart(h.Name, "") })
	plan.Edges = slices.DeleteFunc(slices.Clone(plan.Edges), func(e PlanEdge) bool { return !o.takesPart("", e.Name) })
	stopFirst := o.Order.Service.Strategy.BlueGreen.StopFirst
	start := func(starting, proving Phase, h PlanHost) {
		for n := range o.Order.Service.PerHost() {
			does(starting, DoesStart(h.Name, n))
		}
		for n := range o.Order.Service.PerHost() {
			does(proving, DoesProve(h.Name, n))
		}
	}
	watch := func(phase Phase, h PlanHost) {
		for n := range o.Watched(h.Name) {
			does(phase, DoesWatchReplica(h.Name, n))
		}
	}
	preDeploy := func(phase Phase, hosts []PlanHost) {
		if o.PreDeploys() && len(hosts) > 0 {
			does(phase, DoesPreDeploy(hosts[0].Name))
			does(phase, DoesClear(hosts[0].Name))
		}
	}
	groups := o.Groups()
	for n, g := range groups {
		hosts := slices.DeleteFunc(slices.Clone(plan.Hosts), func(h PlanHost) bool { return !slices.Contains(g.Hosts, h.Name) })
		edges := slices.DeleteFunc(slices.Clone(plan.Edges), func(e PlanEdge) bool { return !slices.Contains(g.Edges, e.Name) })
		pullsFirst := stopFirst || n == 0 && o.PreDeploys() // the image is everywhere before anything else happens
		if n > 0 && len(o.GatesBefore(BeforeGroup(n+1))) > 0 {
			for _, h := range hosts {
				does(Deploying, DoesLook(h.Name))
			}
		}
		if pullsFirst {
			for _, h := range hosts {
				does(Deploying, DoesPull(h.Name))
			}
		}
		if o.TriesOut() {
			for _, h := range hosts {
				does(Deploying, DoesTryOut(h.Name))
			}
		}
		if !stopFirst {
			if n == 0 {
				preDeploy(Deploying, hosts)
			}
			for _, h := range hosts {
				if !pullsFirst {
					does(Deploying, DoesPull(h.Name))
				}
				start(Deploying, Probing, h)
			}
			for range o.Pauses(len(hosts)) {
				does(Deploying, DoesDelay(o.Order.Service.Strategy.BlueGreen.Delay))
			}
		}
		gates := o.GatesBefore(BeforeSwitch)
		gated, paused := n == 0 && len(gates) > 0, o.Pauses(len(hosts)) > 0
		waiting := Probing
		if gated {
			waiting = AwaitingApproval
			for _, g := range gates {
				does(waiting, DoesGate(g))
			}
		}
		if gated || paused && n == 0 {
			for _, e := range plan.Edges {
				does(waiting, DoesAsk(e.Name))
			}
			for _, h := range hosts {
				does(waiting, DoesLook(h.Name))
			}
		}
		if (gated || paused) && !stopFirst {
			for _, h := range hosts {
				for n := range o.Order.Service.PerHost() {
					does(waiting, DoesProve(h.Name, n))
				}
			}
		}
		if o.Stops() {
			for i, h := range o.Blue.Plan.Hosts {
				if !o.takesPart(h.Name, "") || o.Blue.Hosts[i].Phase == HostQuarantined {
					continue
				}
				for _, at := range o.Blue.Hosts[i].Containers() {
					does(Switching, DoesStop(at.Container, h.Name))
				}
			}
		}
		if stopFirst {
			preDeploy(Switching, hosts)
			for _, h := range hosts {
				start(Switching, Switching, h)
			}
		}
		for _, e := range edges {
			does(Switching, DoesStage(e.Name))
		}
		for _, e := range edges {
			does(Switching, DoesCommit(e.Name))
		}
		next := o.GatesBefore(BeforeGroup(n + 2))
		if g.Watch == 0 && len(next) == 0 {
			continue
		}
		if g.Watch != 0 {
			does(Watching, DoesWatchGroup(n+1, g.Watch))
		}
		for _, h := range plan.Hosts {
			if slices.ContainsFunc(groups[:n+1], func(g PlanGroup) bool { return slices.Contains(g.Hosts, h.Name) }) {
				watch(Watching, h)
			}
		}
		for _, e := range plan.Edges {
			does(Watching, DoesWatch(e.Name))
		}
		for _, gate := range next {
			does(AwaitingApproval, DoesGate(gate))
		}
	}
	if o.Blue == nil {
		return steps
	}
	retiring := Switching
	if o.Holds() {
		retiring = Holding
		if hold := o.Order.Service.Strategy.BlueGreen.Hold; hold != 0 {
			does(Holding, DoesHold(o.Blue.Release, hold))
		}
		for _, h := range o.WatchedHosts() {
			watch(Holding, h)
		}
		for _, e := range plan.Edges {
			does(Holding, DoesWatch(e.Name))
		}
		for _, g := range o.GatesBefore(BeforeAccept) {
			does(Holding, DoesGate(g))
		}
	}
	for _, e := range o.Blue.Plan.Edges {
		if o.takesPart("", e.Name) {
			does(retiring, DoesDrain(o.Blue.Release, e.Name))
			does(retiring, DoesForget(o.Blue.Release, e.Name))
		}
	}
	for i, h := range o.Blue.Plan.Hosts {
		stays := o.Blue.Adopted != nil && !o.Blue.Adopted.Retire // it is left running
		if !o.takesPart(h.Name, "") || stays {
			continue
		}
		for _, at := range o.Blue.Hosts[i].Containers() {
			does(retiring, DoesRemove(at.Container, h.Name))
		}
	}
	return steps
}
