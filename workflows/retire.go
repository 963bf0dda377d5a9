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
	Removal    string            `json:"removal,omitempty"`    // which takes the service away as a whole; empty: only this version goes
	Signed     string            `json:"signed,omitempty"`     // the request for that
	Edges      []string          `json:"edges,omitempty"`      // that know it
	Containers []Container       `json:"containers,omitempty"` // of it
	Drain      slipway.Duration  `json:"drain"`
	Grace      slipway.Duration  `json:"grace"`
	Unknown    []string          `json:"unknown,omitempty"` // why some of it is left: the fleet file has dropped an edge or a host
}

// Container is a container on a host.
type Container struct {
	Host  slipway.PlanHost `json:"host"`
	Name  string           `json:"name"`
	Edges []string         `json:"edges,omitempty"` // that may send it traffic; none named: all of them
	ID    string           `json:"id,omitempty"`    // of one that was adopted; empty: it is ours

	Warrant *slipway.Warrant `json:"warrant,omitempty"` // of one that was adopted
}

// absent are hosts and edges that are known not to answer.
type absent struct {
	hosts, edges []string
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
	if a := version.Adopted; a != nil {
		if a.Retire {
			remains.Containers = []Container{{Host: version.Plan.Hosts[0], Name: a.Container, ID: a.ID, Warrant: reaching(version.Warrant, version.Hosts)}}
		}
		return remains
	}
	for i, h := range version.Plan.Hosts {
		var edges []string
		for _, e := range version.Plan.Edges {
			if len(version.Plan.Edges) > 1 && !version.Detours && slices.Contains(e.Hosts, h.Name) {
				edges = append(edges, e.Name)
			}
		}
		for _, at := range version.Hosts[i].Containers() {
			remains.Containers = append(remains.Containers, Container{Host: h, Name: at.Container, Edges: edges})
		}
	}
	return remains
}

// green is what there may be of this release's own version.
func (r *release) green() Remains {
	remains := remainsOf(r.in.ID.ServiceID, &slipway.Version{
		Release: brings(r.in.ID, r.in.Order), Service: r.service, Plan: r.plan, Hosts: r.state.Hosts, Detours: len(r.state.Behind) > 0, Adopted: unretired(r.adopted),
	})
	told := r.told()
	remains.Edges = slices.DeleteFunc(remains.Edges, func(edge string) bool {
		return !slices.ContainsFunc(told, func(i int) bool { return r.plan.Edges[i].Name == edge })
	})
	if r.state.SwitchedAt == nil { // later a Catchup may have been there
		remains.Containers = slices.DeleteFunc(remains.Containers, func(c Container) bool {
			i := slices.IndexFunc(r.plan.Hosts, func(h slipway.PlanHost) bool { return h.Name == c.Host.Name })
			at := r.state.Hosts[i] // whether it was not asked to start anything, or has removed it again
			return at.Phase == slipway.HostPending || at.Phase == slipway.HostQuarantined && at.Image == "" || slices.Contains(r.gone, at.Name)
		})
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
	left := dismantle(ctx, remains, r.absent(), func(o workflow.ActivityOptions) workflow.ActivityOptions { return o })
	if remains.Release == r.state.ID {
		for i, h := range r.plan.Hosts {
			at := &r.state.Hosts[i]
			if !slices.ContainsFunc(left.Containers, func(c Container) bool { return c.Host.Name == h.Name }) &&
				at.Phase != slipway.HostFailed && at.Phase != slipway.HostQuarantined && at.Phase != slipway.HostPending {
				at.Phase = slipway.HostRemoved
			}
		}
	}
	r.remains = left
}

// dismantle drains, unstages and removes, each kind side by side, and returns
// what is left, which begins with what is away. Forgetting is a barrier: a
// person may point an edge at whatever it still knows, so no container goes
// before every edge that may send it traffic has forgotten it. Each activity's
// options pass through adjust.
func dismantle(ctx workflow.Context, what Remains, away absent, adjust func(workflow.ActivityOptions) workflow.ActivityOptions) Remains {
	left := what
	left.Edges, left.Containers, left.Unknown = nil, nil, nil
	note := func(err error) {
		if notFound(err) {
			left.Unknown = append(left.Unknown, message(err))
		}
	}
	var edges []string
	for _, edge := range what.Edges {
		if slices.Contains(away.edges, edge) {
			left.Edges = append(left.Edges, edge)
		} else {
			edges = append(edges, edge)
		}
	}
	_ = each(ctx, len(edges), func(ctx workflow.Context, i int) error {
		edge := edges[i]
		target := activities.TargetInput{Edge: edge, Service: what.Service, Release: what.Release, Timeout: what.Drain}
		var err error
		if what.Removal != "" {
			err = withdraw(ctx, target, what, adjust)
		} else {
			// Without an answer nothing more is waited for: the requests have gone
			// with the edge, or are cut by unstaging.
			_, _ = call(ctx, draining(slipway.DoesDrain(what.Release, edge), what.Drain), central.DrainTarget, target)
			_, err = call(ctx, adjust(removing(slipway.DoesForget(what.Release, edge), 0)), central.UnstageTarget, target)
		}
		if err != nil {
			left.Edges = append(left.Edges, edge)
			note(err)
		}
		return nil
	})
	var containers []Container
	for _, c := range what.Containers {
		known := func(edge string) bool { return len(c.Edges) == 0 || slices.Contains(c.Edges, edge) }
		if slices.ContainsFunc(left.Edges, known) || slices.Contains(away.hosts, c.Host.Name) {
			left.Containers = append(left.Containers, c)
		} else {
			containers = append(containers, c)
		}
	}
	_ = each(ctx, len(containers), func(ctx workflow.Context, i int) error {
		c := containers[i]
		err := do(ctx, adjust(on(c.Host, removing(slipway.DoesRemove(c.Name, c.Host.Name), what.Grace))), host.RemoveContainer,
			activities.RemoveInput{Host: c.Host.Name, Container: c.Name, Grace: what.Grace, ID: c.ID, Release: what.Release, Warrant: c.Warrant})
		if err != nil {
			left.Containers = append(left.Containers, c)
			note(err)
		}
		return nil
	})
	return left
}
