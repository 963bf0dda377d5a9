package registry

import (
	"net"
	"net/http"
	"time"
)

// A connection carries the requests to one registry, over TCP connections
// that are kept.
type connection struct {
	scheme, host string
	inner        *http.Transport
}

func newConnection(scheme, host string) *connection {
	return &connection{scheme: scheme, host: host, inner: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: time.Minute, // a registry hashes a large blob before it answers
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   8,
		IdleConnTimeout:       90 * time.Second,
	}}
}

// RoundTrip speaks to the registry as the fleet says, with or without TLS. The
// client library guesses, from the address: that costs a failed handshake with
// a plain one, and might send credentials in clear to one with TLS.
func (c *connection) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host == c.host && req.URL.Scheme != c.scheme {
		url := *req.URL
		url.Scheme = c.scheme
		req = req.WithContext(req.Context())
		req.URL = &url
	}
	if pace := paceOf(req.Context()); pace != nil && req.Body != nil {
		req = req.WithContext(req.Context())
		req.Body = &pacedBody{ReadCloser: req.Body, ctx: req.Context(), pace: pace}
	}
	resp, err := c.inner.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		resp.Body.Close()
		return nil, &tooMany{retryAfter: resp.Header.Get("Retry-After")}
	}
	return resp, nil
}

// tooMany is an answer of 429, with the header that the library drops.
type tooMany struct {
	retryAfter string // seconds, a date, or empty
}

func (e *tooMany) Error() string {
	if e.retryAfter == "" {
		return "too many requests"
	}
	return "too many requests; it asks to retry after " + e.retryAfter
}
