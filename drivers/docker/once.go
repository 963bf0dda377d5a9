package docker

import (
	"context"

	"github.com/docker/docker/api/types/container"

	"slipway"
)

// RunOnce makes a container of that name and starts it. One of that name that
// has run, or runs, is left as it is, whoever called before: what it does is
// done once. With other labels it is CodeConflict.
func (e *Engine) RunOnce(ctx context.Context, spec slipway.ContainerSpec) error {
	doing := "run container " + spec.Name
	id, err := e.ensure(ctx, spec)
	if err != nil {
		return e.fail(ctx, doing, err)
	}
	ran, err := e.hasRun(ctx, id)
	if err != nil || ran {
		return e.fail(ctx, doing, err)
	}
	if err = e.client.ContainerStart(ctx, id, container.StartOptions{}); err == nil {
		return nil
	}
	// What has not run may be made again, at another address. Never by force: one
	// that does run after all stays.
	if ran, inspectErr := e.hasRun(ctx, id); inspectErr == nil && !ran {
		_ = e.client.ContainerRemove(ctx, id, container.RemoveOptions{RemoveVolumes: true})
	}
	if networkLost(err) {
		_ = e.remakeNetwork(ctx)
	}
	return e.fail(ctx, doing, startError(err))
}
