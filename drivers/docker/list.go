package docker

import (
	"context"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"slipway"
)

// List returns the service's containers, running or not, newest first. It
// costs one call, and one more for each container.
func (e *Engine) List(ctx context.Context, service slipway.ServiceID) ([]slipway.ContainerState, error) {
	doing := "list the containers of " + service.String()
	found, err := e.client.ContainerList(ctx, container.ListOptions{
		All: true,
		Filters: filters.NewArgs(
			filters.Arg("label", slipway.LabelProject+"="+service.Project),
			filters.Arg("label", slipway.LabelService+"="+service.Service)),
	})
	if err != nil {
		return nil, e.fail(ctx, doing, err)
	}
	var states []slipway.ContainerState
	for _, c := range found {
		full, err := e.client.ContainerInspect(ctx, c.ID)
		if errdefs.IsNotFound(err) { // removed since it was listed
			continue
		}
		if err != nil {
			return nil, e.fail(ctx, doing, err)
		}
		states = append(states, state(full))
	}
	return states, nil
}
