package spec

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"slipway"
)

var ldapKeys = object[slipway.LDAP]{
	"urls":          func(l *slipway.LDAP, v value) { l.URLs = v.ldapURLs() },
	"start_tls":     func(l *slipway.LDAP, v value) { l.StartTLS = v.boolean() },
	"ca":            func(l *slipway.LDAP, v value) { l.CA = v.filePath("/etc/slipway/ldap-ca.pem") },
	"bind_dn":       func(l *slipway.LDAP, v value) { l.BindDN = v.bindName("cn=slipway,dc=example,dc=com") },
	"bind_password": func(l *slipway.LDAP, v value) { l.BindPassword = v.passwordReference() },
	"timeout":       func(l *slipway.LDAP, v value) { l.Timeout = v.duration(100*time.Millisecond, time.Minute) },
	"user":          func(l *slipway.LDAP, v value) { l.User = v.ldapUser() },
	"group":         func(l *slipway.LDAP, v value) { l.Group = v.ldapGroup() },
}

var ldapUserKeys = object[slipway.LDAPUser]{
	"base_dn": func(u *slipway.LDAPUser, v value) { u.BaseDN = v.dn("ou=people,dc=example,dc=com") },
	"filter":  func(u *slipway.LDAPUser, v value) { u.Filter = v.ldapFilter(slipway.DefaultLDAPUserFilter, "{name}") },
	"name":    func(u *slipway.LDAPUser, v value) { u.Name = v.attribute("uid") },
	"bind":    func(u *slipway.LDAPUser, v value) { u.Bind = v.bindTemplate() },
}

var ldapGroupKeys = object[slipway.LDAPGroup]{
	"base_dn": func(g *slipway.LDAPGroup, v value) { g.BaseDN = v.dn("ou=groups,dc=example,dc=com") },
	"filter": func(g *slipway.LDAPGroup, v value) {
		g.Filter = v.ldapFilter(slipway.DefaultLDAPGroupFilter, "{dn}", "{name}")
	},
	"name":   func(g *slipway.LDAPGroup, v value) { g.Name = v.attribute("cn") },
	"nested": func(g *slipway.LDAPGroup, v value) { g.Nested = v.boolean() },
}

func (v value) ldap() *slipway.LDAP {
	const example = `{urls: ["ldaps://ldap.example.com"], bind_dn: "cn=slipway,dc=example,dc=com", bind_password: {secret: "env://LDAP_PASSWORD"}, user: {base_dn: "ou=people,dc=example,dc=com"}, group: {base_dn: "ou=groups,dc=example,dc=com"}}`
	l := slipway.LDAP{Timeout: slipway.DefaultLDAPTimeout}
	g := ldapKeys.decode(v, &l, example, nil)
	g.need([2]string{"urls", `["ldaps://ldap.example.com"]`},
		[2]string{"user", `{base_dn: "ou=people,dc=example,dc=com"}`},
		[2]string{"group", `{base_dn: "ou=groups,dc=example,dc=com"}`})
	if g.has("bind_dn") != g.has("bind_password") {
		v.bad("bind_dn and bind_password belong together: write both, or neither where the directory lets anybody search")
	}
	for _, text := range l.URLs {
		u, err := url.Parse(text)
		switch {
		case err != nil: // reported
		case u.Scheme == "ldaps" && l.StartTLS:
			g.at("start_tls").bad("%s speaks TLS from its first byte; leave start_tls away, or write ldap://", quote(text))
		case u.Scheme == "ldap" && !l.StartTLS && !loopback(u.Hostname()):
			g.at("urls").bad("%s would carry passwords in clear text; write ldaps://, or start_tls: true", quote(text))
		}
	}
	return &l
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func (v value) ldapURLs() []string {
	const right = "write ldaps://host, or ldap://host with start_tls: true"
	if v.isEmptyList() {
		v.bad("holds none; write the address of at least one server")
	}
	return listOf(v, "write a list, for example [\"ldaps://ldap.example.com\"]", func(v value) string {
		s, ok := v.text(right)
		if !ok {
			return ""
		}
		u, err := url.Parse(s)
		switch {
		case err != nil, u.User != nil: // it may hold a password, as err would
			v.bad("is not a URL without user and password; %s", right)
			return ""
		case u.Scheme != "ldap" && u.Scheme != "ldaps", !bareURL(u):
			v.bad("%s is not the address of a directory; %s", quote(s), right)
			return ""
		}
		return strings.TrimSuffix(s, "/")
	})
}

func (v value) ldapUser() slipway.LDAPUser {
	u := slipway.LDAPUser{Filter: slipway.DefaultLDAPUserFilter, Name: slipway.DefaultLDAPUserName}
	ldapUserKeys.decode(v, &u, `{base_dn: "ou=people,dc=example,dc=com"}`, nil).
		need([2]string{"base_dn", `"ou=people,dc=example,dc=com"`})
	return u
}

func (v value) ldapGroup() slipway.LDAPGroup {
	g := slipway.LDAPGroup{Filter: slipway.DefaultLDAPGroupFilter, Name: slipway.DefaultLDAPGroupName, Nested: true}
	given := ldapGroupKeys.decode(v, &g, `{base_dn: "ou=groups,dc=example,dc=com"}`, nil)
	given.need([2]string{"base_dn", `"ou=groups,dc=example,dc=com"`})
	if g.Nested && !strings.Contains(g.Filter, "{dn}") && g.Filter != "" {
		if given.has("nested") {
			given.at("nested").bad("groups within groups are found by {dn}, which filter does not have; write nested: false")
		}
		g.Nested = false
	}
	return g
}

var dnPattern = regexp.MustCompile(`^[A-Za-z0-9.-]+\s*=`)

// dn is a distinguished name; the directory knows more about those.
func (v value) dn(example string) string {
	return v.matching(dnPattern, "a distinguished name", "write for example "+example)
}

// bindName is what to bind as: a DN, or as Active Directory also takes it,
// name@domain.
func (v value) bindName(example string) string {
	s, _ := v.text("write for example " + example)
	return s
}

func (v value) bindTemplate() string {
	const right = "write for example \"uid={name},ou=people,dc=example,dc=com\""
	s, ok := v.text(right)
	if ok && strings.Count(s, "{name}") != 1 {
		v.bad("%s does not have {name} once, for who signs in; %s", quote(s), right)
	}
	return s
}

var attributePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,62}$`)

func (v value) attribute(example string) string {
	return v.matching(attributePattern, "the name of an attribute", "write for example "+example)
}

// ldapFilter is a filter with at least one of the placeholders. Whether its
// attributes exist is for the directory to say.
func (v value) ldapFilter(example string, placeholders ...string) string {
	right := "write for example " + example
	s, ok := v.text(right)
	if !ok {
		return ""
	}
	found := false
	for _, p := range placeholders {
		found = found || strings.Contains(s, p)
	}
	switch {
	case !strings.HasPrefix(s, "(") || !strings.HasSuffix(s, ")") || strings.Count(s, "(") != strings.Count(s, ")"):
		v.bad("%s is not a filter in parentheses; %s", quote(s), right)
	case !found:
		v.bad("%s does not have %s; %s", quote(s), strings.Join(placeholders, " or "), right)
	}
	return s
}
