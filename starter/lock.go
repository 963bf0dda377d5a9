package starter

import (
	"context"

	"slipway"
	"slipway/workflows"
)

// Lock keeps new releases of a service away until it is unlocked. What is on
// its way goes on, and going back is always possible. Errors: CodeConflict when
// somebody else has locked it, or for another reason; CodeNotFound when it was
// never released.
func (c *Client) Lock(ctx context.Context, service slipway.ServiceID, by, reason, key string) error {
	return c.tellLane(ctx, service, workflows.Lock, key, workflows.Request{By: by, Reason: reason}, nil)
}

// Unlock lets releases of a service start again, those first that have waited.
// Errors: CodeConflict when it is not locked.
func (c *Client) Unlock(ctx context.Context, service slipway.ServiceID, by, reason, key string) error {
	return c.tellLane(ctx, service, workflows.Unlock, key, workflows.Request{By: by, Reason: reason}, nil)
}

// tellLane sends an update to a service's lane, which must be there. The answer
// goes into out, unless that is nil.
func (c *Client) tellLane(ctx context.Context, service slipway.ServiceID, name, key string, in, out any) error {
	return c.call(ctx, workflows.LaneID(service), name, key, "service "+service.String(), in, out)
}
