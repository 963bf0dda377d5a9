package system

import (
	"context"
	"fmt"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"

	"slipway"
)

// guest is this system on an engine that is not its own.
type guest struct {
	docker  string
	project string
	before  bool // the network was there before
}

// visit remembers what the engine had before.
func visit(ctx context.Context, docker, project string) (*guest, error) {
	api, err := client.NewClientWithOpts(client.WithHost(docker), client.WithAPIVersionNegotiation())
	if err != nil {
		return nil, err
	}
	defer api.Close()
	_, err = api.NetworkInspect(ctx, slipway.Network, network.InspectOptions{})
	return &guest{docker: docker, project: project, before: err == nil}, nil
}

// Close removes the containers of the system's project, and the network if it
// was not there before.
func (g *guest) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	api, err := client.NewClientWithOpts(client.WithHost(g.docker), client.WithAPIVersionNegotiation())
	if err != nil {
		return err
	}
	defer api.Close()
	mine := filters.NewArgs(filters.Arg("label", slipway.LabelProject+"="+g.project))
	found, err := api.ContainerList(ctx, container.ListOptions{All: true, Filters: mine})
	if err != nil {
		return fmt.Errorf("list what the system left: %w", err)
	}
	for _, c := range found {
		if err := api.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true, RemoveVolumes: true}); err != nil {
			return fmt.Errorf("remove what the system left: %w", err)
		}
	}
	if g.before {
		return nil
	}
	if err := api.NetworkRemove(ctx, slipway.Network); err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("remove the network: %w", err)
	}
	return nil
}
