package client

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"time"

	"slipway"
)

// change posts what changes something.
func (c *Client) change(ctx context.Context, path string, body, out any) error {
	return c.insist(ctx, request{method: http.MethodPost, path: path, body: body}, out)
}

// insist sends what changes something. While the server does not answer it is
// sent again under the same key, so that it happens once at most.
func (c *Client) insist(ctx context.Context, r request, out any) error {
	r.key = rand.Text()
	return c.patiently(ctx, func() error { return c.call(ctx, r, out) })
}

// patiently repeats a call while the server does not answer.
func (c *Client) patiently(ctx context.Context, call func() error) error {
	last := time.Now().Add(c.patience.Retry)
	told := false
	for pause := firstPause; ; pause = longer(pause) {
		err := call()
		if slipway.ErrorCode(err) != slipway.CodeUnavailable || ctx.Err() != nil || time.Now().Add(pause).After(last) {
			return err
		}
		if !told {
			told = true
			c.notice(fmt.Sprintf("%v; trying again for up to %s", err, c.patience.Retry))
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

const (
	firstPause   = 100 * time.Millisecond
	longestPause = time.Second
)

func longer(pause time.Duration) time.Duration { return min(2*pause, longestPause) }

// sleep returns early, with an error, when ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
