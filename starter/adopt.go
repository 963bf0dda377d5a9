package starter

import (
	"context"

	"slipway"
	"slipway/workflows"
)

// Adopt puts a container that serves already behind the edges, as release 0 of a
// service that nothing of is live. It returns the id of the adoption, which is
// followed as a release is. Errors: CodeConflict where the service is live, or on
// the move.
func (c *Client) Adopt(ctx context.Context, order slipway.Order, key string) (slipway.ReleaseID, error) {
	return c.place(ctx, workflows.Adopt, order, key)
}
