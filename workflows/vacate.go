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
}

// VacateResult says what a Vacate could not do.
type VacateResult struct {
	Left string `json:"left,omitempty"` // why the container is still there; empty: it is gone
}

// Vacate takes what is live off a host: edges send it no traffic there any
// more, requests that are under way finish, and then its container goes. Edges
// first, all of them: while one has not acknowledged, the container stays and
// the error says which. A container that cannot be removed is in nobody's way,
// unless it works without being asked to.
// Every step may be repeated.
func Vacate(ctx workflow.Context, in VacateInput) (VacateResult, error) {
	before := in.Version
	before.Hosts = slices.Clone(in.Version.Hosts)
	i := slices.IndexFunc(before.Hosts, func(h slipway.ReleaseHost) bool { return h.Name == in.Host.Name })
	before.Hosts[i] = in.Host
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
	_ = each(ctx, len(edges), func(ctx workflow.Context, i int) error {
		for _, upstream := range upstreams(before, edges[i]) {
			if slices.Contains(upstreams(in.Version, edges[i]), upstream) {
				continue
			}
			// Without an answer nothing more is waited for, as when a version is retired.
			drain := in.Version.Service.Strategy.BlueGreen.DrainTimeout
			_, _ = call(ctx, draining(slipway.DoesDrain(in.Version.Release, edges[i].Name), drain), central.DrainTarget, activities.TargetInput{
				Edge: edges[i].Name, Service: in.Version.Service.ServiceID, Release: in.Version.Release, Upstream: upstream, Timeout: drain,
			})
		}
		return nil
	})
	grace := in.Version.Service.Container.StopGracePeriod
	err = do(ctx, on(in.Version.Plan.Hosts[i], removing(slipway.DoesRemove(in.Host.Container, in.Host.Name), grace)), host.RemoveContainer,
		activities.RemoveInput{Host: in.Host.Name, Container: in.Host.Container, Grace: grace})
	if err != nil && in.Version.Service.StopsBlue() {
		return VacateResult{}, err // that it takes no requests does not mean that it does nothing
	}
	if err != nil {
		return VacateResult{Left: message(err)}, ctx.Err()
	}
	return VacateResult{}, nil
}

func upstreams(v slipway.Version, edge slipway.PlanEdge) []string {
	return v.Plan.Upstreams(edge, v.Hosts, v.Service.Container.Port)
}
