package spec

import (
	"path"
	"regexp"
	"strings"

	"slipway"
)

var projectKeys = object[slipway.Project]{
	"name":   func(p *slipway.Project, v value) { p.Name = v.name() },
	"hosts":  func(p *slipway.Project, v value) { p.Hosts = v.selector() },
	"roles":  func(p *slipway.Project, v value) { p.Roles = v.roles() },
	"routes": func(p *slipway.Project, v value) { p.Routes = v.routePatterns() },
	"allow": func(p *slipway.Project, v value) {
		allowKeys.decode(v, &p.Allow, `{volumes: ["/data/search/**"]}`, nil)
	},
	"quotas": func(p *slipway.Project, v value) { v.quotas(&p.Quotas) },
}

func (v value) projects() []slipway.Project {
	const example = "{name: search, roles: {releaser: [search-dev]}}"
	names := unique{}
	return listOf(v, "write a list, for example ["+example+"]", func(item value) slipway.Project {
		var p slipway.Project
		g := projectKeys.decode(item, &p, example, nil)
		g.need([2]string{"name", "search"})
		names.add(g.at("name"), p.Name)
		return p
	})
}

// routePatterns are the host names that services may claim. An empty list
// would mean any, which is not what it looks like.
func (v value) routePatterns() []string {
	const right = "write a list of host names, for example [query.example.com, \"*.search.example.com\"]"
	if v.isEmptyList() {
		v.bad("holds none; leave the key out for any host name that no other project lists, or %s", right)
	}
	return listOf(v, right, value.hostPattern)
}

// allowKeys are what services may ask of a host; what is left out is denied.
var allowKeys = object[slipway.Allow]{
	"volumes": func(a *slipway.Allow, v value) {
		a.Volumes = listOf(v, "write a list, for example [\"/data/search/**\"]", value.volumePattern)
	},
	"cap_add": func(a *slipway.Allow, v value) { a.CapAdd = v.capabilities() },
	"devices": func(a *slipway.Allow, v value) {
		a.Devices = listOf(v, "write a list, for example [/dev/fuse]", func(item value) string { return item.filePath("/dev/fuse") })
	},
	"ports": func(a *slipway.Allow, v value) {
		a.Ports = listOf(v, "write a list, for example [8125/udp]", value.allowedPort)
	},
	"secrets": func(a *slipway.Allow, v value) {
		a.Secrets = listOf(v, "write a list, for example [\"env://SEARCH_*\"]", value.secretPattern)
	},
}

var secretPattern = regexp.MustCompile(`^(env://[A-Za-z0-9_]*|file:///[^*[:cntrl:]]*)\*?$`)

// secretPattern is a reference to a secret, or to all that begin the same.
func (v value) secretPattern() string {
	return v.matching(secretPattern, "a reference to secrets", "write env://NAME or file:///path, with * at the end for all that begin so")
}

// volumePattern is a directory of the host, perhaps with /** for all below
// it, or the name of a volume.
func (v value) volumePattern() string {
	const right = "write a directory of the host, all below it, or the name of a volume, for example /data/search, /data/search/** or search-data"
	s, ok := v.text(right)
	if !ok {
		return ""
	}
	dir := strings.TrimSuffix(s, "/**")
	switch {
	case s == "/**" || volumePattern.MatchString(s):
	case !path.IsAbs(dir) || strings.ContainsAny(dir, "*:"):
		v.bad("%s is neither; %s", quote(s), right)
	case path.Clean(dir) != dir:
		v.bad("%s is not the shortest form; write %s", quote(s), quote(path.Clean(dir)+s[len(dir):]))
	}
	return s
}
