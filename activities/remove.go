package activities

import (
	"context"

	"slipway"
)

// RemoveInput says which container is to go.
type RemoveInput struct {
	Host      string           `json:"host"`
	Container string           `json:"container"`
	Grace     slipway.Duration `json:"grace"`        // until it is killed
	ID        string           `json:"id,omitempty"` // of one that was adopted, which is not found by its name; empty: it is ours
}

// RemoveContainer stops and removes a container. Idempotent: one that is not
// there is removed already. The caller has made sure that no edge sends it
// traffic.
func (a *Host) RemoveContainer(ctx context.Context, in RemoveInput) error {
	engine, err := a.Engines.Engine(in.Host)
	if err != nil {
		return Failure(err)
	}
	if in.ID != "" {
		return Failure(engine.Retire(ctx, in.ID, in.Grace.Std()))
	}
	return Failure(engine.Remove(ctx, in.Container, in.Grace.Std()))
}
