package workflows

import (
	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// tryOut finds out on every host whether green could start there, as long as blue
// serves: it is to be stopped before green starts.
func (r *release) tryOut(ctx workflow.Context) error {
	if !r.outlook().TriesOut() || workflow.GetVersion(ctx, triesOut, workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return nil
	}
	return r.onHosts(ctx, func(ctx workflow.Context, plan slipway.PlanHost, _ *slipway.ReleaseHost, _ func()) error {
		return r.newcomer().tryOut(ctx, plan)
	})
}

func (n newcomer) tryOut(ctx workflow.Context, plan slipway.PlanHost) error {
	return do(ctx, promptly(plan, n.patience, asking(slipway.DoesTryOut(plan.Name))), host.TryOut, activities.StartInput{
		Host: plan.Name, Release: n.release, Service: n.service, Registry: n.registry, Image: n.image, Patience: n.patience,
	})
}

// triedOut are the findings of having the image start on hosts that have it: the
// others would have to pull it first, which is a change.
func (r *release) triedOut(ctx workflow.Context, unanswered []error) []slipway.Finding {
	found := make([]error, len(r.plan.Hosts))
	_ = each(ctx, len(r.plan.Hosts), func(ctx workflow.Context, i int) error {
		if unanswered[i] == nil {
			n := r.newcomer()
			n.patience = silence
			found[i] = n.tryOut(ctx, r.plan.Hosts[i])
		}
		return nil
	})
	var out []slipway.Finding
	for i, err := range found {
		if err != nil && !notFound(err) {
			out = append(out, slipway.Finding{Host: r.plan.Hosts[i].Name, Check: "start", Severity: slipway.Refuse, Found: message(err)})
		}
	}
	return out
}
