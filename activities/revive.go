package activities

import (
	"context"

	"slipway"
)

// ReviveInput says which container is to run again.
type ReviveInput struct {
	Host      string            `json:"host"`
	Service   slipway.ServiceID `json:"service"`
	Container string            `json:"container"`
	Before    int               `json:"before,omitempty"`   // not where a release of this number, or a later one, is; 0: whatever else there is
	Doubtful  bool              `json:"doubtful,omitempty"` // an order to stop it may still be on its way
	Grace     slipway.Duration  `json:"grace"`              // until it is killed, in that case
	Green     string            `json:"green,omitempty"`    // for which it was stopped
	Warrant   *slipway.Warrant  `json:"warrant,omitempty"`  // of Green
}

// ReviveResult says whether it runs.
type ReviveResult struct {
	Overtaken string `json:"overtaken,omitempty"` // by this container of a later release; nothing was started
}

// ReviveContainer starts a container again that was stopped. It needs no
// signature, because nothing may stand in the way back; only where the container
// has to be stopped first, because it may be about to end, that takes what
// StopContainer wants, and is left out otherwise. Idempotent: one that runs is
// left as it is. One that comes late, after a later release has begun on the
// host, finds that and starts nothing.
func (a *Host) ReviveContainer(ctx context.Context, in ReviveInput) (ReviveResult, error) {
	engine, err := a.Engines.Engine(in.Host)
	if err != nil {
		return ReviveResult{}, Failure(err)
	}
	if in.Before > 0 {
		all, err := engine.List(ctx, in.Service)
		if err != nil {
			return ReviveResult{}, Failure(err)
		}
		for _, c := range all {
			if id, err := slipway.ParseReleaseID(c.Labels[slipway.LabelRelease]); err == nil && id.Number >= in.Before {
				return ReviveResult{Overtaken: c.Name}, nil
			}
		}
	}
	stop := StopInput{Host: in.Host, Service: in.Service, Container: in.Container, Green: in.Green, Warrant: in.Warrant}
	if in.Doubtful && a.mayStop(stop) == nil { // as long as it runs, starting it again would not keep it from ending
		if err := engine.Stop(ctx, in.Container, in.Grace.Std()); err != nil {
			return ReviveResult{}, Failure(err)
		}
	}
	_, err = engine.Resume(ctx, in.Container)
	return ReviveResult{}, Failure(err)
}
