package spec

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"slipway"
)

var selectorKeys = object[slipway.Selector]{
	"labels": func(s *slipway.Selector, v value) { s.Labels = v.hostLabels() },
}

// hostLabels are labels of hosts.
func (v value) hostLabels() map[string]string {
	return v.texts("{role: web}", func(entry) {})
}

// selector is a list of names of hosts, or the labels that they carry. One
// that says nothing would pick every host, and is refused.
func (v value) selector() slipway.Selector {
	const right = "write {labels: {role: web}} or a list of names, or leave the key out for all hosts"
	var s slipway.Selector
	nothing := len(v.node.Content) == 0
	switch v.node.Kind {
	case yaml.SequenceNode:
		s.Names = listOf(v, right, value.hostReference)
		slices.Sort(s.Names) // the order means nothing, and must not change the settings
		s.Names = slices.Compact(s.Names)
	case yaml.MappingNode:
		g := selectorKeys.decode(v, &s, "{labels: {role: web}}", nil)
		nothing = nothing || g.has("labels") && len(s.Labels) == 0
	default:
		v.wrong(right)
		return s
	}
	if nothing {
		v.bad("selects by nothing; %s", right)
	}
	return s
}

// hostReference is the name of a host that the fleet must have.
func (v value) hostReference() string {
	name := v.name()
	if name != "" {
		v.doc.hosts = append(v.doc.hosts, v)
	}
	return name
}
