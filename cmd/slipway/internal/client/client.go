package client

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"slipway"
)

// A Client talks to one server. It is safe for use by several goroutines.
type Client struct {
	base     string // without a slash at the end
	token    string
	agent    string
	patience Patience
	notice   func(string)
	http     *http.Client
}

// Options are what a Client needs to know.
type Options struct {
	URL      string       // of the server
	Token    string       // empty: nobody is signed in
	Agent    string       // the User-Agent
	Patience Patience     // zero fields: as DefaultPatience has them
	Notice   func(string) // tells a person that the server does not answer, or does again; nil: nobody is told
}

// Patience is how long to go on without an answer.
type Patience struct {
	Answer time.Duration // for the answer to one request
	Retry  time.Duration // from the first try of a change to the start of the last
	Watch  time.Duration // while a release is watched
	Quiet  time.Duration // for a sign of life on a stream of events, before another look
}

// DefaultPatience covers the restart of a server. Answer is longer than the
// server itself waits for a worker.
var DefaultPatience = Patience{
	Answer: 25 * time.Second,
	Retry:  20 * time.Second,
	Watch:  2 * time.Minute,
	Quiet:  20 * time.Second,
}

// New makes a Client. It does not connect yet.
func New(o Options) (*Client, error) {
	base, err := ServerURL(o.URL)
	if err != nil {
		return nil, err
	}
	if o.Notice == nil {
		o.Notice = func(string) {}
	}
	transport := &http.Transport{
		Proxy:             http.ProxyFromEnvironment,
		DialContext:       (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		ForceAttemptHTTP2: true,
	}
	return &Client{
		base:     base,
		token:    o.Token,
		agent:    o.Agent,
		patience: o.Patience.orDefault(),
		notice:   o.Notice,
		http: &http.Client{
			Transport: transport,
			// A redirected POST would arrive as a GET and seem to succeed.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// ServerURL is a server's URL in the one form that it is known by.
func ServerURL(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", slipway.Errorf(slipway.CodeInvalid, "SLIPWAY_URL is not the address of a server: write http://HOST:PORT or https://HOST")
	}
	return strings.TrimRight(u.Scheme+"://"+strings.ToLower(u.Host)+u.Path, "/"), nil
}

func (p Patience) orDefault() Patience {
	for _, field := range []struct{ have, want *time.Duration }{
		{&p.Answer, &DefaultPatience.Answer},
		{&p.Retry, &DefaultPatience.Retry},
		{&p.Watch, &DefaultPatience.Watch},
		{&p.Quiet, &DefaultPatience.Quiet},
	} {
		if *field.have == 0 {
			*field.have = *field.want
		}
	}
	return p
}
