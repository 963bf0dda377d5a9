package spec

import (
	"net"
	"net/netip"
	"regexp"
	"strconv"
)

// maxRequires bounds how many dependencies are tried at a time.
const maxRequires = 20

// requires are dependencies as a container reaches them.
func (v value) requires() []string {
	const example = "[db.example.com:5432]"
	seen := unique{}
	list := listOf(v, "write a list, for example "+example, func(item value) string {
		at := item.dependency()
		seen.add(item, at)
		return at
	})
	if len(list) > maxRequires {
		v.bad("holds %d; at most %d dependencies are tried: name those without which nothing works", len(list), maxRequires)
	}
	return list
}

var dnsPattern = regexp.MustCompile(`^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?$`)

// dependency is a host and a TCP port.
func (v value) dependency() string {
	const right = "write HOST:PORT, for example db.example.com:5432 or [2001:db8::1]:5432"
	s, ok := v.text(right)
	if !ok {
		return ""
	}
	host, port, err := net.SplitHostPort(s)
	number, invalid := strconv.ParseUint(port, 10, 16)
	ip, noIP := netip.ParseAddr(host)
	switch {
	case err != nil, invalid != nil, number == 0, noIP != nil && (len(host) > 253 || !dnsPattern.MatchString(host)):
		v.bad("%s is not a host and a TCP port; %s", quote(s), right)
	case host == "localhost", noIP == nil && ip.IsLoopback():
		v.bad("%s is the container itself; %s", quote(s), right)
	case noIP == nil && (ip.IsUnspecified() || ip.IsMulticast()):
		v.bad("%s is every address or many; %s", quote(s), right)
	default:
		return net.JoinHostPort(host, strconv.FormatUint(number, 10))
	}
	return ""
}
