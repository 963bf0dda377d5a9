package client

import (
	"context"
	"net/http"
	"time"

	"slipway"
)

// Hosts says how the hosts answer that whoever is signed in may view. It waits
// longer than for other answers, because the server asks them first.
func (c *Client) Hosts(ctx context.Context) ([]slipway.HostStatus, error) {
	var list struct {
		Hosts []slipway.HostStatus `json:"hosts"`
	}
	if err := c.call(ctx, request{method: http.MethodGet, path: "/hosts", longer: 10 * time.Second}, &list); err != nil {
		return nil, err
	}
	if list.Hosts == nil {
		return nil, c.notSlipway(http.StatusOK)
	}
	return list.Hosts, nil
}
