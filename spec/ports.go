package spec

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"slipway"
)

var fixedPortKeys = object[slipway.FixedPort]{
	"target":    func(p *slipway.FixedPort, v value) { p.Target = v.integer(1, 65535) },
	"published": func(p *slipway.FixedPort, v value) { p.Published = v.integer(1, 65535) },
	"protocol":  func(p *slipway.FixedPort, v value) { p.Protocol = v.oneOf("tcp", "udp") },
}

var fixedPortRefused = map[string]string{
	"host_ip":      "the port is bound on the address that the host has in the fleet file; leave it out",
	"mode":         "belongs to Swarm; leave it out",
	"name":         "means nothing here; leave it out",
	"app_protocol": "means nothing here; leave it out",
}

var fixedPortPattern = regexp.MustCompile(`^([0-9]{1,5}):([0-9]{1,5})(?:/(tcp|udp))?$`)

// ports are ports of the host in Compose's short or long form, in their order,
// since the order of the file means nothing and must not change the settings.
func (v value) ports() []slipway.FixedPort {
	const right = `write a list of HOST:CONTAINER, or HOST:CONTAINER/udp, for example ["8125:8125/udp"]`
	taken := unique{}
	list := listOf(v, right, func(item value) slipway.FixedPort {
		p := slipway.FixedPort{Protocol: "tcp"}
		if item.node.Kind == yaml.MappingNode {
			g := fixedPortKeys.decode(item, &p, "{published: 8125, target: 8125, protocol: udp}", fixedPortRefused)
			g.need([2]string{"published", "8125"}, [2]string{"target", "8125"})
		} else if s, ok := item.text(right); ok {
			part := fixedPortPattern.FindStringSubmatch(s)
			if part == nil {
				item.bad("%s is not a port of the host and one of the container; %s", quote(s), right)
				return p
			}
			p.Published, p.Target, p.Protocol = item.port(part[1]), item.port(part[2]), cmp.Or(part[3], "tcp")
		}
		taken.add(item, p.On())
		return p
	})
	slices.SortFunc(list, func(a, b slipway.FixedPort) int {
		return cmp.Or(cmp.Compare(a.Published, b.Published), cmp.Compare(a.Protocol, b.Protocol))
	})
	return list
}

// port is a number of a port within a text.
func (v value) port(text string) int {
	n, _ := strconv.Atoi(text) // at most five digits
	if n < 1 || n > 65535 {
		v.bad("%s is not a port; write a number from 1 to 65535", text)
	}
	return n
}

var allowedPortPattern = regexp.MustCompile(`^[1-9][0-9]{0,4}/(tcp|udp)$`)

// allowedPort is a port of a host that services may ask for.
func (v value) allowedPort() string {
	return v.matching(allowedPortPattern, "a port of a host", "write PORT/tcp or PORT/udp, for example 8125/udp")
}
