package spec

import (
	"slices"

	"slipway"
)

// roles are the groups of the directory that have each role.
func (v value) roles() map[slipway.Role][]string {
	const example = "{releaser: [search-dev]}"
	var known []string
	for _, role := range slipway.Roles {
		known = append(known, string(role))
	}
	roles := map[slipway.Role][]string{}
	entries, _ := v.entries("write a mapping from role to groups, for example "+example, known...)
	for _, e := range entries {
		if !slices.Contains(known, e.key) {
			e.bad("unknown role; %s", didYouMean(e.key, known))
			continue
		}
		roles[slipway.Role(e.key)] = e.groups()
	}
	if len(roles) == 0 {
		return nil
	}
	return roles
}

func (v value) groups() []string {
	return listOf(v, "write a list of groups, for example [search-dev]", value.group)
}

// group is the name of a group of the directory, where names are almost free.
func (v value) group() string {
	const right = "write the name of a group, for example search-dev"
	s, ok := v.text(right)
	if ok && len(s) > 256 {
		v.bad("found %d bytes; %s, of at most 256", len(s), right)
	}
	return s
}
