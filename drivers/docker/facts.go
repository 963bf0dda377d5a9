package docker

import (
	"context"
	"time"

	"slipway"
)

// Facts says what the engine is.
func (e *Engine) Facts(ctx context.Context) (slipway.HostFacts, error) {
	asked := time.Now()
	version, err := e.client.ServerVersion(ctx)
	if err != nil {
		return slipway.HostFacts{}, e.fail(ctx, "ask for its version", err)
	}
	info, err := e.client.Info(ctx)
	if err != nil {
		return slipway.HostFacts{}, e.fail(ctx, "ask for its facts", err)
	}
	ports, err := e.ports(ctx)
	if err != nil {
		return slipway.HostFacts{}, e.fail(ctx, "look at its network "+slipway.Network, err)
	}
	return slipway.HostFacts{
		Platform:      version.Os + "/" + version.Arch,
		Version:       version.Version,
		API:           version.APIVersion,
		Kernel:        version.KernelVersion,
		StorageDriver: info.Driver,
		LiveRestore:   info.LiveRestoreEnabled,
		Answered:      slipway.Duration(time.Since(asked)),
		Ports:         ports,
	}, nil
}

// ports are those of the host that containers on our network have. A network
// that is not as it has to be is an error; none is as good, as it will be made.
func (e *Engine) ports(ctx context.Context) ([]int, error) {
	found, err := e.networks(ctx, slipway.Network)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	if _, err := e.subnetOf(found[0]); err != nil {
		return nil, err
	}
	peers, err := e.peers(ctx)
	var ports []int
	for _, p := range peers {
		if p.port != 0 {
			ports = append(ports, p.port)
		}
	}
	return ports, err
}
