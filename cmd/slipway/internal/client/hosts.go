package client

import (
	"context"
	"net/http"
	"net/url"
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

// HostCare says whether a host is cordoned, and what still runs there. A server
// that is being restarted is waited for: what it was asked to do goes on.
func (c *Client) HostCare(ctx context.Context, host string) (slipway.HostCare, error) {
	var care slipway.HostCare
	err := c.patiently(ctx, func() error { return c.get(ctx, "/hosts/"+host+"/cordon", nil, &care) })
	return care, err
}

// Cordon keeps new releases off a host.
func (c *Client) Cordon(ctx context.Context, host, reason string) error {
	return c.change(ctx, "/hosts/"+host+"/cordon", because{reason}, nil)
}

// Drain begins to empty a host. HostCare says how far that is.
func (c *Client) Drain(ctx context.Context, host, reason string) error {
	return c.change(ctx, "/hosts/"+host+"/drain", because{reason}, nil)
}

// HostJoin says how far a host is part of what is live, as patiently as HostCare.
func (c *Client) HostJoin(ctx context.Context, host string) (slipway.HostJoin, error) {
	var joins slipway.HostJoin
	err := c.patiently(ctx, func() error { return c.get(ctx, "/hosts/"+host+"/join", nil, &joins) })
	return joins, err
}

// Join begins to bring what is live to a host. HostJoin says how far that is.
func (c *Client) Join(ctx context.Context, host, reason string) (slipway.HostJoin, error) {
	var joins slipway.HostJoin
	err := c.change(ctx, "/hosts/"+host+"/join", because{reason}, &joins)
	return joins, err
}

// RemoveHost begins to take a host out for good. HostCare says how far that is.
func (c *Client) RemoveHost(ctx context.Context, host, reason string, gone bool) error {
	query := url.Values{"reason": {reason}}
	if gone {
		query.Set("gone", "true")
	}
	return c.insist(ctx, request{method: http.MethodDelete, path: "/hosts/" + host, query: query}, nil)
}

// Uncordon lets a host be used again.
func (c *Client) Uncordon(ctx context.Context, host, reason string) error {
	return c.insist(ctx, request{method: http.MethodDelete, path: "/hosts/" + host + "/cordon", query: url.Values{"reason": {reason}}}, nil)
}
