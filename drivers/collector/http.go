package collector

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"time"

	"slipway"
)

// poster sends lines by POST, as application/x-ndjson. They have arrived when
// they are answered with 2xx.
type poster struct {
	to      slipway.AuditCopy
	secrets Secrets
	client  *http.Client
	most    int // lines at a time: fewer where more were too large
}

func newPoster(to slipway.AuditCopy, trust *tls.Config, secrets Secrets) *poster {
	return &poster{to: to, secrets: secrets, most: math.MaxInt, client: &http.Client{
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: trust, ForceAttemptHTTP2: true},
		// The entries, and the token, go where the fleet file says and nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (p *poster) Send(ctx context.Context, lines [][]byte) error {
	for len(lines) > 0 {
		part := lines[:min(len(lines), p.most)]
		status, err := p.post(ctx, part)
		switch {
		case err != nil:
			return err
		case status == http.StatusRequestEntityTooLarge && len(part) > 1:
			p.most = len(part) / 2
		case status/100 != 2:
			return fmt.Errorf("post: answered with %d %s", status, http.StatusText(status))
		default:
			lines = lines[len(part):]
		}
	}
	return nil
}

func (p *poster) post(ctx context.Context, lines [][]byte) (status int, err error) {
	body := append(bytes.Join(lines, []byte("\n")), '\n')
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.to.URL, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("make a request: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-ndjson")
	r.Header.Set("User-Agent", "slipway")
	if p.to.Token != nil {
		token, err := p.secrets.Secret(ctx, p.to.Token.Secret)
		if err != nil {
			return 0, fmt.Errorf("look the token up: %w", err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := p.client.Do(r)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the address, whose query may hold a secret
		}
		return 0, fmt.Errorf("post: %w", err)
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, 64<<10) // so that the connection can be kept
	return answer.StatusCode, nil
}

func (p *poster) Lost() error            { return nil }
func (p *poster) Settles() time.Duration { return 0 }

func (p *poster) Close() error {
	p.client.CloseIdleConnections()
	return nil
}
