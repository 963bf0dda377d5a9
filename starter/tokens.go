package starter

import (
	"context"
	"time"

	"slipway"
	"slipway/workflows"
)

var theTokens = entity{
	id: workflows.TokensID, kind: workflows.TokensType, begin: workflows.TokensInput{},
	about: "tokens", summary: "tokens of machines, and sessions that are over",
}

// Standing says which tokens are good, and which sessions are over. It needs no
// worker. An answer is as new as the last change that was acknowledged.
func (c *Client) Standing(ctx context.Context) (standing slipway.Standing, err error) {
	err = c.known(ctx, theTokens, workflows.StandingMemo, &standing)
	return standing, err // none: none was made yet, and nobody has signed out
}

// CreateToken makes a token known. One with the same id is made once, and
// returned as it was made. Errors: CodeConflict when its name is taken,
// CodeTooMany.
func (c *Client) CreateToken(ctx context.Context, token slipway.Token) (slipway.Token, error) {
	var made slipway.Token
	err := c.tellTokens(ctx, workflows.Create, token, &made)
	return made, err
}

// RevokeToken ends a token, from the moment it returns. One that is not there
// is none any more.
func (c *Client) RevokeToken(ctx context.Context, id, by string) error {
	return c.tellTokens(ctx, workflows.Revoke, workflows.RevokeInput{ID: id, By: by}, nil)
}

// EndSession ends a session that would have lasted until expires at most.
func (c *Client) EndSession(ctx context.Context, person, session string, expires time.Time) error {
	return c.tellTokens(ctx, workflows.SignOut, workflows.SignOutInput{Person: person, Session: session, Expires: expires}, nil)
}

// tellTokens sends an update to Tokens, which is started if it is not there yet.
func (c *Client) tellTokens(ctx context.Context, name string, in, out any) error {
	return c.tell(ctx, theTokens, name, "", in, out)
}
