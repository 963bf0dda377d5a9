package starter

import (
	"context"
	"errors"
	"fmt"

	"slipway"
	"slipway/workflows"
)

// Abort ends a release that does not serve yet, or waits in the queue;
// everything it did is undone. Errors: CodeConflict when it serves already, or
// is over.
func (c *Client) Abort(ctx context.Context, id slipway.ReleaseID, request slipway.Request, key string) error {
	err := c.act(ctx, id, workflows.Abort, key, request)
	if !errors.Is(err, errQueued) {
		return err
	}
	err = c.tellLane(ctx, id.ServiceID, workflows.Abort, key, workflows.AbortInput{Release: id, Request: request}, nil)
	if slipway.ErrorCode(err) != slipway.CodeConflict {
		return err
	}
	return c.act(ctx, id, workflows.Abort, key, request) // it has started meanwhile
}

// Accept ends the hold of a release: blue is retired now. Errors: CodeConflict
// when it holds nothing.
func (c *Client) Accept(ctx context.Context, id slipway.ReleaseID, request slipway.Request, key string) error {
	return c.act(ctx, id, workflows.Accept, key, request)
}

// Decide passes on an approver's decision. The caller has made sure of who it
// is and that the gate lets them decide. Errors: CodeForbidden for the
// requester, CodeConflict for a gate that is not open, for a second decision,
// and for one about another digest or other settings.
func (c *Client) Decide(ctx context.Context, id slipway.ReleaseID, decision slipway.Decision, key string) error {
	return c.act(ctx, id, workflows.Decide, key, decision)
}

// BreakGlass has one more person say that a release is to switch in spite of a
// window or a freeze. Errors: CodeConflict when they have said so before, or it
// is past its switch; CodeForbidden when nobody signed it.
func (c *Client) BreakGlass(ctx context.Context, id slipway.ReleaseID, pass slipway.Pass, key string) error {
	return c.act(ctx, id, workflows.Pass, key, pass)
}

func (c *Client) act(ctx context.Context, id slipway.ReleaseID, name, key string, in any) error {
	err := c.call(ctx, workflows.ReleaseWorkflowID(id), name, key, "release "+id.String(), in, nil)
	if slipway.ErrorCode(err) != slipway.CodeNotFound {
		return err
	}
	// Temporal does not tell a workflow that has ended from one that never was.
	release, readErr := c.Release(ctx, id)
	if readErr != nil {
		return readErr
	}
	if release.Phase == slipway.Queued {
		return &slipway.Error{Code: slipway.CodeConflict, Message: fmt.Sprintf("%s has not started yet: %s", id, release.Reason), Err: errQueued}
	}
	return slipway.Errorf(slipway.CodeConflict, "%s is over", id)
}

// errQueued says that a release waits for its turn, and so has no workflow.
var errQueued = errors.New("it waits in the queue")
