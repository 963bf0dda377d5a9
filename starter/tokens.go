package starter

import (
	"context"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"slipway"
	"slipway/workflows"
)

// what Tokens is about, for people.
const tokens = "tokens"

// Standing says which tokens are good, and which sessions are over. It needs no
// worker. An answer is as new as the last change that was acknowledged.
func (c *Client) Standing(ctx context.Context) (slipway.Standing, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	described, err := c.temporal.DescribeWorkflowExecution(ctx, workflows.TokensID, "")
	if err = explain(err, tokens); slipway.ErrorCode(err) == slipway.CodeNotFound {
		return slipway.Standing{}, nil // none was made yet, and nobody has signed out
	}
	if err != nil {
		return slipway.Standing{}, err
	}
	memo := described.GetWorkflowExecutionInfo().GetMemo().GetFields()[workflows.StandingMemo]
	if memo == nil {
		return slipway.Standing{}, slipway.Errorf(slipway.CodeUnavailable, "the list of tokens is being made: try again")
	}
	var standing slipway.Standing
	if err := converter.GetDefaultDataConverter().FromPayload(memo, &standing); err != nil {
		return slipway.Standing{}, slipway.Errorf(slipway.CodeUnavailable, "the list of tokens cannot be read: %w", err)
	}
	return standing, nil
}

// CreateToken makes a token known. One with the same id is made once, and
// returned as it was made. Errors: CodeConflict when its name is taken,
// CodeTooMany.
func (c *Client) CreateToken(ctx context.Context, token slipway.Token) (slipway.Token, error) {
	var made slipway.Token
	err := c.tellTokens(ctx, workflows.Create, token, &made)
	return made, err
}

// RevokeToken ends a token, from the moment it returns. One that is not there
// is none any more.
func (c *Client) RevokeToken(ctx context.Context, id, by string) error {
	return c.tellTokens(ctx, workflows.Revoke, workflows.RevokeInput{ID: id, By: by}, nil)
}

// EndSession ends a session that would have lasted until expires at most.
func (c *Client) EndSession(ctx context.Context, person, session string, expires time.Time) error {
	return c.tellTokens(ctx, workflows.SignOut, workflows.SignOutInput{Person: person, Session: session, Expires: expires}, nil)
}

// tellTokens sends an update to Tokens, which is started if it is not there yet.
func (c *Client) tellTokens(ctx context.Context, name string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	start := c.temporal.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID:                       workflows.TokensID,
		TaskQueue:                workflows.TaskQueue,
		WorkflowTaskTimeout:      workflows.TaskTimeout,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            "tokens of machines, and sessions that are over",
	}, workflows.TokensType, workflows.TokensInput{})
	handle, err := c.temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateID:     updateID(""),
			UpdateName:   name,
			Args:         []any{in},
			WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err == nil {
		err = handle.Get(ctx, out)
	}
	return explain(err, tokens)
}
