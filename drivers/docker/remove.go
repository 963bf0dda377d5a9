package docker

import (
	"context"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"slipway"
)

// Remove stops the container, waiting up to grace (rounded up to seconds)
// before it is killed, and removes it with its anonymous volumes. It returns
// when the container is gone; one that is not there is no error. A mount that
// stays busy is CodeUnavailable: it may go away.
func (e *Engine) Remove(ctx context.Context, name string, grace time.Duration) error {
	doing := "remove container " + name
	timeout := seconds(grace)
	err := e.client.ContainerStop(ctx, name, container.StopOptions{Timeout: &timeout})
	if errdefs.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return e.fail(ctx, doing, err)
	}
	err = e.client.ContainerRemove(ctx, name, container.RemoveOptions{Force: true, RemoveVolumes: true})
	switch {
	case errdefs.IsNotFound(err):
		return nil
	case err != nil && strings.Contains(err.Error(), "is already in progress"):
		return e.fail(ctx, doing, e.awaitRemoval(ctx, name))
	}
	return e.fail(ctx, doing, err)
}

// awaitRemoval waits for a removal that somebody else began.
func (e *Engine) awaitRemoval(ctx context.Context, name string) error {
	gone, failed := e.client.ContainerWait(ctx, name, container.WaitConditionRemoved)
	select {
	case result := <-gone:
		if result.Error != nil {
			return slipway.Errorf(slipway.CodeUnavailable, "host %s: container %s could not be removed: %s", e.host, name, result.Error.Message)
		}
		return nil
	case err := <-failed:
		if errdefs.IsNotFound(err) {
			return nil
		}
		return err
	}
}
