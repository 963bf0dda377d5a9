package client

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"slipway"
)

// A NewToken is a token with what it is used as, which is shown once.
type NewToken struct {
	slipway.Token
	Secret string `json:"token"`
}

// CreateToken makes a token that is good for as long as lasts. Without a name
// the server gives it one; without a project it is for the whole fleet.
func (c *Client) CreateToken(ctx context.Context, name, project string, role slipway.Role, lasts time.Duration) (NewToken, error) {
	body := struct {
		Name    string           `json:"name,omitempty"`
		Project string           `json:"project,omitempty"`
		Role    slipway.Role     `json:"role"`
		Expires slipway.Duration `json:"expires"`
	}{name, project, role, slipway.Duration(lasts)}
	var made NewToken
	err := c.change(ctx, "/tokens", body, &made)
	if err == nil && made.Secret == "" {
		err = c.notSlipway(http.StatusCreated)
	}
	return made, err
}

// Tokens lists the tokens that the user may revoke.
func (c *Client) Tokens(ctx context.Context) ([]slipway.Token, error) {
	var list struct {
		Tokens []slipway.Token `json:"tokens"`
	}
	if err := c.get(ctx, "/tokens", nil, &list); err != nil {
		return nil, err
	}
	return append([]slipway.Token{}, list.Tokens...), nil
}

// RevokeToken ends a token.
func (c *Client) RevokeToken(ctx context.Context, id string) error {
	return c.insist(ctx, request{method: http.MethodDelete, path: "/tokens/" + url.PathEscape(id)}, nil)
}
