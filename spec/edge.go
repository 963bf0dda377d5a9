package spec

import (
	"net/url"
	"strings"

	"slipway"
)

var edgeKeys = object[slipway.Edge]{
	"name":  func(e *slipway.Edge, v value) { e.Name = v.name() },
	"admin": func(e *slipway.Edge, v value) { e.Admin = v.edgeAdmin() },
	"tls":   func(e *slipway.Edge, v value) { e.TLS = v.tls() },
	"on":    func(e *slipway.Edge, v value) { e.On = v.hostReference() },
	"hosts": func(e *slipway.Edge, v value) { e.Hosts = v.edgeHosts() },
}

func (v value) edges() []slipway.Edge {
	const example = `{name: e1, admin: "unix:///run/slipway/edge.sock", on: h1}`
	names, admins := unique{}, unique{}
	return listOf(v, "write a list, for example ["+example+"]", func(item value) slipway.Edge {
		var e slipway.Edge
		g := edgeKeys.decode(item, &e, example, nil)
		g.need([2]string{"name", "e1"}, [2]string{"admin", `"unix:///run/slipway/edge.sock"`})
		names.add(g.at("name"), e.Name)
		admins.add(g.at("admin"), e.Admin)
		switch https := strings.HasPrefix(e.Admin, "https://"); {
		case https && !g.has("tls"):
			g.at("admin").bad("https without certificates lets everyone who reaches the port switch traffic; add tls: {ca, cert, key}")
		case !https && e.Admin != "" && g.has("tls"):
			g.at("tls").bad("is for admin: https://…; leave it out")
		}
		return e
	})
}

// edgeHosts are the hosts whose containers an edge sends traffic to.
func (v value) edgeHosts() []string {
	const right = "write a list of names of hosts, for example [h1, h2], or leave the key out"
	hosts := listOf(v, right, value.hostReference)
	if v.isEmptyList() {
		v.bad("holds none; %s", right)
	}
	return hosts
}

// edgeAdmin is where an edge is administered: never an open port.
func (v value) edgeAdmin() string {
	const right = "write unix:///run/slipway/edge.sock or https://10.0.0.1:8443"
	s, ok := v.text(right)
	if !ok {
		return ""
	}
	u, err := url.Parse(s)
	switch {
	case err != nil, u.User != nil:
		v.bad("is not a URL without password; %s", right)
	case u.Scheme == "unix" && unixSocket(u), u.Scheme == "https" && bareURL(u) && u.Port() != "":
		return s
	case u.Scheme == "http":
		v.bad("found http, an open port from which everyone who reaches it switches traffic; %s", right)
	default:
		v.bad("%s is not where an edge is administered; %s", quote(s), right)
	}
	return ""
}

// bareURL reports whether u is scheme://host[:port] and nothing else.
func bareURL(u *url.URL) bool {
	return u.Hostname() != "" && u.User == nil && (u.Path == "" || u.Path == "/") && u.RawQuery == "" && u.Fragment == ""
}
