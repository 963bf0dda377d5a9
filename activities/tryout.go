package activities

import (
	"context"

	"slipway"
)

// TryOut has a host start green up to its first instruction, in a throw-away
// container: what would keep it from starting is told, with CodeInvalid, while
// blue still serves; CodeNotFound is an image that is not on the host. Where it
// is told, nothing has been changed, so it may run again. It is held to the rules
// as what starts is, and wants no order: nothing of the image runs, and no secret
// is looked up.
func (a *Host) TryOut(ctx context.Context, in StartInput) error {
	if err := a.Rules.Permit(in.Service, in.Host); err != nil {
		return Failure(err)
	}
	engine, err := a.Engines.Engine(in.Host)
	if err != nil {
		return Failure(err)
	}
	ref, _, err := a.Registries.PullRef(ctx, in.Registry, in.Image)
	if err != nil {
		return Failure(err)
	}
	plain := map[string]string{}
	for name, value := range in.Service.Container.Environment {
		if value.Secret == "" {
			plain[name] = value.Plain
		}
	}
	_, err = answering(ctx, engine, in.Host, in.Patience, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, engine.TryOut(ctx, in.Image.Platform, slipway.ContainerSpec{Image: ref, Container: in.Service.Container, Environment: plain})
	})
	return Failure(err)
}
