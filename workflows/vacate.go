package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// VacateInput says what is to leave which host.
type VacateInput struct {
	Version slipway.Version     `json:"version"` // as it is to be: without the host
	Host    slipway.ReleaseHost `json:"host"`    // as it was there

	Removal *HostRemoval `json:"removal,omitempty"` // nil: the host comes back
}

// HostRemoval says what goes with a host that is taken out for good.
type HostRemoval struct {
	Edges  []string `json:"edges"`            // which are to serve nothing of the service any more
	Gone   bool     `json:"gone,omitempty"`   // neither they nor the host will answer
	Signed string   `json:"signed,omitempty"` // the request for it
}

func (r *HostRemoval) takes(edge string) bool { return r != nil && slices.Contains(r.Edges, edge) }

// VacateResult says what a Vacate could not do.
type VacateResult struct {
	Left string `json:"left,omitempty"` // why the container is still there; empty: it is gone
}

// Vacate takes what is live off a host: edges send it no traffic there any
// more, requests that are under way finish, and then its container goes. Edges
// first, all of them: while one has not acknowledged, the container stays and
// the error says which. A container that cannot be removed is in nobody's way,
// unless it works without being asked to, or the host is to be forgotten. With
// such a host go its edges: they serve nothing of the service any more. Of what
// is gone nothing is asked.
// Every step may be repeated.
func Vacate(ctx workflow.Context, in VacateInput) (VacateResult, error) {
	before := in.Version
	before.Hosts = slices.Clone(in.Version.Hosts)
	i := slices.IndexFunc(before.Hosts, func(h slipway.ReleaseHost) bool { return h.Name == in.Host.Name })
	if i >= 0 { // otherwise only edges are there
		before.Hosts[i] = in.Host
	}
	edges := in.Version.Plan.Edges
	err := each(ctx, len(edges), func(ctx workflow.Context, i int) error {
		if isBehind(in.Version, edges[i].Name) {
			return nil // it never heard of this version
		}
		knows, err := amend(ctx, in.Version, edges[i])
		if !knows {
			return nil
		}
		return err
	})
	if err != nil {
		return VacateResult{}, err
	}
	if err := takeEdges(ctx, in); err != nil {
		return VacateResult{}, err
	}
	emptied := in.emptied(before)
	_ = each(ctx, len(emptied), func(ctx workflow.Context, i int) error {
		// Without an answer nothing more is waited for, as when a version is retired.
		_, _ = call(ctx, draining(slipway.DoesDrain(in.Version.Release, emptied[i].Edge), emptied[i].Timeout), central.DrainTarget, emptied[i])
		return nil
	})
	if i < 0 || in.Removal != nil && in.Removal.Gone {
		return VacateResult{}, ctx.Err()
	}
	grace := in.Version.Service.Container.StopGracePeriod
	_ = eachOf(ctx, in.Host, func(ctx workflow.Context, _ int, one slipway.ReleaseHost) error { // all of them, even if one fails
		failed := do(ctx, on(in.Version.Plan.Hosts[i], removing(slipway.DoesRemove(one.Container, one.Name), grace)), host.RemoveContainer,
			activities.RemoveInput{Host: one.Name, Container: one.Container, Grace: grace})
		if failed != nil {
			err = failed
		}
		return nil
	})
	if err != nil && (in.Removal != nil || in.Version.Service.StopsBlue()) {
		return VacateResult{}, err // that it takes no requests does not mean that it does nothing
	}
	if err != nil {
		return VacateResult{Left: message(err)}, ctx.Err()
	}
	return VacateResult{}, nil
}

// emptied are the containers that edges sent requests to before, and send none to
// any more; each is waited for beside the others.
func (in VacateInput) emptied(before slipway.Version) []activities.TargetInput {
	var all []activities.TargetInput
	for _, edge := range in.Version.Plan.Edges {
		if in.Removal.takes(edge.Name) {
			continue
		}
		now := upstreams(in.Version, edge)
		for _, upstream := range upstreams(before, edge) {
			if !slices.Contains(now, upstream) {
				all = append(all, activities.TargetInput{
					Edge: edge.Name, Service: in.Version.Service.ServiceID, Release: in.Version.Release,
					Upstream: upstream, Timeout: in.Version.Service.Strategy.BlueGreen.DrainTimeout,
				})
			}
		}
	}
	return all
}

// takeEdges has the edges that go with a host serve nothing of the service any
// more, when requests that are under way there are over.
func takeEdges(ctx workflow.Context, in VacateInput) error {
	if in.Removal == nil || in.Removal.Gone {
		return nil
	}
	version := in.Version
	return each(ctx, len(in.Removal.Edges), func(ctx workflow.Context, i int) error {
		return withdraw(ctx, activities.TargetInput{
			Edge: in.Removal.Edges[i], Service: version.Service.ServiceID, Release: version.Release, Timeout: version.Service.Strategy.BlueGreen.DrainTimeout,
		}, Remains{Removal: version.Release, Signed: in.Removal.Signed}, func(o workflow.ActivityOptions) workflow.ActivityOptions { return o })
	})
}

func upstreams(v slipway.Version, edge slipway.PlanEdge) []string {
	return v.Plan.Upstreams(edge, v.Hosts, v.Service.Container.Port)
}
