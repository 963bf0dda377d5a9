package docker

import (
	"context"
	"net/netip"
	"slices"
	"strconv"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"slipway"
)

// labelPort records the host port on the container, so that one listing says
// which ports are taken, also by containers that do not run.
const labelPort = "slipway.host-port"

// A place is where a container is reached.
type place struct {
	address netip.Addr
	port    int // on the host; 0: none
}

// A peer is a container on our network, running or not, and what it takes up.
type peer struct {
	id     string
	names  []string
	labels map[string]string
	place
}

func (p peer) named(name string) bool { return slices.Contains(p.names, "/"+name) }

// peers lists the containers on our network, whoever made them.
func (e *Engine) peers(ctx context.Context) ([]peer, error) {
	found, err := e.client.ContainerList(ctx, container.ListOptions{
		All:     true,
		Filters: filters.NewArgs(filters.Arg("network", slipway.Network)),
	})
	if err != nil {
		return nil, err
	}
	var peers []peer
	for _, c := range found {
		p := peer{id: c.ID, names: c.Names, labels: c.Labels}
		p.port, _ = strconv.Atoi(c.Labels[labelPort])
		if c.NetworkSettings != nil {
			p.address = fixedAddress(c.NetworkSettings.Networks)
		}
		peers = append(peers, p)
	}
	return peers, nil
}

// place chooses an address, and a port if the spec asks for one, that no
// container has. It goes round the subnet and the range instead of taking the
// lowest, so that a late request for a container that is gone meets nobody
// rather than its successor.
func (e *Engine) place(subnet netip.Prefix, spec slipway.ContainerSpec, peers []peer) (place, error) {
	var highest place
	ips, ports := map[netip.Addr]bool{}, map[int]bool{}
	for _, p := range peers {
		ips[p.address], ports[p.port] = true, true
		if highest.address.Less(p.address) {
			highest.address = p.address
		}
		highest.port = max(highest.port, p.port)
	}
	if !subnet.Contains(e.lastIP) {
		e.lastIP = highest.address
	}
	ip, ok := nextAddress(subnet, e.lastIP, ips)
	if !ok {
		return place{}, slipway.Errorf(slipway.CodeTooMany, "host %s: every address of the network %s, %s, is taken by a container: remove some", e.host, slipway.Network, subnet)
	}
	e.lastIP = ip
	if spec.Publish == nil {
		return place{address: ip}, nil
	}
	if e.lastPort == 0 {
		e.lastPort = highest.port
	}
	port, ok := nextPort(spec.Publish.Ports, e.lastPort, ports)
	if !ok {
		return place{}, slipway.Errorf(slipway.CodeTooMany, "host %s: every port of %d-%d is taken by a container: remove some, or give the host more ports",
			e.host, spec.Publish.Ports.First, spec.Publish.Ports.Last)
	}
	e.lastPort = port
	return place{address: ip, port: port}, nil
}

// nextAddress is the first address after last that is not taken, going round.
// The subnet's own address, the bridge's (the first) and the broadcast address
// (the last) are never given out.
func nextAddress(subnet netip.Prefix, last netip.Addr, taken map[netip.Addr]bool) (netip.Addr, bool) {
	first := subnet.Masked().Addr().Next().Next()
	usable := func(ip netip.Addr) bool { return subnet.Contains(ip) && subnet.Contains(ip.Next()) && !ip.Less(first) }
	start := last
	if !usable(start) {
		start = first
	} else if start = last.Next(); !usable(start) {
		start = first
	}
	for ip := start; usable(ip); {
		if !taken[ip] {
			return ip, true
		}
		if ip = ip.Next(); !usable(ip) {
			ip = first
		}
		if ip == start {
			break
		}
	}
	return netip.Addr{}, false
}

// nextPort is the first port of the range after last that is not taken, going
// round.
func nextPort(ports slipway.PortRange, last int, taken map[int]bool) (int, bool) {
	count := ports.Last - ports.First + 1
	if ports.First == 0 || count <= 0 {
		return 0, false
	}
	if last < ports.First || last > ports.Last {
		last = ports.Last
	}
	for i := range count {
		if port := ports.First + (last-ports.First+1+i)%count; !taken[port] {
			return port, true
		}
	}
	return 0, false
}
