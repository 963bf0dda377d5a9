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
// when the container is gone; one that is not there is no error. One that
// somebody else made under our name is not ours to remove: it stays, and ours is
// not there. A mount that stays busy is CodeUnavailable: it may go away.
func (e *Engine) Remove(ctx context.Context, name string, grace time.Duration) error {
	doing := "remove container " + name
	found, err := e.client.ContainerInspect(ctx, name)
	if errdefs.IsNotFound(err) || err == nil && !ours(found, name) {
		return nil
	}
	if err != nil {
		return e.fail(ctx, doing, err)
	}
	return e.stopAndRemove(ctx, found, grace)
}

func (e *Engine) stopAndRemove(ctx context.Context, found container.InspectResponse, grace time.Duration) error {
	name := strings.TrimPrefix(found.Name, "/")
	doing := "remove container " + name
	timeout := seconds(grace)
	err := e.client.ContainerStop(ctx, found.ID, container.StopOptions{Timeout: &timeout})
	if errdefs.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return e.fail(ctx, doing, err)
	}
	err = e.client.ContainerRemove(ctx, found.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
	switch {
	case errdefs.IsNotFound(err):
		return nil
	case err != nil && strings.Contains(err.Error(), "is already in progress"):
		return e.fail(ctx, doing, e.awaitRemoval(ctx, found.ID, name))
	}
	return e.fail(ctx, doing, err)
}

// ours reports whether the release whose name the container has is the one that
// it was made for.
func ours(found container.InspectResponse, name string) bool {
	release := found.Config.Labels[slipway.LabelRelease]
	return release != "" && (name == release || strings.HasPrefix(name, release+"."))
}

// awaitRemoval waits for a removal that somebody else began.
func (e *Engine) awaitRemoval(ctx context.Context, id, name string) error {
	gone, failed := e.client.ContainerWait(ctx, id, container.WaitConditionRemoved)
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
