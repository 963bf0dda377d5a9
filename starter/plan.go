package starter

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"slipway"
	"slipway/workflows"
)

// planPatience is longer than a plan goes on asking hosts, edges and registries
// that do not answer.
const planPatience = 35 * time.Second

// Plan says what a release would do if it were submitted now, and changes
// nothing. Errors are those that the release would be refused with.
func (c *Client) Plan(ctx context.Context, order slipway.Order) (slipway.Preview, error) {
	ctx, cancel := context.WithTimeout(ctx, planPatience)
	defer cancel()
	id := order.Service.ServiceID
	status, err := c.Service(ctx, id)
	if err != nil && slipway.ErrorCode(err) != slipway.CodeNotFound {
		return slipway.Preview{}, err
	}
	cordons, err := c.Cordons(ctx)
	if err != nil {
		return slipway.Preview{}, err
	}
	run, err := c.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                 workflows.PlanID(id, uuid.NewString()),
		TaskQueue:          workflows.TaskQueue,
		WorkflowRunTimeout: planPatience, // nobody waits for it any longer
		StaticSummary:      "plan of " + id.String() + " " + order.Tag + ", for " + order.RequestedBy,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			workflows.ProjectKey.ValueSet(id.Project),
			workflows.ServiceKey.ValueSet(id.String()),
			workflows.RequesterKey.ValueSet(order.RequestedBy),
		),
	}, workflows.PlanType, workflows.PlanInput{Order: order, Service: status, Cordoned: cordons.On(order.Plan)})
	if err != nil {
		return slipway.Preview{}, explain(err, "the plan of "+id.String())
	}
	var preview slipway.Preview
	err = run.Get(ctx, &preview)
	if _, ok := errors.AsType[*temporal.TimeoutError](err); ok {
		return preview, slipway.Errorf(slipway.CodeUnavailable, "the plan of %s was not made in time: a host, an edge or a registry does not answer", id)
	}
	return preview, explain(err, "the plan of "+id.String())
}
