package spec

import (
	"time"

	"slipway"
)

var groupKeys = object[slipway.Group]{
	"hosts": func(g *slipway.Group, v value) { g.Hosts = v.selector() },
	"watch": func(g *slipway.Group, v value) { g.Watch = v.duration(0, 7*24*time.Hour) },
}

var groupRefused = map[string]string{
	"on_failure": "is of all groups: write it beside groups",
	"delay":      "write watch: the next group begins when this one has been well for so long; between the hosts of a group it is delay, beside groups",
}

// allGoBack is what a file may write for slipway.AllGoBack.
const allGoBack = "all"

// maxGroups bounds how often a release can stop to watch.
const maxGroups = 10

func (v value) hostGroups() []slipway.Group {
	groups := listOf(v, "write a list, for example [{hosts: [h1], watch: 5m}]", func(item value) slipway.Group {
		group := slipway.Group{Watch: slipway.DefaultWatch}
		groupKeys.decode(item, &group, "{hosts: [h1], watch: 5m}", groupRefused).need([2]string{"hosts", "{labels: {zone: a}}"})
		return group
	})
	if len(groups) > maxGroups {
		v.bad("found %d groups; write at most %d", len(groups), maxGroups)
	}
	return groups
}

// checkGroups refuses groups where nothing could be switched group by group.
func (f *serviceFile) checkGroups(g given) {
	switch rules := &f.Strategy.BlueGreen; {
	case len(rules.Groups) == 0 && rules.OnFailure != slipway.AllGoBack:
		g.at("strategy").bad("on_failure says what goes back when a group of hosts fails, and there are none: add groups, or take on_failure out; without groups what fails goes back as a whole")
	case len(rules.Groups) == 0:
	case rules.StopFirst:
		g.at("strategy").bad("with groups both versions serve at once, and with order: stop_first no two may run at once: keep one of them")
	case !g.has("route"):
		g.at("strategy").bad("groups are switched at the edges, one after the other, and without a route there is nothing to switch: take groups out; max_parallel says on how many hosts green starts at a time")
	case rules.OnFailure == allGoBack:
		rules.OnFailure = slipway.AllGoBack
	case rules.OnFailure == slipway.GroupGoesBack && f.PreDeploy != nil && f.PreDeploy.PointOfNoReturn:
		g.at("strategy").bad("on_failure: group takes the group that fails back to the version before, and after a point_of_no_return nothing goes back by itself: keep one of them")
	}
}

// checkDelay refuses a delay that nothing would wait for, or that nothing serves
// in.
func (f *serviceFile) checkDelay(g given) {
	switch rules := f.Strategy.BlueGreen; {
	case rules.Delay == 0:
	case rules.MaxParallel == slipway.Share{}:
		g.at("strategy").bad("delay is between a host and the next one that has its turn, and without max_parallel all hosts begin at once: write max_parallel: 1 beside it, or take delay out; between groups it is watch")
	case rules.StopFirst:
		g.at("strategy").bad("with order: stop_first nothing serves until green is proven on all hosts: take delay out")
	}
}
