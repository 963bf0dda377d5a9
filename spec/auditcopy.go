package spec

import (
	"net/url"

	"slipway"
)

var auditCopyKeys = object[slipway.AuditCopy]{
	"name":  func(c *slipway.AuditCopy, v value) { c.Name = v.name() },
	"url":   func(c *slipway.AuditCopy, v value) { c.URL = v.collectorURL() },
	"tls":   func(c *slipway.AuditCopy, v value) { c.TLS = v.collectorTLS() },
	"token": func(c *slipway.AuditCopy, v value) { c.Token = new(v.passwordReference()) },
}

func (v value) auditCopies() []slipway.AuditCopy {
	const example = `{name: siem, url: "syslog+tls://logs.example.com:6514"}`
	names := unique{}
	return listOf(v, "write a list, for example ["+example+"]", func(item value) slipway.AuditCopy {
		var c slipway.AuditCopy
		g := auditCopyKeys.decode(item, &c, example, nil)
		g.need([2]string{"name", "siem"}, [2]string{"url", `"syslog+tls://logs.example.com:6514"`})
		names.add(g.at("name"), c.Name)
		u, err := url.Parse(c.URL)
		if err != nil || c.URL == "" {
			return c // reported
		}
		if g.has("tls") && u.Scheme != "https" && u.Scheme != "syslog+tls" {
			g.at("tls").bad("is for https:// and syslog+tls://, and url begins with %s://; leave it out", u.Scheme)
		}
		switch {
		case !g.has("token") || u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()):
		case u.Scheme == "http":
			g.at("token").bad("would cross the network for everyone to read; write https:// in url")
		default:
			g.at("token").bad("is for https://; syslog has none, and knows who sends by tls: {cert, key}")
		}
		return c
	})
}

// collectorURL is where logs are collected. It holds no password.
func (v value) collectorURL() string {
	const right = "write https://HOST/PATH, http://HOST/PATH, syslog+tls://HOST:PORT, syslog+tcp://HOST:PORT or syslog+udp://HOST:PORT"
	s, ok := v.text(right)
	if !ok {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.User != nil { // it may hold a password, as err would
		v.bad("is not a URL without user and password; a password belongs in token; %s", right)
		return ""
	}
	switch u.Scheme {
	case "http", "https":
		if u.Hostname() != "" && u.Fragment == "" {
			return s
		}
	case "syslog+tls", "syslog+tcp", "syslog+udp":
		if bareURL(u) && u.Port() != "" {
			return s
		}
	}
	v.bad("%s is not where logs are collected; %s", quote(s), right)
	return ""
}

// collectorTLS is whom to trust, and what to show, each if it is there.
func (v value) collectorTLS() *slipway.TLS {
	var t slipway.TLS
	g := tlsKeys.decode(v, &t, "{ca: /etc/slipway/collector-ca.pem}", nil)
	if g.has("cert") != g.has("key") {
		v.bad("cert and key belong together: write both, or neither where the collector asks for no certificate")
	}
	return &t
}
