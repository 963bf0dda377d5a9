package starter

import (
	"context"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"slipway"
	"slipway/workflows"
)

// Anchor keeps in Temporal how far an audit log has come. It may be repeated.
func (c *Client) Anchor(ctx context.Context, head slipway.AuditHead) error {
	_, err := c.temporal.SignalWithStartWorkflow(ctx, workflows.AuditID, workflows.Anchor, head, client.StartWorkflowOptions{
		TaskQueue:                workflows.TaskQueue,
		WorkflowTaskTimeout:      workflows.TaskTimeout,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            "how far the audit logs have come",
	}, workflows.AuditType, slipway.AuditAnchor{})
	return explain(err, "anchor of the audit log")
}

// Anchored is what was kept by Anchor. Errors: CodeNotFound when there was
// nothing to keep yet.
func (c *Client) Anchored(ctx context.Context) (slipway.AuditAnchor, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var anchor slipway.AuditAnchor
	value, err := c.temporal.QueryWorkflow(ctx, workflows.AuditID, "", workflows.Status)
	if err == nil {
		err = value.Get(&anchor)
	}
	return anchor, explain(err, "anchor of the audit log")
}
