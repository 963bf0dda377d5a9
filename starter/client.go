package starter

import (
	"context"
	"time"

	"go.temporal.io/sdk/client"
)

// patience bounds a call that waits for a worker. It is longer than it takes a
// worker that has just been restarted to take over a workflow.
const patience = 20 * time.Second

// Client talks to the workflows of one Temporal namespace. It is safe for use
// by several goroutines.
type Client struct {
	temporal client.Client
}

// New makes a client of a connection to Temporal. The caller closes the
// connection.
func New(temporal client.Client) *Client { return &Client{temporal: temporal} }

// Ready reports whether Temporal answers: nil, or an error of CodeUnavailable.
func (c *Client) Ready(ctx context.Context) error {
	_, err := c.temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
	return explain(err, "Temporal")
}
