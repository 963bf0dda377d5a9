package spec

import (
	"net/url"
	"strings"

	"go.yaml.in/yaml/v3"

	"slipway"
)

var registryKeys = object[slipway.Registry]{
	"name":        func(r *slipway.Registry, v value) { r.Name = v.name() },
	"role":        func(r *slipway.Registry, v value) { r.Roles = v.registryRoles() },
	"kind":        func(r *slipway.Registry, v value) { r.Kind = v.oneOf("oci", "harbor") },
	"url":         func(r *slipway.Registry, v value) { r.URL = v.registryURL() },
	"pull_url":    func(r *slipway.Registry, v value) { r.PullURL = v.registryURL() },
	"credentials": func(r *slipway.Registry, v value) { r.Credentials = v.credentials() },
}

func (v value) registries() []slipway.Registry {
	const example = `{name: main, role: [source, production], url: "http://127.0.0.1:5000"}`
	names := unique{}
	registries := listOf(v, "write a list, for example ["+example+"]", func(item value) slipway.Registry {
		r := slipway.Registry{Kind: "oci"}
		g := registryKeys.decode(item, &r, example, nil)
		g.need([2]string{"name", "main"}, [2]string{"role", "source"}, [2]string{"url", `"http://127.0.0.1:5000"`})
		names.add(g.at("name"), r.Name)
		return r
	})
	if v.isEmptyList() {
		v.bad("holds none; one has the role source, and one (it may be the same) production")
	}
	return registries
}

// registryRoles is one role, or a list of them.
func (v value) registryRoles() []slipway.RegistryRole {
	role := func(v value) slipway.RegistryRole {
		return slipway.RegistryRole(v.oneOf(string(slipway.SourceRegistry), string(slipway.ProductionRegistry)))
	}
	if v.node.Kind != yaml.SequenceNode {
		return []slipway.RegistryRole{role(v)}
	}
	if v.isEmptyList() {
		v.bad("holds none; write source, production, or both")
	}
	return listOf(v, "", role)
}

// registryURL is where a registry answers, without a slash at its end.
func (v value) registryURL() string {
	const right = "write http:// or https://, a host and perhaps a port, for example https://registry.example.com"
	s, ok := v.text(right)
	if !ok {
		return ""
	}
	u, err := url.Parse(s)
	switch {
	case err != nil, u.User != nil: // it may hold a password, as err would
		v.bad("is not a URL without user and password, which belong in credentials; %s", right)
	case u.Scheme != "http" && u.Scheme != "https", !bareURL(u):
		v.bad("%s is not the URL of a registry; %s", quote(s), right)
	default:
		return strings.TrimSuffix(s, "/")
	}
	return ""
}

var credentialsKeys = object[slipway.Credentials]{
	"username": func(c *slipway.Credentials, v value) { c.Username, _ = v.text("write a name in quotes") },
	"password": func(c *slipway.Credentials, v value) { c.Password = v.passwordReference() },
}

func (v value) credentials() *slipway.Credentials {
	const password = `{secret: "env://REGISTRY_PASSWORD"}`
	var c slipway.Credentials
	g := credentialsKeys.decode(v, &c, "{username: robot, password: "+password+"}", nil)
	g.need([2]string{"username", "robot"}, [2]string{"password", password})
	return &c
}

// passwordReference refuses a password as it is, without quoting it.
func (v value) passwordReference() slipway.Value {
	if v.node.Kind == yaml.ScalarNode {
		v.bad("a password in this file would be read by everyone who reads the file; write {secret: \"env://NAME\"} or {secret: \"file:///path\"}")
		return slipway.Value{}
	}
	return v.secret()
}
