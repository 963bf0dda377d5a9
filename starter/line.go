package starter

import (
	"context"

	"slipway"
	"slipway/workflows"
)

var theLine = entity{
	id: workflows.LineID, kind: workflows.LineType, begin: workflows.LineInput{},
	about: "what is stopped", summary: "what is stopped",
}

// Line says what is stopped. It needs no worker.
func (c *Client) Line(ctx context.Context) (line slipway.Line, err error) {
	err = c.known(ctx, theLine, workflows.LineMemo, &line)
	return line, err
}

// StopLine holds all releases of a project (empty: of all) at their next safe
// point, and keeps new ones in their queues. It returns when that is on record;
// releases hear of it within moments. Errors: CodeConflict when it is stopped by
// somebody else, or for another reason.
func (c *Client) StopLine(ctx context.Context, project, by, reason, key string) error {
	return c.tell(ctx, theLine, workflows.StopLine, key, slipway.Stop{Project: project, By: by, Reason: reason}, nil)
}

// ResumeLine lets releases go on. Errors: CodeConflict when that line is not
// stopped.
func (c *Client) ResumeLine(ctx context.Context, project, by, reason, key string) error {
	return c.tell(ctx, theLine, workflows.Resume, key, workflows.ResumeInput{
		Project: project, Request: workflows.Request{By: by, Reason: reason},
	}, nil)
}
