package edge_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// metrics is what /metrics of the admin socket says.
func (p *process) metrics() string {
	p.t.Helper()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", p.socket)
		},
	}}
	res, err := client.Get("http://edge/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// metric is the value of one series; 0 where there is none.
func (p *process) metric(series string) float64 {
	p.t.Helper()
	for line := range strings.Lines(p.metrics()) {
		if text, ok := strings.CutPrefix(line, series+" "); ok {
			value, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil {
				p.t.Fatal(err)
			}
			return value
		}
	}
	return 0
}
