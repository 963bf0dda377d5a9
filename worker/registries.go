package worker

import (
	"context"
	"sync"

	"slipway"
	"slipway/drivers/registry"
	"slipway/drivers/secrets"
)

// registries are the registries of the fleet, made anew when the fleet file has
// changed.
type registries struct {
	fleet   func() *slipway.Fleet
	secrets secrets.Store
	mu      sync.Mutex
	of      *slipway.Fleet
	set     *registry.Set
	copies  copies
}

func (r *registries) current() *registry.Set {
	fleet := r.fleet()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.set == nil || r.of != fleet {
		r.of, r.set = fleet, registry.New(fleet.Registries, r.secrets.Secret)
	}
	return r.set
}

func (r *registries) Resolve(ctx context.Context, name, repository, tag, platform string) (slipway.Image, error) {
	return r.current().Resolve(ctx, name, repository, tag, platform)
}

func (r *registries) Copy(ctx context.Context, project, from, to string, image slipway.Image, progress func(slipway.Progress)) error {
	owner, _ := r.fleet().Project(project)
	pace, done, err := r.copies.begin(project, owner.Quotas.Copy)
	if err != nil {
		return err
	}
	defer done()
	return r.current().Copy(ctx, from, to, image, pace, progress)
}

func (r *registries) PullRef(ctx context.Context, name string, image slipway.Image) (string, slipway.RegistryAuth, error) {
	return r.current().PullRef(ctx, name, image)
}
