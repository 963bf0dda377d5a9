package slipwayedge

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"slipway"
)

// maxAnswer is far more than a table of thousands of services needs.
const maxAnswer = 64 << 20

// call sends one request and reads the answer into result, also that of a
// refusal, as far as it has one.
func (c *Client) call(ctx context.Context, method, path string, body, result any) error {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	// Every request may be repeated, so the transport may do so by itself when
	// a kept connection turns out to be closed, as after a restart of the edge.
	// The empty value is for the transport only: no header is sent.
	req.Header["Idempotency-Key"] = []string{}
	res, err := c.http.Do(req)
	if err != nil {
		return slipway.Errorf(slipway.CodeUnavailable, "edge %s does not answer: %w", c.edge, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return slipway.Errorf(slipway.CodeUnavailable, "edge %s broke off its answer: %w", c.edge, err)
	}
	if res.StatusCode != http.StatusOK {
		return c.refusal(res.StatusCode, text, result)
	}
	if err := json.Unmarshal(text, result); err != nil {
		return slipway.Errorf(slipway.CodeUnavailable, "edge %s answers what is not slipway-edge's: %w", c.edge, err)
	}
	return nil
}

// refusal is the error in the body of an answer; the state that came with it
// goes into result.
func (c *Client) refusal(status int, text []byte, result any) error {
	var problem struct {
		Code    slipway.Code        `json:"code"`
		Message string              `json:"message"`
		Route   *slipway.RouteState `json:"route"`
	}
	if err := json.Unmarshal(text, &problem); err != nil || problem.Code == "" {
		return slipway.Errorf(slipway.CodeInternal, "edge %s answers %d %s, which is not slipway-edge's: see that its admin address is right", c.edge, status, http.StatusText(status))
	}
	if state, ok := result.(*slipway.RouteState); ok && problem.Route != nil {
		*state = *problem.Route
	}
	return slipway.Errorf(problem.Code, "edge %s: %s", c.edge, problem.Message)
}
