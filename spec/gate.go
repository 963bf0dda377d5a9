package spec

import (
	"time"

	"slipway"
)

var gateKeys = object[slipway.Gate]{
	"name":      func(g *slipway.Gate, v value) { g.Name = v.name() },
	"before":    func(g *slipway.Gate, v value) { g.Before = v.oneOf(slipway.BeforeSwitch) },
	"approvers": func(g *slipway.Gate, v value) { g.Approvers = v.approvers() },
	"expires":   func(g *slipway.Gate, v value) { g.Expires = v.duration(time.Second, 30*24*time.Hour) },
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
		return gate
	})
	if len(gates) > maxGates {
		v.bad("found %d gates; write at most %d", len(gates), maxGates)
	}
	return gates
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
