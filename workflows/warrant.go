package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// warrant is what entitles the release to what it does next. The workflow only
// carries it: each activity verifies it by itself.
func (r *release) warrant() *slipway.Warrant {
	w := &slipway.Warrant{Order: r.in.Order.Signature, Image: r.resolved}
	for _, g := range r.state.Gates {
		for _, d := range g.Decisions {
			if d.Verdict == slipway.Approve && d.Signature != "" {
				w.Decisions = append(w.Decisions, d.Signature)
			}
		}
	}
	for _, p := range r.state.Passes {
		w.Passes = append(w.Passes, p.Signature)
	}
	return w
}

// reaching is a warrant for an edge, which is told of the containers on hosts. One
// for a version that was released without is none.
func reaching(w *slipway.Warrant, hosts []slipway.ReleaseHost) *slipway.Warrant {
	if w == nil {
		return nil
	}
	with := *w
	with.Containers = nil
	for _, h := range hosts {
		for _, at := range h.Containers() {
			if at.Signature != "" {
				with.Containers = append(with.Containers, at.Signature)
			}
		}
	}
	return &with
}

// verifying is for a look at a signature, within the workflow task: whoever
// decides waits for it.
func verifying(ctx workflow.Context) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout:    attempt,
		ScheduleToCloseTimeout: 2 * attempt,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond},
	})
}

// signed reports whether the release was ordered with a signature. One that was
// not is refused before it does anything.
func (r *release) signed() bool { return r.in.Order.Signature != "" }

// decided verifies a decision.
func (r *release) decided(ctx workflow.Context, d slipway.Decision) error {
	if !r.signed() {
		return nil
	}
	return workflow.ExecuteLocalActivity(verifying(ctx), central.CheckDecision, activities.DecisionInput{
		Release: r.state.ID, Order: r.in.Order.Signature, Decision: d,
	}).Get(ctx, nil)
}

// vouched verifies a pass.
func (r *release) vouched(ctx workflow.Context, p slipway.Pass) error {
	if !r.signed() {
		return nil
	}
	return workflow.ExecuteLocalActivity(verifying(ctx), central.CheckPass, activities.PassInput{
		Release: r.state.ID, Order: r.in.Order.Signature, Pass: p,
	}).Get(ctx, nil)
}

// wanted verifies a request for one of these acts.
func (r *release) wanted(acts ...string) func(workflow.Context, Request) error {
	return func(ctx workflow.Context, in Request) error {
		if !r.signed() {
			return nil
		}
		check := activities.RequestInput{Release: r.state.ID, Acts: acts, By: in.By, Signature: in.Signature}
		if acts[0] == Accept {
			for _, e := range r.plan.Edges {
				check.Edges = append(check.Edges, e.Name)
			}
		}
		return workflow.ExecuteLocalActivity(verifying(ctx), central.CheckRequest, check).Get(ctx, nil)
	}
}
