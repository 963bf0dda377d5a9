package docker

import (
	"context"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"slipway"
)

// Reach says which dependencies, "host:port" each, a container on this host does
// not reach over TCP: on our network, with the names that containers there know.
// Each has three seconds to answer. A throw-away container connects to all side
// by side, and closes the connections without a word. Its image, of 1 MB, is made
// where it is missing, and stays. Errors: CodeInvalid for a platform that there
// is no program for.
func (e *Engine) Reach(ctx context.Context, platform string, dependencies []string) ([]slipway.Unmet, error) {
	const doing = "see what a container reaches"
	archive, err := e.program(platform)
	if err != nil {
		return nil, err
	}
	var said string
	var status int
	for range placements {
		var id string
		id, err = e.createReacher(ctx, withinImage(archive), dependencies)
		if errdefs.IsNotFound(err) {
			if err = e.importProgram(ctx, archive, platform); err != nil {
				break
			}
			continue
		}
		if err != nil {
			break
		}
		if said, status, err = e.hear(ctx, id); err == nil || !networkLost(err) && !taken(err) {
			break
		}
		if networkLost(err) {
			if err = e.remakeNetwork(ctx); err != nil {
				break
			}
		}
	}
	if err != nil {
		return nil, e.fail(ctx, doing, err)
	}
	var unmet []slipway.Unmet
	for line := range strings.Lines(said) {
		to, why, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if ok && slices.Contains(dependencies, to) {
			unmet = append(unmet, slipway.Unmet{To: to, Why: why})
		}
	}
	if status != 0 && len(unmet) == 0 {
		return nil, slipway.Errorf(slipway.CodeInternal, "host %s: %s: the container ended with status %d: %s", e.host, doing, status, strings.TrimSpace(said))
	}
	return unmet, nil
}

// createReacher makes the container at a free address of our network: one that
// Docker chose could be that of a container which is stopped just now.
func (e *Engine) createReacher(ctx context.Context, ref string, dependencies []string) (string, error) {
	if err := e.lock(ctx); err != nil {
		return "", err
	}
	defer e.unlock()
	peers, err := e.peers(ctx)
	if err != nil {
		return "", err
	}
	subnet, err := e.network(ctx)
	if err != nil {
		return "", err
	}
	at, err := e.place(subnet, slipway.ContainerSpec{}, peers)
	if err != nil {
		return "", err
	}
	t := throwaway{
		config: &container.Config{Image: ref, Cmd: append([]string{withinPath, "reach"}, dependencies...), User: "65534:65534"},
		host:   &container.HostConfig{NetworkMode: slipway.Network, ReadonlyRootfs: true, CapDrop: []string{"ALL"}},
		networking: &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
			slipway.Network: {IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: at.address.String()}},
		}},
	}.marked()
	created, err := e.client.ContainerCreate(ctx, t.config, t.host, t.networking, nil, "")
	return created.ID, err
}
