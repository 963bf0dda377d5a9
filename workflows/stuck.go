package workflows

import (
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// stuck stands between a failure and its undoing. Where pre_deploy has passed a
// point of no return, and nobody has asked for the way back, everything stays as
// it is until a person decides; where a group goes back alone, all but that. Nil
// means to try again from where it failed, an error is for the undoing.
// Everything else is undone as it is.
func (r *release) stuck(ctx workflow.Context, failure error) error {
	switch {
	case asked(failure) || ctx.Err() != nil:
		return failure
	case r.noReturn:
		return r.stay(ctx, failure)
	case r.failsAlone(failure):
		return r.goBackAlone(ctx, failure)
	}
	return failure
}

// stay leaves everything as it is until a person decides.
func (r *release) stay(ctx workflow.Context, failure error) error {
	during := r.state.Phase
	r.askEdges(ctx)
	r.getStuck(ctx, during, message(failure))
	if err := workflow.Await(ctx, func() bool { return r.accepted != nil }); err != nil {
		return err
	}
	r.unstick()
	for i := range r.state.Hosts {
		if at := &r.state.Hosts[i]; at.Phase == slipway.HostFailed {
			at.Error = ""
		}
	}
	r.phase(ctx, during)
	r.report(ctx, nil)
	return nil
}

// askEdges finds out what serves: the first failure has broken off what others
// were asked.
func (r *release) askEdges(ctx workflow.Context) {
	_ = eachEdge(ctx, r.edges(), func(ctx workflow.Context, i int) error {
		in := activities.EdgeInput{Edge: r.plan.Edges[i].Name, Service: r.in.ID.ServiceID, Patience: silence}
		route, err := call(ctx, asking(slipway.DoesAsk(in.Edge)), central.ReadRoute, in)
		r.acknowledged(i, route, err)
		return nil
	})
}

// getStuck tells everybody that the release waits for a person.
func (r *release) getStuck(ctx workflow.Context, during slipway.Phase, reason string) {
	r.state.Stuck = &slipway.StuckState{During: during, Reason: reason, Serving: r.servingText(), Since: workflow.Now(ctx)}
	r.state.Reason = fmt.Sprintf("%s; serving: %s; slipway accept goes on, %s goes back", reason, r.state.Stuck.Serving, r.wayBack())
	r.accepted = nil
	workflow.GetMetricsHandler(ctx).WithTags(map[string]string{"project": r.state.Project, "service": r.state.Service}).Counter("slipway_stuck").Inc(1)
	workflow.GetLogger(ctx).Warn("Release stuck", "release", r.state.ID, "reason", reason)
	r.phase(ctx, slipway.Stuck)
	r.report(ctx, nil)
}

// unstick keeps what it was for the end.
func (r *release) unstick() {
	r.overcame += "; it was stuck: " + r.state.Stuck.Reason
	if r.accepted != nil {
		r.overcame += ", until accepted by " + r.accepted.String()
	}
	r.state.Stuck, r.state.Reason, r.accepted = nil, r.in.Order.Reason, nil
}

// holds reports whether green serves everywhere and blue is kept, well or stuck.
func (r *release) holds() bool {
	return r.state.Phase == slipway.Holding || r.state.Stuck != nil && r.state.Stuck.During == slipway.Holding
}

func (r *release) wayBack() string {
	if r.holds() {
		return "slipway rollback"
	}
	return "slipway abort"
}

// servingText is what serves, as far as the release knows.
func (r *release) servingText() string {
	switch {
	case r.service.Strategy.BlueGreen.StopFirst && r.stops != nil && r.state.SwitchedAt == nil:
		return "nothing, because " + r.state.Blue + " was stopped"
	case r.service.Route != nil:
		return r.state.ServingText()
	case r.state.SwitchedAt != nil:
		return r.state.ID
	}
	return orNothing(r.state.Blue)
}

// asked reports whether a release ends because a person wants it to: then it is
// undone, whatever cannot be returned from.
func asked(err error) bool {
	h, ok := errors.AsType[*halt](err)
	return ok && h.asked
}

// noteStuck keeps which releases are stuck. Every report of a release says
// whether it is.
func (l *lane) noteStuck(report Report) {
	l.Stuck = slices.DeleteFunc(l.Stuck, func(s slipway.StuckRelease) bool { return s.Release == report.Release.String() })
	if report.Stuck != nil {
		l.Stuck = append(l.Stuck, slipway.StuckRelease{Release: report.Release.String(), StuckState: *report.Stuck})
	}
}
