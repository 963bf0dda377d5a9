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
	return slipway.HostFacts{
		Platform:      version.Os + "/" + version.Arch,
		Version:       version.Version,
		API:           version.APIVersion,
		Kernel:        version.KernelVersion,
		StorageDriver: info.Driver,
		LiveRestore:   info.LiveRestoreEnabled,
		Answered:      slipway.Duration(time.Since(asked)),
	}, nil
}
