package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"slipway"
)

// An Order asks for a release. Its service file is sent as it was written.
type Order struct {
	ServiceFile string `json:"service_file"`
	Tag         string `json:"tag"`
	Force       bool   `json:"force,omitempty"`
	BreakGlass  bool   `json:"break_glass,omitempty"`
	Reason      string `json:"reason,omitempty"`
}

// Submit asks for a release and returns it as it stands at first.
func (c *Client) Submit(ctx context.Context, order Order) (slipway.ReleaseID, slipway.Release, error) {
	var release slipway.Release
	if err := c.change(ctx, "/releases", order, &release); err != nil {
		return slipway.ReleaseID{}, release, err
	}
	id, err := c.releaseID(release.ID)
	return id, release, err
}

// An Adoption asks for a container that serves already to be put behind the edge.
type Adoption struct {
	ServiceFile string `json:"service_file"`
	Container   string `json:"container"`
	Host        string `json:"host,omitempty"`
	Retire      bool   `json:"retire,omitempty"`
	Reason      string `json:"reason,omitempty"`
}

// Adopt puts a container behind the edge, and returns the id of the adoption,
// which is followed as a release is.
func (c *Client) Adopt(ctx context.Context, adoption Adoption) (slipway.ReleaseID, error) {
	var release slipway.Release
	if err := c.change(ctx, "/adoptions", adoption, &release); err != nil {
		return slipway.ReleaseID{}, err
	}
	return c.releaseID(release.ID)
}

// Plan says what a release would do. Errors: those that it would be refused
// with. It waits longer than for other answers, because the server asks hosts,
// edges and registries first.
func (c *Client) Plan(ctx context.Context, order Order) (slipway.Preview, error) {
	var preview slipway.Preview
	err := c.call(ctx, request{method: http.MethodPost, path: "/plan", body: order, longer: 20 * time.Second}, &preview)
	return preview, err
}

// Release says how a release stands. Errors: CodeNotFound.
func (c *Client) Release(ctx context.Context, id slipway.ReleaseID) (slipway.Release, error) {
	var release slipway.Release
	err := c.get(ctx, releasePath(id), nil, &release)
	if err == nil && release.ID != id.String() {
		err = c.notSlipway(http.StatusOK)
	}
	return release, err
}

// ReleaseToDecide is Release as the first half of a decision: it waits for a
// server that does not answer as long as the decision itself does.
func (c *Client) ReleaseToDecide(ctx context.Context, id slipway.ReleaseID) (release slipway.Release, err error) {
	err = c.patiently(ctx, func() error {
		release, err = c.Release(ctx, id)
		return err
	})
	return release, err
}

// Releases lists up to limit releases of a service, the latest first, as far
// as a list shows them: without hosts, edges and gates.
func (c *Client) Releases(ctx context.Context, service slipway.ServiceID, limit int) ([]slipway.Release, error) {
	releases := []slipway.Release{}
	page := ""
	for len(releases) < limit {
		query := url.Values{"service": {service.String()}, "limit": {strconv.Itoa(min(limit-len(releases), 100))}}
		if page != "" {
			query.Set("page", page)
		}
		var list struct {
			Releases []slipway.Release `json:"releases"`
			NextPage string            `json:"next_page"`
		}
		if err := c.get(ctx, "/releases", query, &list); err != nil {
			return nil, err
		}
		releases = append(releases, list.Releases...)
		if page = list.NextPage; page == "" {
			break
		}
	}
	return releases, nil
}

// Abort ends a release that does not serve yet.
func (c *Client) Abort(ctx context.Context, id slipway.ReleaseID, reason string) error {
	return c.change(ctx, releasePath(id)+"/abort", because{reason}, nil)
}

// Accept ends the hold of a release: what served before is retired now.
func (c *Client) Accept(ctx context.Context, id slipway.ReleaseID) error {
	return c.change(ctx, releasePath(id)+"/accept", because{}, nil)
}

// because is why a person does something.
type because struct {
	Reason string `json:"reason,omitempty"`
}

// Decide passes on a decision on a gate.
func (c *Client) Decide(ctx context.Context, id slipway.ReleaseID, d Decision) error {
	return c.change(ctx, releasePath(id)+"/decisions", d, nil)
}

// SignDecision has the server sign a decision, which is passed on by other means.
func (c *Client) SignDecision(ctx context.Context, id slipway.ReleaseID, d Decision) (signed slipway.Decision, err error) {
	err = c.change(ctx, releasePath(id)+"/decisions/signature", d, &signed)
	return signed, err
}

// A Decision is a verdict on a gate.
type Decision struct {
	Gate    string          `json:"gate"`
	Verdict slipway.Verdict `json:"decision"`
	Reason  string          `json:"reason,omitempty"`

	// What whoever decides has seen; the decision is void if it is not so.
	Digest   string `json:"digest,omitempty"`
	Settings string `json:"settings,omitempty"`
	Plan     string `json:"plan,omitempty"`
}

func releasePath(id slipway.ReleaseID) string { return "/releases/" + id.String() }

// releaseID reads an id that the server gave.
func (c *Client) releaseID(s string) (slipway.ReleaseID, error) {
	id, err := slipway.ParseReleaseID(s)
	if err != nil {
		return slipway.ReleaseID{}, c.notSlipway(http.StatusOK)
	}
	return id, nil
}

// A Pass is somebody's word that a release is to switch in spite of a window.
// Digest and Settings are what they saw.
type Pass struct {
	Reason   string `json:"reason"`
	Digest   string `json:"digest,omitempty"`
	Settings string `json:"settings,omitempty"`
}

// BreakGlass passes that on.
func (c *Client) BreakGlass(ctx context.Context, id slipway.ReleaseID, pass Pass) error {
	return c.change(ctx, "/releases/"+id.String()+"/break-glass", pass, nil)
}
