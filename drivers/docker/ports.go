package docker

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/go-connections/nat"

	"slipway"
)

// labelFixed records the ports of the host that a container fixes, so that one
// listing says which are taken, also by containers that do not run.
const labelFixed = "slipway.fixed-ports"

// fix publishes ports of the host's address.
func fix(ports []slipway.FixedPort, address string, config *container.Config, host *container.HostConfig) {
	var on []string
	for _, p := range ports {
		inside := nat.Port(fmt.Sprintf("%d/%s", p.Target, p.Protocol))
		if config.ExposedPorts == nil {
			config.ExposedPorts = nat.PortSet{}
		}
		if host.PortBindings == nil {
			host.PortBindings = nat.PortMap{}
		}
		config.ExposedPorts[inside] = struct{}{}
		host.PortBindings[inside] = append(host.PortBindings[inside], nat.PortBinding{HostIP: address, HostPort: strconv.Itoa(p.Published)})
		on = append(on, p.On())
	}
	if len(on) > 0 {
		config.Labels[labelFixed] = strings.Join(on, ",")
	}
}

// takenPorts are the ports of the host that containers have: those that run,
// whoever made them, and ours that will have them when they are started again.
func takenPorts(containers []container.Summary) []slipway.TakenPort {
	var taken []slipway.TakenPort
	for _, c := range containers {
		seen := map[string]bool{"": true}
		add := func(port string) {
			if !seen[port] {
				seen[port] = true
				taken = append(taken, slipway.TakenPort{Port: port, By: nameOf(c)})
			}
		}
		for port := range strings.SplitSeq(c.Labels[labelFixed], ",") {
			add(port)
		}
		for _, p := range c.Ports {
			if p.PublicPort != 0 {
				add(fmt.Sprintf("%d/%s", p.PublicPort, p.Type))
			}
		}
	}
	return taken
}

// fixedPortTaken finds the port of which an engine said that it is in use, if
// the container fixes it: another one cannot be taken instead.
func fixedPortTaken(err error, ports []slipway.FixedPort) (slipway.FixedPort, bool) {
	if !taken(err) {
		return slipway.FixedPort{}, false
	}
	for _, p := range ports {
		if regexp.MustCompile(fmt.Sprintf(`:%d\b`, p.Published)).MatchString(err.Error()) {
			return p, true
		}
	}
	return slipway.FixedPort{}, false
}
