package docker

import (
	"context"

	"github.com/docker/docker/api/types/container"

	"slipway"
)

// Resume starts a container again that was stopped, at the address and with all
// else that it had. One that runs is left as it is; one that is gone is
// CodeNotFound.
func (e *Engine) Resume(ctx context.Context, name string) (slipway.ContainerState, error) {
	// Starting one that runs already is no error for the engine.
	if err := e.client.ContainerStart(ctx, name, container.StartOptions{}); err != nil {
		return slipway.ContainerState{}, e.fail(ctx, "start container "+name+" again", startError(err))
	}
	return e.Inspect(ctx, name)
}
