package starter

import (
	"context"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"slipway"
	"slipway/workflows"
)

// Submit asks for a release and returns its id as soon as it has its place in
// the queue of its service. The same key within 24 hours gets the same id; an
// empty key never does. Errors: CodeTooMany when the queue is full.
func (c *Client) Submit(ctx context.Context, order slipway.Order, key string) (slipway.ReleaseID, error) {
	return c.place(ctx, workflows.Submit, order, key)
}

// place gives an order its place in the queue. The lane may be a new one, which
// nobody has told yet which hosts are cordoned, and what is stopped.
func (c *Client) place(ctx context.Context, name string, order slipway.Order, key string) (slipway.ReleaseID, error) {
	cordons, err := c.Cordons(ctx)
	if err != nil {
		return slipway.ReleaseID{}, err
	}
	line, err := c.Line(ctx)
	if err != nil {
		return slipway.ReleaseID{}, err
	}
	return c.update(ctx, order.Service.ServiceID, name, key, workflows.SubmitInput{Order: order, Key: key, Cordons: cordons, Line: line})
}

// A WayBack says where somebody wants to go back to, and from what.
type WayBack struct {
	slipway.Request
	To        int            // the number of a release that served before; 0: the last one
	Order     *slipway.Order // the release to make where that does not run any more; nil: there is none to make
	Switching int            // the number of the release that they see switching, and mean; 0: none
}

// Rollback goes back to what served before. A release that serves some requests
// already, or still holds what served before it, goes back itself, and its id is
// returned; otherwise the order is released, and the id of that is. Errors:
// CodeNotFound when there is nothing to go back to.
func (c *Client) Rollback(ctx context.Context, service slipway.ServiceID, back WayBack, key string) (slipway.ReleaseID, error) {
	return c.update(ctx, service, workflows.Rollback, key, workflows.RollbackInput{
		Order: back.Order, To: back.To, Switching: back.Switching, Key: key, Request: back.Request,
	})
}

// update sends an update to a service's lane, which is started if it is not
// there yet.
func (c *Client) update(ctx context.Context, service slipway.ServiceID, name, key string, in any) (slipway.ReleaseID, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	start := c.temporal.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID:                       workflows.LaneID(service),
		TaskQueue:                workflows.TaskQueue,
		WorkflowTaskTimeout:      workflows.TaskTimeout,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            "releases of " + service.String(),
		Priority:                 workflows.LanePriority(service),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			workflows.ProjectKey.ValueSet(service.Project),
			workflows.ServiceKey.ValueSet(service.String()),
		),
	}, workflows.LaneType, workflows.LaneInput{Service: service})
	handle, err := c.temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateID:     updateID(key),
			UpdateName:   name,
			Args:         []any{in},
			WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err != nil {
		return slipway.ReleaseID{}, explain(err, "service "+service.String())
	}
	var result workflows.SubmitResult
	if err := handle.Get(ctx, &result); err != nil {
		return slipway.ReleaseID{}, explain(err, "service "+service.String())
	}
	return result.Release, nil
}

// updateID lets Temporal itself recognise a request that is sent again while
// its first copy is still under way.
func updateID(key string) string {
	if key == "" {
		return uuid.NewString()
	}
	return key
}
