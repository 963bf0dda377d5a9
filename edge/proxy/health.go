package proxy

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// HealthPath is where a balancer in front asks, on any host name, whether to
// send requests here. No service gets requests for it.
const HealthPath = "/.well-known/slipway-edge"

// LeaveWhile makes the edge say that it is leaving for as long as leaving
// reports so, which is asked at each look at its health. Call it before the
// first request.
func (p *Proxy) LeaveWhile(leaving func() bool) { p.leaving = leaving }

// health answers 503 while the edge is leaving, and while a service is live and
// there is no way to it from here: one on the host name that is asked for, or,
// where no service has that, any.
func (p *Proxy) health(w http.ResponseWriter, host string) {
	view := p.view.Load()
	entries, ok := view.hosts[hostname(host)]
	if !ok {
		for _, more := range view.hosts {
			entries = append(entries, more...)
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	if p.leaving != nil && p.leaving() {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, "leaving")
		return
	}
	var away []string
	for _, e := range entries {
		if e.release != nil && e.release.pool.empty() {
			away = append(away, e.service.String())
		}
	}
	if len(away) == 0 {
		fmt.Fprintln(w, "ok")
		return
	}
	slices.Sort(away)
	w.WriteHeader(http.StatusServiceUnavailable)
	fmt.Fprintln(w, "no way from here to "+strings.Join(away, ", "))
}
