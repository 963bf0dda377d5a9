package starter

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"slipway"
	"slipway/workflows"
)

// Preflight says how the hosts of a plan are, and whether a release would be
// refused for it: that of the order, or any (nil). It changes nothing. A host
// that does not answer is a finding; CodeNotFound is an image that is not there.
func (c *Client) Preflight(ctx context.Context, plan slipway.Plan, order *slipway.Order) (slipway.PreflightReport, error) {
	ctx, cancel := context.WithTimeout(ctx, planPatience)
	defer cancel()
	in := workflows.PreflightInput{Plan: plan, Order: order}
	what := "the hosts"
	if order != nil {
		what = "the hosts of " + order.Service.String()
		status, err := c.Service(ctx, order.Service.ServiceID)
		if err != nil && slipway.ErrorCode(err) != slipway.CodeNotFound {
			return slipway.PreflightReport{}, err
		}
		in.Live = status.Live
	}
	run, err := c.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                 workflows.PreflightID(uuid.NewString()),
		TaskQueue:          workflows.TaskQueue,
		WorkflowRunTimeout: planPatience, // nobody waits for it any longer
		StaticSummary:      "look at " + what,
	}, workflows.PreflightType, in)
	if err != nil {
		return slipway.PreflightReport{}, explain(err, "the look at "+what)
	}
	var report slipway.PreflightReport
	err = run.Get(ctx, &report)
	if _, ok := errors.AsType[*temporal.TimeoutError](err); ok {
		return report, slipway.Errorf(slipway.CodeUnavailable, "%s did not say in time how they are", what)
	}
	return report, explain(err, "the look at "+what)
}
