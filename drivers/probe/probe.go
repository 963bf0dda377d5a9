// Package probe asks containers over the network whether they are well.
package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"slipway"
)

// bodyBytes is how much of a failing answer is read and told.
const bodyBytes = 256

// A Prober sends probes. Its methods may be called at the same time.
type Prober struct {
	client *http.Client
}

// New returns a Prober.
func New() *Prober {
	return &Prober{client: &http.Client{
		// Each probe connects anew, straight to the container: a kept connection
		// would go on to succeed when the process no longer accepts any.
		Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		// Where a redirect leads says nothing about this container.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Probe sends one HTTP GET. A 2xx answer within the timeout is nil; any other
// result is an error that says what came back: CodeUnavailable, or CodeInvalid
// if the URL is none. When ctx ends before the timeout, the error is ctx's.
func (p *Prober) Probe(ctx context.Context, url string, timeout time.Duration) error {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(limited, http.MethodGet, url, nil)
	if err != nil {
		return slipway.Errorf(slipway.CodeInvalid, "probe: %w", err)
	}
	req.Header.Set("User-Agent", "slipway-probe")
	resp, err := p.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("probe %s: %w", url, ctx.Err())
		}
		return slipway.Errorf(slipway.CodeUnavailable, "probe %s: %s", url, reason(err, timeout))
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 200 && resp.StatusCode <= 299 {
		return nil
	}
	return slipway.Errorf(slipway.CodeUnavailable, "probe %s: %s", url, said(resp))
}

// Connect opens a TCP connection, and closes it. An error is CodeUnavailable and
// says why it could not within the timeout; when ctx ends before, it is ctx's.
func (p *Prober) Connect(ctx context.Context, address string, timeout time.Duration) error {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(limited, "tcp", address)
	switch {
	case err == nil:
		_ = conn.Close() // that there was one is all that is asked
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("connect to %s: %w", address, ctx.Err())
	}
	return slipway.Errorf(slipway.CodeUnavailable, "connect to %s: %s", address, reason(err, timeout))
}

// reason is why there was no answer, in few words.
func reason(err error, timeout time.Duration) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("no answer within %s", timeout)
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Error() // "dial tcp 172.18.0.2:8080: connect: connection refused"
	}
	if inner := errors.Unwrap(err); inner != nil { // without the method and URL, which are told already
		err = inner
	}
	return err.Error()
}

// said is the status and the beginning of the body, on one line.
func said(resp *http.Response) string {
	text := "it answered " + resp.Status
	if location := resp.Header.Get("Location"); location != "" {
		return text + " to " + location + ", which is not followed"
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, bodyBytes)) // the status matters, also without the body
	if line := strings.Join(strings.Fields(strings.ToValidUTF8(string(body), "")), " "); line != "" {
		text += ": " + line
	}
	return text
}
