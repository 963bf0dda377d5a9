package starter

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"slipway"
	"slipway/workflows"
)

// Release says how a release stands. Errors: CodeNotFound.
func (c *Client) Release(ctx context.Context, id slipway.ReleaseID) (slipway.Release, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var release slipway.Release
	value, err := c.temporal.QueryWorkflow(ctx, workflows.ReleaseWorkflowID(id), "", workflows.Status)
	if err == nil {
		err = value.Get(&release)
	}
	if err = explain(err, "release "+id.String()); slipway.ErrorCode(err) == slipway.CodeNotFound {
		return c.queued(ctx, id)
	}
	if err != nil {
		return slipway.Release{}, err
	}
	switch release.Phase {
	case slipway.Ended:
		release.CleanupPending = release.CleanupPending && c.open(ctx, workflows.CleanupID(id))
	case slipway.AwaitingApproval, slipway.Holding, slipway.Stuck:
	default:
		c.addProgress(ctx, id, &release)
	}
	return release, nil
}

// queued asks the lane about a release that has no workflow: it may wait.
func (c *Client) queued(ctx context.Context, id slipway.ReleaseID) (slipway.Release, error) {
	none := slipway.Errorf(slipway.CodeNotFound, "there is no release %s", id)
	value, err := c.temporal.QueryWorkflow(ctx, workflows.LaneID(id.ServiceID), "", workflows.Waiting, id)
	if _, ok := errors.AsType[*serviceerror.QueryFailed](err); ok {
		return slipway.Release{}, none
	}
	var release slipway.Release
	if err == nil {
		err = value.Get(&release)
	}
	if err = explain(err, "release "+id.String()); slipway.ErrorCode(err) == slipway.CodeNotFound {
		return slipway.Release{}, none
	}
	return release, err
}

// open reports whether a workflow is still running; one that cannot be asked
// about counts as running.
func (c *Client) open(ctx context.Context, workflowID string) bool {
	described, err := c.temporal.DescribeWorkflowExecution(ctx, workflowID, "")
	return err != nil || described.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING
}

// addProgress fills in what only the activities under way know: how far pulls
// and copies have come, and why something is being tried again. It is for
// people: without an answer it leaves things as they are.
func (c *Client) addProgress(ctx context.Context, id slipway.ReleaseID, release *slipway.Release) {
	described, err := c.temporal.DescribeWorkflowExecution(ctx, workflows.ReleaseWorkflowID(id), "")
	if err != nil {
		return
	}
	for _, pending := range described.GetPendingActivities() {
		if why := pending.GetLastFailure().GetMessage(); why != "" && pending.GetAttempt() > 1 {
			release.Progress = fmt.Sprintf("%s, attempt %d: %s", pending.GetActivityType().GetName(), pending.GetAttempt(), why)
		}
		var p slipway.Progress
		if converter.GetDefaultDataConverter().FromPayloads(pending.GetHeartbeatDetails(), &p) != nil || p.Done == 0 && p.Total == 0 {
			continue
		}
		text := fmt.Sprintf("%.1f of %.1f MB", float64(p.Done)/1e6, float64(p.Total)/1e6)
		if p.Host == "" {
			release.Progress = "copied " + text
		}
		for i := range release.Hosts {
			if release.Hosts[i].Name == p.Host {
				release.Hosts[i].Progress = text
			}
		}
	}
}

// Service says how a service stands. Errors: CodeNotFound when it was never
// released.
func (c *Client) Service(ctx context.Context, id slipway.ServiceID) (slipway.ServiceStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var status slipway.ServiceStatus
	value, err := c.temporal.QueryWorkflow(ctx, workflows.LaneID(id), "", workflows.Status)
	if err == nil {
		err = value.Get(&status)
	}
	return status, explain(err, "service "+id.String())
}

// AwaitEnd returns when the workflow of a release is closed, however it was
// closed, with the release as it ended. Ok is false if it returned nothing,
// because it was terminated or failed.
func (c *Client) AwaitEnd(ctx context.Context, id slipway.ReleaseID) (release slipway.Release, ok bool, err error) {
	err = c.temporal.GetWorkflow(ctx, workflows.ReleaseWorkflowID(id), "").Get(ctx, &release)
	if _, closed := errors.AsType[*temporal.WorkflowExecutionError](err); closed {
		return slipway.Release{}, false, nil
	}
	if err != nil {
		return slipway.Release{}, false, explain(err, "release "+id.String())
	}
	return release, true, nil
}
