package starter

import (
	"context"

	"slipway"
	"slipway/workflows"
)

// Remove takes a service away: its route from the edges, then its containers.
// It returns the id of the removal, which is followed as a release is, as soon
// as it has its place in the queue. The service may be released again
// afterwards, with the next number. Errors: CodeConflict while a release is on
// its way or waits, or the service is locked; CodeNotFound when nothing of it is
// live.
func (c *Client) Remove(ctx context.Context, service slipway.ServiceID, request slipway.Request, key string) (slipway.ReleaseID, error) {
	var result workflows.SubmitResult
	err := c.tellLane(ctx, service, workflows.Remove, key, workflows.RemoveInput{
		Key: key, Request: request,
	}, &result)
	return result.Release, err
}
