package docker

import (
	"context"

	"github.com/docker/docker/api/types/container"

	"slipway"
)

// Resume starts a container again that was stopped, at the address and with all
// else that it had. One that runs is left as it is; one that is gone, or that
// somebody else made under our name, is CodeNotFound.
func (e *Engine) Resume(ctx context.Context, name string) (slipway.ContainerState, error) {
	doing := "start container " + name + " again"
	found, err := e.client.ContainerInspect(ctx, name)
	if err != nil {
		return slipway.ContainerState{}, e.fail(ctx, doing, err)
	}
	if !ours(found, name) {
		return slipway.ContainerState{}, slipway.Errorf(slipway.CodeNotFound, "host %s: %s: it is not one that Slipway has made", e.host, doing)
	}
	// Starting one that runs already is no error for the engine.
	if err := e.client.ContainerStart(ctx, found.ID, container.StartOptions{}); err != nil {
		return slipway.ContainerState{}, e.fail(ctx, doing, startError(err))
	}
	return e.Inspect(ctx, name)
}
