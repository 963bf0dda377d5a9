package client

import (
	"context"
	"net/http"
	"net/url"

	"slipway"
)

// Stops lists what is stopped (of a project; empty: of all), as far as whoever
// is signed in may view it.
func (c *Client) Stops(ctx context.Context, project string) ([]slipway.Stop, error) {
	var list struct {
		Stops []slipway.Stop `json:"stops"`
	}
	query := url.Values{}
	if project != "" {
		query.Set("project", project)
	}
	if err := c.get(ctx, "/line", query, &list); err != nil {
		return nil, err
	}
	if list.Stops == nil {
		return nil, c.notSlipway(http.StatusOK)
	}
	return list.Stops, nil
}

// StopLine holds the releases of a project (empty: of all).
func (c *Client) StopLine(ctx context.Context, project, reason string) error {
	return c.change(ctx, lineOf(project), because{reason}, nil)
}

// ResumeLine lets them go on.
func (c *Client) ResumeLine(ctx context.Context, project, reason string) error {
	return c.insist(ctx, request{method: http.MethodDelete, path: lineOf(project), query: url.Values{"reason": {reason}}}, nil)
}

func lineOf(project string) string {
	if project == "" {
		return "/line"
	}
	return "/projects/" + project + "/line"
}
