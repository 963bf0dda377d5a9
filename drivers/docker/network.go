package docker

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"

	"slipway"
)

// labelOwner marks the networks that Slipway made.
const labelOwner = "slipway.network"

// network returns the IPv4 subnet of our bridge network, and makes it if there
// is none. It asks the engine once. The caller holds placing.
func (e *Engine) network(ctx context.Context) (netip.Prefix, error) {
	if e.subnet.IsValid() {
		return e.subnet, nil
	}
	var err error
	for range attempts {
		var found []network.Inspect
		if found, err = e.networks(ctx, slipway.Network); err != nil {
			break
		}
		if len(found) == 0 {
			if err = e.makeNetwork(ctx); err != nil && !errdefs.IsNotFound(err) {
				break
			}
			continue
		}
		for _, surplus := range found[1:] {
			if err = e.dropNetwork(ctx, surplus.ID); err != nil {
				return netip.Prefix{}, err
			}
		}
		if e.subnet, err = e.subnetOf(found[0]); err != nil {
			break
		}
		return e.subnet, nil
	}
	return netip.Prefix{}, fmt.Errorf("make network %s: %w", slipway.Network, err)
}

// attempts is how often the network is looked for, and made, when another
// process does the same at the same time.
const attempts = 5

// remakeNetwork looks again after the network was found missing, or twice.
func (e *Engine) remakeNetwork(ctx context.Context) error {
	if err := e.lock(ctx); err != nil {
		return err
	}
	defer e.unlock()
	e.subnet = netip.Prefix{}
	_, err := e.network(ctx)
	return err
}

// networks lists those of that name, the oldest first. Docker does not keep
// two processes from making two of one name at the same time; all agree that
// the oldest is the one to use.
func (e *Engine) networks(ctx context.Context, name string) ([]network.Inspect, error) {
	found, err := e.client.NetworkList(ctx, network.ListOptions{Filters: filters.NewArgs(filters.Arg("name", "^"+name+"$"))})
	slices.SortFunc(found, func(a, b network.Inspect) int {
		return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.ID, b.ID))
	})
	return found, err
}

// makeNetwork creates the network. Docker gives fixed addresses only on a
// subnet that its user chose, and only Docker knows which one is free: so it
// is let choose for a network that exists for a moment, and then told its own
// choice. An error of errdefs.IsNotFound, like none, means to look again.
func (e *Engine) makeNetwork(ctx context.Context) error {
	const draft = slipway.Network + "-draft"
	options := network.CreateOptions{Driver: "bridge", Labels: map[string]string{labelOwner: "1"}}
	if _, err := e.client.NetworkCreate(ctx, draft, options); err != nil && !exists(err) {
		return err
	}
	drafts, err := e.networks(ctx, draft) // with those that a crash, or another process, left
	if err != nil || len(drafts) == 0 {
		return err
	}
	subnet, err := e.subnetOf(drafts[0])
	if err != nil {
		return err
	}
	for _, d := range drafts {
		if err := e.dropNetwork(ctx, d.ID); err != nil {
			return err
		}
	}
	options.IPAM = &network.IPAM{Config: []network.IPAMConfig{{Subnet: subnet.String()}}}
	if _, err := e.client.NetworkCreate(ctx, slipway.Network, options); err != nil && !exists(err) {
		return err
	}
	return nil
}

func (e *Engine) dropNetwork(ctx context.Context, id string) error {
	if err := e.client.NetworkRemove(ctx, id); err != nil && !errdefs.IsNotFound(err) {
		return err
	}
	return nil
}

// exists reports whether a network could not be made because there is one, of
// that name or in that subnet.
func exists(err error) bool {
	return errdefs.IsConflict(err) || contains(err.Error(), "already exists", "Pool overlaps with other one")
}

func (e *Engine) subnetOf(n network.Inspect) (netip.Prefix, error) {
	for _, pool := range n.IPAM.Config {
		if subnet, err := netip.ParsePrefix(pool.Subnet); err == nil && subnet.Addr().Is4() {
			return subnet.Masked(), nil
		}
	}
	return netip.Prefix{}, slipway.Errorf(slipway.CodeInvalid, "host %s: the network %s has no IPv4 subnet: remove it, and Slipway makes it as it should be", e.host, n.Name)
}

// fixedAddress is the address that we gave a container on our network, the
// zero Addr if it is not on it or has none of ours.
func fixedAddress(networks map[string]*network.EndpointSettings) netip.Addr {
	endpoint := networks[slipway.Network]
	if endpoint == nil {
		return netip.Addr{}
	}
	text := endpoint.IPAddress // of one that somebody else put on our network
	if endpoint.IPAMConfig != nil && endpoint.IPAMConfig.IPv4Address != "" {
		text = endpoint.IPAMConfig.IPv4Address
	}
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return ip
}
