package spec

import (
	"net/netip"
	"net/url"
	"path"
	"strings"

	"slipway"
)

var hostKeys = object[slipway.Host]{
	"name":    func(h *slipway.Host, v value) { h.Name = v.name() },
	"docker":  func(h *slipway.Host, v value) { h.Docker = v.docker() },
	"tls":     func(h *slipway.Host, v value) { h.TLS = v.tls() },
	"ssh":     func(h *slipway.Host, v value) { h.SSH = v.ssh() },
	"agent":   func(h *slipway.Host, v value) { h.Agent = v.boolean() },
	"address": func(h *slipway.Host, v value) { h.Address = v.address() },
	"ports":   func(h *slipway.Host, v value) { h.Ports = v.portRange() },
	"labels":  func(h *slipway.Host, v value) { h.Labels = v.hostLabels() },
	"profile": func(h *slipway.Host, v value) { h.Profile = v.profileName() },
}

func (v value) hosts() []slipway.Host {
	const example = `{name: h1, docker: "unix:///var/run/docker.sock", address: 10.0.0.1}`
	names, engines := unique{}, unique{}
	hosts := listOf(v, "write a list, for example ["+example+"]", func(item value) slipway.Host {
		var h slipway.Host
		g := hostKeys.decode(item, &h, example, nil)
		g.need([2]string{"name", "h1"}, [2]string{"address", "10.0.0.1"})
		names.add(g.at("name"), h.Name)
		engines.add(g.at("docker"), h.Docker)
		switch tcp := strings.HasPrefix(h.Docker, "tcp://"); {
		case g.keys == nil:
		case h.Agent && g.has("docker"):
			g.at("docker").bad("an agent on the host uses the Docker Engine there; leave docker out, or agent")
		case !h.Agent && !g.has("docker"):
			item.bad("says no way to its Docker Engine; write docker: \"unix:///var/run/docker.sock\", or agent: true")
		case tcp && !g.has("tls"):
			g.at("docker").bad("tcp without TLS gives the host to everyone who reaches the port; add tls: {ca, cert, key}")
		case !tcp && h.Docker != "" && g.has("tls"):
			g.at("tls").bad("is for docker: tcp://…; leave it out")
		case !strings.HasPrefix(h.Docker, "ssh://") && h.Docker != "" && g.has("ssh"):
			g.at("ssh").bad("is for docker: ssh://…; leave it out")
		case h.Agent && (g.has("tls") || g.has("ssh")):
			item.bad("has an agent, which needs no way to its Docker Engine; leave tls and ssh out")
		}
		return h
	})
	if v.isEmptyList() {
		v.bad("holds none; a fleet has at least one host")
	}
	return hosts
}

// docker is where the Docker Engine answers.
func (v value) docker() string {
	const right = "write unix:///var/run/docker.sock, tcp://10.0.0.1:2376 or ssh://user@host"
	s, ok := v.text(right)
	if !ok {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil {
		v.bad("is not a URL; %s", right) // it may hold a password, as err would
		return ""
	}
	_, password := u.User.Password()
	bare := u.Path == "" && u.RawQuery == "" && u.Fragment == "" && u.Hostname() != ""
	switch {
	case password:
		v.bad("holds a password; sign in by a key, and %s", right)
	case u.Scheme == "unix" && unixSocket(u),
		u.Scheme == "tcp" && bare && u.User == nil && u.Port() != "",
		u.Scheme == "ssh" && bare:
		return s
	default:
		v.bad("%s is not where a Docker Engine answers; %s", quote(s), right)
	}
	return ""
}

// unixSocket reports whether u is unix:///path and nothing else.
func unixSocket(u *url.URL) bool {
	return u.Host == "" && u.User == nil && u.RawQuery == "" && u.Fragment == "" &&
		strings.HasPrefix(u.Path, "/") && u.Path != "/" && path.Clean(u.Path) == u.Path
}

var tlsKeys = object[slipway.TLS]{
	"ca":   func(t *slipway.TLS, v value) { t.CA = v.filePath("/etc/slipway/ca.pem") },
	"cert": func(t *slipway.TLS, v value) { t.Cert = v.filePath("/etc/slipway/cert.pem") },
	"key":  func(t *slipway.TLS, v value) { t.Key = v.filePath("/etc/slipway/key.pem") },
}

// tls is three files of a mutual TLS connection.
func (v value) tls() *slipway.TLS {
	var t slipway.TLS
	tlsKeys.decode(v, &t, "{ca: /etc/slipway/ca.pem, cert: /etc/slipway/cert.pem, key: /etc/slipway/key.pem}", nil).need(
		[2]string{"ca", "/etc/slipway/ca.pem"}, [2]string{"cert", "/etc/slipway/cert.pem"}, [2]string{"key", "/etc/slipway/key.pem"})
	return &t
}

var sshKeys = object[slipway.SSH]{
	"key":         func(s *slipway.SSH, v value) { s.Key = v.filePath("/etc/slipway/ssh/id_ed25519") },
	"known_hosts": func(s *slipway.SSH, v value) { s.KnownHosts = v.filePath("/etc/slipway/ssh/known_hosts") },
}

// ssh is the two files of a connection over SSH.
func (v value) ssh() *slipway.SSH {
	var s slipway.SSH
	sshKeys.decode(v, &s, "{key: /etc/slipway/ssh/id_ed25519, known_hosts: /etc/slipway/ssh/known_hosts}", nil).need(
		[2]string{"key", "/etc/slipway/ssh/id_ed25519"}, [2]string{"known_hosts", "/etc/slipway/ssh/known_hosts"})
	return &s
}

// address is an IP address that a port can be bound to and reached at.
func (v value) address() string {
	const right = "write the IP address that edges elsewhere reach the host at, for example 10.0.0.1"
	s, ok := v.text(right)
	if !ok {
		return ""
	}
	ip, err := netip.ParseAddr(s)
	switch {
	case err != nil:
		v.bad("%s is not an IP address; %s", quote(s), right)
	case ip.IsUnspecified(), ip.IsMulticast():
		v.bad("%s is every address or many; %s", s, right)
	default:
		return ip.String()
	}
	return ""
}

func (v value) portRange() slipway.PortRange {
	var r slipway.PortRange
	s, ok := v.text("write a range of ports, for example 20000-20999")
	if ok {
		if err := r.UnmarshalText([]byte(s)); err != nil {
			v.bad("%s", err)
		}
	}
	return r
}
