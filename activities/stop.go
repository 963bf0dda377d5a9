package activities

import (
	"context"
	"slices"

	"slipway"
)

// StopInput says which container gives way to which.
type StopInput struct {
	Host      string            `json:"host"`
	Service   slipway.ServiceID `json:"service"`
	Container string            `json:"container"`
	Green     string            `json:"green"` // the release that takes its place, and may run beside it
	Grace     slipway.Duration  `json:"grace"` // until it is killed
	Warrant   *slipway.Warrant  `json:"warrant,omitempty"`
}

// StopContainer stops a container and leaves it there, to be started again. It
// makes sure that then nothing of the service runs on the host but green, and
// what else there is of blue, which is stopped side by side: what else runs was
// started by somebody else, or is still to be cleaned up.
// It wants an order for the release that takes its place there: what serves is
// not for anybody to stop who can write to Temporal. Idempotent: one that does
// not run, or is not there, is stopped already.
func (a *Host) StopContainer(ctx context.Context, in StopInput) error {
	if err := a.mayStop(in); err != nil {
		return Failure(err)
	}
	engine, err := a.Engines.Engine(in.Host)
	if err != nil {
		return Failure(err)
	}
	if err := engine.Stop(ctx, in.Container, in.Grace.Std()); err != nil {
		return Failure(err)
	}
	all, err := engine.List(ctx, in.Service)
	if err != nil {
		return Failure(err)
	}
	for _, c := range all {
		if c.Running && !in.expects(c.Name) {
			return Failure(slipway.Errorf(slipway.CodeUnavailable, "%s runs on %s, too: it is neither what served before nor what is to serve: end the hold that keeps it (slipway accept), or stop it", c.Name, in.Host))
		}
	}
	return nil
}

// expects reports whether a container may run when this one has stopped.
func (in StopInput) expects(name string) bool {
	id, err := slipway.ParseContainerName(name)
	blue, _ := slipway.ParseContainerName(in.Container)
	return err == nil && (id.String() == in.Green || id == blue && name != in.Container)
}

// mayStop wants an order for green, on that host, and a container of the same
// service.
func (a *Host) mayStop(in StopInput) error {
	g, err := a.past(in.Warrant, in.Green)
	if err != nil {
		return err
	}
	blue, err := slipway.ParseContainerName(in.Container)
	switch {
	case err != nil || blue.ServiceID != g.ServiceID || in.Service != g.ServiceID:
		return refused(in.Green, slipway.Errorf(slipway.CodeForbidden, "%s is not a container of %s, which it was ordered for", in.Container, g.ServiceID))
	case !slices.Contains(g.Hosts, in.Host):
		return refused(in.Green, slipway.Errorf(slipway.CodeForbidden, "host %s is not among those that were ordered: %v", in.Host, g.Hosts))
	}
	return nil
}
