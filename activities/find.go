package activities

import (
	"context"

	"slipway"
)

// FindInput names a container that Slipway did not make.
type FindInput struct {
	Host      string `json:"host"`
	Container string `json:"container"`
}

// FindContainer looks at a container that is to be adopted. It changes nothing.
func (a *Host) FindContainer(ctx context.Context, in FindInput) (slipway.Found, error) {
	engine, err := a.Engines.Engine(in.Host)
	if err != nil {
		return slipway.Found{}, Failure(err)
	}
	found, err := engine.Find(ctx, in.Container)
	return found, Failure(err)
}
