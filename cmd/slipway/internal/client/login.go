package client

import (
	"context"
	"net/http"
	"time"
)

// A Session is what the server gives for a password.
type Session struct {
	Token     string    `json:"token"`
	User      string    `json:"user"`
	Groups    []string  `json:"groups"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Login signs a user in. It is tried once: a person is there to try again.
func (c *Client) Login(ctx context.Context, user, password string) (Session, error) {
	body := struct {
		User     string `json:"user"`
		Password string `json:"password"`
	}{user, password}
	var session Session
	err := c.call(ctx, request{method: http.MethodPost, path: "/login", body: body}, &session)
	if err == nil && session.Token == "" {
		err = c.notSlipway(http.StatusOK)
	}
	return session, err
}

// Logout ends the session, for all who have its token.
func (c *Client) Logout(ctx context.Context) error {
	return c.call(ctx, request{method: http.MethodPost, path: "/logout"}, nil)
}
