package spec

import (
	"path"
	"regexp"
	"strings"

	"slipway"
)

var routeKeys = object[slipway.Route]{
	"host": func(r *slipway.Route, v value) { r.Host = v.hostName() },
	"path": func(r *slipway.Route, v value) { r.Path = v.urlPath(false) },
}

func (v value) route() *slipway.Route {
	r := slipway.Route{Path: "/"}
	routeKeys.decode(v, &r, "{host: query.example.com}", nil).need([2]string{"host", "query.example.com"})
	return &r
}

// hostLabel is one label of a host name, as RFC 1123 has it, in lower case.
const hostLabel = `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`

var hostNamePattern = regexp.MustCompile(`^` + hostLabel + `(\.` + hostLabel + `)*$`)

// hostName is the name of a host, in lower case.
func (v value) hostName() string {
	const right = "write one host name without scheme, port or path, for example query.example.com"
	s, ok := v.text(right)
	if s = strings.ToLower(s); ok && (!hostNamePattern.MatchString(s) || len(s) > 253) {
		v.bad("%s is not a host name; %s", quote(s), right)
	}
	return s
}

// hostPattern is a host name, or "*." and a host name.
func (v value) hostPattern() string {
	const right = "write a host name, or *. and a host name for all below it, for example *.example.com"
	s, ok := v.text(right)
	s = strings.ToLower(s)
	if name := strings.TrimPrefix(s, "*."); ok && (!hostNamePattern.MatchString(name) || len(s) > 253) {
		v.bad("%s is not a pattern of host names; %s", quote(s), right)
	}
	return s
}

// Escapes, queries and fragments have more than one spelling, and a route must
// have one.
var urlPathPattern = regexp.MustCompile(`^/[A-Za-z0-9._~!$&'()*+,;=:@/-]*$`)

// urlPath is a clean absolute path of a URL. A route's path has no slash at
// its end, since everything below it belongs to it.
func (v value) urlPath(slashAtEnd bool) string {
	const right = "write a path from /, for example /api"
	s, ok := v.text(right)
	if !ok {
		return ""
	}
	clean := s
	if slashAtEnd && len(s) > 1 {
		clean = strings.TrimSuffix(s, "/")
	}
	switch {
	case !urlPathPattern.MatchString(s) || len(s) > 1024:
		v.bad("%s is not a plain path; %s", quote(s), right)
	case path.Clean(clean) != clean:
		v.bad("%s is not the shortest form; write %s", quote(s), path.Clean(s))
	}
	return s
}
