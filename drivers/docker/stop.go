package docker

import (
	"context"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
)

// Stop stops the container, waiting up to grace (rounded up to seconds) before
// it is killed, and leaves it there: the engine does not start it again by
// itself, neither when it restarts nor when the host does. One that does not
// run, is not there, or is not ours under our name, is no error.
func (e *Engine) Stop(ctx context.Context, name string, grace time.Duration) error {
	doing := "stop container " + name
	found, err := e.client.ContainerInspect(ctx, name)
	if errdefs.IsNotFound(err) || err == nil && !ours(found, name) {
		return nil
	}
	if err != nil {
		return e.fail(ctx, doing, err)
	}
	timeout := seconds(grace)
	err = e.client.ContainerStop(ctx, found.ID, container.StopOptions{Timeout: &timeout})
	if errdefs.IsNotFound(err) {
		return nil
	}
	return e.fail(ctx, doing, err)
}
