// Package slipwayedge administers a slipway-edge through its admin API.
package slipwayedge

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"slipway"
)

// A Client administers one edge. It is safe for concurrent use and keeps
// connections. Its errors carry the codes that the edge gave (those of
// slipway.Table); CodeUnavailable means that the edge did not answer, or could
// not write to its disk, and that it is not known whether the request was
// carried out: send the same one again. Where the edge refuses with
// CodeConflict, the state that it found is returned beside the error.
type Client struct {
	edge string // name, for errors
	base string // scheme and host of its URLs
	http *http.Client
}

// New makes a client of the edge, without connecting to it. The error has
// CodeInvalid.
func New(edge slipway.Edge) (*Client, error) {
	base, transport, err := route(edge)
	if err != nil {
		return nil, slipway.Errorf(slipway.CodeInvalid, "edge %s: %w", edge.Name, err)
	}
	return &Client{edge: edge.Name, base: base, http: &http.Client{Transport: transport}}, nil
}

// Table returns all that the edge routes.
func (c *Client) Table(ctx context.Context) (slipway.Table, error) {
	var table slipway.Table
	err := c.call(ctx, http.MethodGet, "/v1/table", nil, &table)
	return table, err
}

// Route returns the service's route: generation 0 and no more than its name
// where the edge knows none.
func (c *Client) Route(ctx context.Context, service slipway.ServiceID) (slipway.RouteState, error) {
	return c.state(ctx, http.MethodGet, service, "", nil)
}

// Stage makes a release known to the edge without sending it traffic.
func (c *Client) Stage(ctx context.Context, req slipway.StageRequest) (slipway.RouteState, error) {
	return c.state(ctx, http.MethodPost, req.ServiceID, "/stage", req)
}

// Commit points the route at a staged release. Once it has returned without an
// error, no request that arrives at the edge later goes elsewhere.
func (c *Client) Commit(ctx context.Context, req slipway.CommitRequest) (slipway.RouteState, error) {
	return c.state(ctx, http.MethodPost, req.ServiceID, "/commit", req)
}

// Restore takes a commit back, whether or not it arrived.
func (c *Client) Restore(ctx context.Context, req slipway.RestoreRequest) (slipway.RouteState, error) {
	return c.state(ctx, http.MethodPost, req.ServiceID, "/restore", req)
}

// Amend says anew where a release's containers are, whether or not it is
// active. Once it has returned without an error, no request that arrives at the
// edge later goes to a container that is not named; those that are under way
// there go on.
func (c *Client) Amend(ctx context.Context, req slipway.AmendRequest) (slipway.RouteState, error) {
	return c.state(ctx, http.MethodPost, req.ServiceID, "/amend", req)
}

// Override points the route at a release that a person chose, whatever the
// generation.
func (c *Client) Override(ctx context.Context, req slipway.OverrideRequest) (slipway.RouteState, error) {
	return c.state(ctx, http.MethodPost, req.ServiceID, "/override", req)
}

// TakeOverrides returns what people have decided on the edge itself and nobody
// has written down yet, the earliest first. It is lent to by, who is the same
// over restarts, for a minute; what is lent to somebody else is left out.
func (c *Client) TakeOverrides(ctx context.Context, by string) (overrides []slipway.Override, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/overrides/take", slipway.TakeRequest{By: by}, &overrides)
	return overrides, err
}

// OverridesTaken has the edge forget overrides that are written down.
func (c *Client) OverridesTaken(ctx context.Context, ids []string) error {
	return c.call(ctx, http.MethodPost, "/v1/overrides/taken", slipway.TakenRequest{IDs: ids}, &[]slipway.Override{})
}

// Drain returns when no request is in flight for what it asks, or with the
// number that still are when its timeout has passed.
func (c *Client) Drain(ctx context.Context, req slipway.DrainRequest) (inFlight int, err error) {
	var drained struct {
		InFlight int `json:"in_flight"`
	}
	query := url.Values{"release": {req.Release}, "timeout": {req.Timeout.String()}}
	if req.Upstream != "" {
		query.Set("upstream", req.Upstream)
	}
	err = c.call(ctx, http.MethodGet, path(req.ServiceID)+"/drain?"+query.Encode(), nil, &drained)
	return drained.InFlight, err
}

// Unstage makes the edge forget a release, and cuts what is still open for it:
// drain it first.
func (c *Client) Unstage(ctx context.Context, service slipway.ServiceID, release string) (slipway.RouteState, error) {
	return c.state(ctx, http.MethodPost, service, "/unstage", slipway.UnstageRequest{ServiceID: service, Release: release})
}

// Remove makes the edge forget the service, if its route is still at the
// generation, and cuts what is still open for it.
func (c *Client) Remove(ctx context.Context, service slipway.ServiceID, generation uint64) error {
	_, err := c.state(ctx, http.MethodDelete, service, "?generation="+strconv.FormatUint(generation, 10), nil)
	return err
}

func (c *Client) state(ctx context.Context, method string, service slipway.ServiceID, verb string, body any) (slipway.RouteState, error) {
	var state slipway.RouteState
	err := c.call(ctx, method, path(service)+verb, body, &state)
	return state, err
}

func path(service slipway.ServiceID) string {
	return "/v1/routes/" + url.PathEscape(service.Project) + "/" + url.PathEscape(service.Service)
}
