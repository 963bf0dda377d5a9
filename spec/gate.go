package spec

import (
	"time"

	"slipway"
)

var gateKeys = object[slipway.Gate]{
	"name":      func(g *slipway.Gate, v value) { g.Name = v.name() },
	"before":    func(g *slipway.Gate, v value) { g.Before = v.before() },
	"approvers": func(g *slipway.Gate, v value) { g.Approvers = v.approvers() },
	"expires":   func(g *slipway.Gate, v value) { g.Expires = v.duration(time.Second, 30*24*time.Hour) },

	"remind_after": func(g *slipway.Gate, v value) { g.RemindAfter = v.duration(time.Second, 30*24*time.Hour) },
}

var approversKeys = object[slipway.Approvers]{
	"role":   func(a *slipway.Approvers, v value) { a.Role = v.decidingRole() },
	"group":  func(a *slipway.Approvers, v value) { a.Group = v.group() },
	"quorum": func(a *slipway.Approvers, v value) { a.Quorum = v.integer(1, 20) },
}

// maxGates bounds how often a release can wait for people.
const maxGates = 10

func (v value) gates() []slipway.Gate {
	names := unique{}
	gates := listOf(v, "write a list, for example [{name: go, approvers: {role: approver}}]", func(item value) slipway.Gate {
		gate := slipway.Gate{Before: slipway.BeforeSwitch, Expires: slipway.DefaultGateExpiry}
		g := gateKeys.decode(item, &gate, "{name: go, approvers: {role: approver}}", nil)
		g.need([2]string{"name", "go"}, [2]string{"approvers", "{role: approver, quorum: 1}"})
		names.add(g.at("name"), gate.Name)
		if gate.RemindAfter > 0 && gate.Expires/gate.RemindAfter > maxReminders {
			g.at("remind_after").bad("found %s, which is more than %d reminders until the gate expires after %s; write a longer time", gate.RemindAfter, maxReminders, gate.Expires)
		}
		return gate
	})
	if len(gates) > maxGates {
		v.bad("found %d gates; write at most %d", len(gates), maxGates)
	}
	return gates
}

// maxReminders bounds how often people are reminded of one gate.
const maxReminders = 100

// before is the step that a gate stands before.
func (v value) before() string {
	const right = "write switch, accept, or group and its number from 2, for example group 2"
	text, ok := v.text(right)
	if !ok {
		return slipway.BeforeSwitch
	}
	g := slipway.Gate{Before: text}
	if text != slipway.BeforeSwitch && text != slipway.BeforeAccept && g.Group() < 2 {
		v.bad("found %s; %s", quote(text), right)
	}
	return text
}

// checkGates refuses gates before groups that there are not. Whether the last
// hosts make a group is known with the fleet.
func (f *serviceFile) checkGates(g given) {
	groups := len(f.Strategy.BlueGreen.Groups)
	for _, gate := range f.Gates {
		if n := gate.Group(); n > 1 && (groups == 0 || n > groups+1) {
			g.at("gates").bad("gate %s stands before group %d, and strategy.blue_green.groups has %d (hosts that none selects are one more): write before: switch, or add a group", gate.Name, n, groups)
		}
	}
}

func (v value) approvers() slipway.Approvers {
	a := slipway.Approvers{Quorum: 1}
	g := approversKeys.decode(v, &a, "{role: approver, quorum: 1}", nil)
	switch {
	case g.keys == nil:
	case g.has("role") && g.has("group"):
		v.bad("has both role and group; keep one")
	case !g.has("role") && !g.has("group"):
		v.bad("says nobody; write role: approver, or group: and one of the directory")
	}
	return a
}

// decidingRole is a role that may decide on releases: a gate for others would
// wait for nobody.
func (v value) decidingRole() slipway.Role {
	var deciding []string
	for _, role := range slipway.Roles {
		f := slipway.Fleet{Roles: map[slipway.Role][]string{role: {"group"}}}
		if f.May([]string{"group"}, "", slipway.RightDecide) {
			deciding = append(deciding, string(role))
		}
	}
	return slipway.Role(v.oneOf(deciding...))
}
