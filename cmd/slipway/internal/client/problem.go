package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"

	"slipway"
	"slipway/spec"
)

// A problem is an error as the API writes it, application/problem+json.
type problem struct {
	Title  string       `json:"title"`
	Detail string       `json:"detail"`
	Code   slipway.Code `json:"code"`
	Errors spec.Errors  `json:"errors"` // of a service file
}

// problem reads what is wrong off an answer. Where something between here and
// the server answered in its stead, the status has to do.
func (c *Client) problem(ctx context.Context, answer *http.Response) error {
	var p problem
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return c.noAnswer(ctx, err)
	}
	if json.Unmarshal(text, &p) != nil || p.Code == "" {
		return c.notSlipway(answer.StatusCode)
	}
	if len(p.Errors) > 0 && p.Errors[0].File != "" {
		return p.Errors
	}
	if p.Detail == "" {
		p.Detail = p.Title
	}
	return &slipway.Error{Code: p.Code, Message: p.Detail}
}

// notSlipway is the error for an answer that Slipway's API does not give.
func (c *Client) notSlipway(status int) error {
	code := slipway.CodeInternal
	switch {
	case status == http.StatusUnauthorized:
		code = slipway.CodeUnauthenticated
	case status == http.StatusForbidden:
		code = slipway.CodeForbidden
	case status >= 502 && status <= 504:
		code = slipway.CodeUnavailable
	case status/100 == 3:
		return slipway.Errorf(code, "%s leads elsewhere (%d): set SLIPWAY_URL to where it leads", c.base, status)
	}
	return slipway.Errorf(code, "%s answers %d, but not as Slipway does: is SLIPWAY_URL right?", c.base, status)
}

// noAnswer is the error for a request that got no answer.
func (c *Client) noAnswer(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // without the method and the URL, which say nothing to a person
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return slipway.Errorf(slipway.CodeUnavailable, "%s does not answer in time", c.base)
	}
	return slipway.Errorf(slipway.CodeUnavailable, "%s does not answer: %w", c.base, err)
}
