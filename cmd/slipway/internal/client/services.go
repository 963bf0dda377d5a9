package client

import (
	"context"
	"net/http"
	"net/url"

	"slipway"
)

// Services says how the services of a project stand (empty: of all that the
// user may see), in the order of their names.
func (c *Client) Services(ctx context.Context, project string) ([]slipway.ServiceStatus, error) {
	query := url.Values{}
	if project != "" {
		query.Set("project", project)
	}
	var list struct {
		Services []slipway.ServiceStatus `json:"services"`
	}
	if err := c.get(ctx, "/services", query, &list); err != nil {
		return nil, err
	}
	if list.Services == nil {
		list.Services = []slipway.ServiceStatus{}
	}
	return list.Services, nil
}

// Rollback goes back to what served before, or to the release numbered to
// unless that is 0. Held says that going back is only a switch: then the
// release returned is the one that is undone, and otherwise a new one.
func (c *Client) Rollback(ctx context.Context, service slipway.ServiceID, to int, reason string) (id slipway.ReleaseID, held bool, err error) {
	var answer struct {
		Release string `json:"release"`
		Held    bool   `json:"held"`
	}
	body := struct {
		Reason string `json:"reason"`
		To     int    `json:"to,omitempty"`
	}{reason, to}
	if err := c.change(ctx, "/services/"+service.String()+"/rollback", body, &answer); err != nil {
		return slipway.ReleaseID{}, false, err
	}
	id, err = c.releaseID(answer.Release)
	return id, answer.Held, err
}

// Restart releases what is live once more.
func (c *Client) Restart(ctx context.Context, service slipway.ServiceID, reason string) (slipway.ReleaseID, error) {
	var answer struct {
		Release string `json:"release"`
	}
	if err := c.change(ctx, "/services/"+service.String()+"/restart", because{reason}, &answer); err != nil {
		return slipway.ReleaseID{}, err
	}
	return c.releaseID(answer.Release)
}

// Remove takes a service away, and returns the id of the removal, which is
// followed as a release is. The reason may be empty.
func (c *Client) Remove(ctx context.Context, service slipway.ServiceID, reason string) (slipway.ReleaseID, error) {
	var answer struct {
		Release string `json:"release"`
	}
	query := url.Values{}
	if reason != "" {
		query.Set("reason", reason)
	}
	err := c.insist(ctx, request{method: http.MethodDelete, path: "/services/" + service.String(), query: query}, &answer)
	if err != nil {
		return slipway.ReleaseID{}, err
	}
	return c.releaseID(answer.Release)
}

// Lock keeps new releases of a service away.
func (c *Client) Lock(ctx context.Context, service slipway.ServiceID, reason string) error {
	return c.change(ctx, "/services/"+service.String()+"/lock", because{reason}, nil)
}

// Unlock lets releases of a service start again.
func (c *Client) Unlock(ctx context.Context, service slipway.ServiceID, reason string) error {
	return c.insist(ctx, request{
		method: http.MethodDelete, path: "/services/" + service.String() + "/lock", query: url.Values{"reason": {reason}},
	}, nil)
}
