package starter

import (
	"context"

	"go.temporal.io/sdk/client"
)

// call sends an update to a workflow that runs, and waits for its end. An
// update of the same name and key is carried out once, whoever asks how often.
// What is the subject of its errors, such as "release search.query-api.17".
func (c *Client) call(ctx context.Context, workflowID, name, key, what string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	handle, err := c.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID:   workflowID,
		UpdateID:     updateID(key),
		UpdateName:   name,
		Args:         []any{in},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, out)
	}
	return explain(err, what)
}
