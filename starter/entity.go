package starter

import (
	"context"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"slipway"
	"slipway/workflows"
)

// An entity is a workflow of which there is one, which keeps what it knows in a
// memo.
type entity struct {
	id, kind string
	begin    any    // its input
	about    string // for people: what the list is of
	summary  string // in Temporal's UI
}

// known reads what an entity knows into out, which stays as it is if the entity
// has not been told anything yet. It needs no worker. An answer is as new as
// the last change that was acknowledged.
func (c *Client) known(ctx context.Context, e entity, field string, out any) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	described, err := c.temporal.DescribeWorkflowExecution(ctx, e.id, "")
	if err = explain(err, e.about); slipway.ErrorCode(err) == slipway.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	memo := described.GetWorkflowExecutionInfo().GetMemo().GetFields()[field]
	if memo == nil {
		return slipway.Errorf(slipway.CodeUnavailable, "the list of %s is being made: try again", e.about)
	}
	if err := converter.GetDefaultDataConverter().FromPayload(memo, out); err != nil {
		return slipway.Errorf(slipway.CodeUnavailable, "the list of %s cannot be read: %w", e.about, err)
	}
	return nil
}

// tell sends an update to an entity, which is started if it is not there yet.
// The same update with the same key is carried out once.
func (c *Client) tell(ctx context.Context, e entity, name, key string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	start := c.temporal.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID:                       e.id,
		TaskQueue:                workflows.TaskQueue,
		WorkflowTaskTimeout:      workflows.TaskTimeout,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            e.summary,
	}, e.kind, e.begin)
	handle, err := c.temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateID:     updateID(key),
			UpdateName:   name,
			Args:         []any{in},
			WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err == nil {
		err = handle.Get(ctx, out)
	}
	return explain(err, e.about)
}
