package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// Remains is what is left of a version that no edge sends traffic to any more,
// and how it is taken away: requests that are under way finish, edges forget
// it, its containers go. Blue is retired and green is undone by the same steps.
type Remains struct {
	Service    slipway.ServiceID `json:"service"`
	Release    string            `json:"release"`
	Edges      []string          `json:"edges,omitempty"`      // that know it
	Containers []Container       `json:"containers,omitempty"` // of it
	Drain      slipway.Duration  `json:"drain"`
	Grace      slipway.Duration  `json:"grace"`
}

// Container is a container on a host.
type Container struct {
	Host slipway.PlanHost `json:"host"`
	Name string           `json:"name"`
}

// Empty reports whether nothing is left.
func (r Remains) Empty() bool { return len(r.Edges) == 0 && len(r.Containers) == 0 }

// remainsOf lists what there is of a version.
func remainsOf(id slipway.ServiceID, version *slipway.Version) Remains {
	remains := Remains{
		Service: id,
		Release: version.Release,
		Drain:   version.Service.Strategy.BlueGreen.DrainTimeout,
		Grace:   version.Service.Container.StopGracePeriod,
	}
	for _, e := range version.Plan.Edges {
		remains.Edges = append(remains.Edges, e.Name)
	}
	for i, h := range version.Plan.Hosts {
		remains.Containers = append(remains.Containers, Container{Host: h, Name: version.Hosts[i].Container})
	}
	return remains
}

// green is what there may be of this release's own version.
func (r *release) green() Remains {
	remains := remainsOf(r.in.ID.ServiceID, &slipway.Version{Release: r.state.ID, Service: r.service, Plan: r.plan, Hosts: r.state.Hosts})
	if !r.staged {
		remains.Edges = nil // no edge has heard of it
	}
	return remains
}

// retireBlue takes blue away, now that green is to stay.
func (r *release) retireBlue(ctx workflow.Context) {
	if r.blue == nil {
		return
	}
	ctx, stop := workflow.NewDisconnectedContext(ctx) // past the point where an abort means anything
	defer stop()
	r.dismantle(ctx, remainsOf(r.in.ID.ServiceID, r.blue))
}

// dismantle takes away what remains of a version, and notes what it could not:
// an edge or a host that does not answer must not keep a release waiting.
func (r *release) dismantle(ctx workflow.Context, remains Remains) {
	left := dismantle(ctx, remains, func(o workflow.ActivityOptions) workflow.ActivityOptions { return o })
	if remains.Release == r.state.ID {
		for i, h := range r.plan.Hosts {
			if !slices.ContainsFunc(left.Containers, func(c Container) bool { return c.Host.Name == h.Name }) && r.state.Hosts[i].Phase != slipway.HostFailed {
				r.state.Hosts[i].Phase = slipway.HostRemoved
			}
		}
	}
	r.remains = left
}

// dismantle drains, unstages and removes, each kind side by side, and returns
// what is left. Forgetting is a barrier: a person may point an edge at whatever
// it still knows, so no container goes before every edge has forgotten it. Each
// activity's options pass through adjust.
func dismantle(ctx workflow.Context, what Remains, adjust func(workflow.ActivityOptions) workflow.ActivityOptions) Remains {
	left := what
	left.Edges, left.Containers = nil, nil
	_ = each(ctx, len(what.Edges), func(ctx workflow.Context, i int) error {
		edge := what.Edges[i]
		target := activities.TargetInput{Edge: edge, Service: what.Service, Release: what.Release, Timeout: what.Drain}
		// Without an answer nothing more is waited for: the requests have gone
		// with the edge, or are cut by unstaging.
		_, _ = call(ctx, draining(slipway.DoesDrain(what.Release, edge), what.Drain), central.DrainTarget, target)
		_, err := call(ctx, adjust(removing(slipway.DoesForget(what.Release, edge), 0)), central.UnstageTarget, target)
		if err != nil {
			left.Edges = append(left.Edges, edge)
		}
		return nil
	})
	if len(left.Edges) > 0 {
		left.Containers = what.Containers
		return left
	}
	_ = each(ctx, len(what.Containers), func(ctx workflow.Context, i int) error {
		c := what.Containers[i]
		err := do(ctx, on(c.Host, adjust(removing(slipway.DoesRemove(c.Name, c.Host.Name), what.Grace))), host.RemoveContainer,
			activities.RemoveInput{Host: c.Host.Name, Container: c.Name, Grace: what.Grace})
		if err != nil {
			left.Containers = append(left.Containers, c)
		}
		return nil
	})
	return left
}
