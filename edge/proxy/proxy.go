package proxy

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"slipway"
	"slipway/edge/preview"
)

// A Proxy is an http.Handler. Create it with New; without a table it answers
// 404 to everything.
type Proxy struct {
	view    atomic.Pointer[view] // what requests read, without a lock
	reverse httputil.ReverseProxy
	meters  *meters
	log     *slog.Logger

	previews  preview.Key
	leaving   func() bool // nil: never
	following sync.Mutex  // held while a table is taken over
}

// New makes a proxy that reports to registry and logs to log, which must not
// block: nothing is logged for a request that went well.
func New(registry prometheus.Registerer, log *slog.Logger) *Proxy {
	p := &Proxy{meters: newMeters(registry), log: log}
	p.view.Store(&view{})
	p.reverse = httputil.ReverseProxy{
		Rewrite:        rewrite,
		Transport:      roundTripper{},
		BufferPool:     &buffers{},
		ModifyResponse: noteStatus,
		ErrorHandler:   p.fail,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	registry.MustRegister(collector{p})
	return p
}

// AllowPreviews lets requests with a token of the key reach releases that are
// staged. Call it before the first request.
func (p *Proxy) AllowPreviews(key preview.Key) { p.previews = key }

// Follow makes requests that arrive from now on go where t says. What is open
// for a release that t does not know any more is cut.
func (p *Proxy) Follow(t slipway.Table) {
	p.following.Lock()
	defer p.following.Unlock()
	before := p.view.Load()
	after := newView(t, before, p.meters, p.log)
	p.view.Store(after)
	for key, r := range before.releases {
		if _, known := after.releases[key]; !known {
			r.cut()
			p.meters.forgetRelease(key)
		}
	}
	for key, state := range before.table {
		if _, known := after.table[key]; !known {
			p.meters.forgetService(state.ServiceID)
		}
	}
}

// Drain returns when nothing is in flight for what it asks for, or when its
// timeout has passed or ctx has ended, with the number that still are. A
// release, or an upstream of it, that is not known has none.
func (p *Proxy) Drain(ctx context.Context, req slipway.DrainRequest) int {
	r := p.view.Load().releases[releaseKey{req.ServiceID, req.Release}]
	if r == nil {
		return 0
	}
	ctx, stop := context.WithTimeout(ctx, req.Timeout)
	defer stop()
	if req.Upstream == "" {
		return r.drain(ctx)
	}
	if u := r.pool.find(req.Upstream); u != nil {
		return u.drain(ctx)
	}
	return 0
}

// Close cuts all that is open.
func (p *Proxy) Close() { p.Follow(slipway.Table{}) }

// ServeHTTP forwards the request to the active release of the service that
// holds the longest matching route, or to the release that its token names. A
// token that is no good is refused: who sends one would take the answer of
// another release for that of the one they asked for.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	w.Header().Del("Server") // Caddy's; the service's own takes its place
	if r.URL.Path == HealthPath {
		p.health(w, r.Host)
		return
	}
	find, missing := (*view).match, "no service is routed here"
	if tokens := r.Header.Values(preview.Header); len(tokens) > 0 {
		id, err := p.previews.Check(strings.Join(tokens, ","), start)
		if err != nil {
			p.meters.unmatched.Inc()
			http.Error(w, "preview refused: "+err.Error(), http.StatusForbidden)
			return
		}
		w.Header().Set("Vary", preview.Header) // a cache must not take it for the live one's
		find = func(v *view, host, path string) *entry { return v.preview(id, host, path) }
		missing = id.String() + " is not staged for this address"
	}
	e := p.enter(find, r.Host, r.URL.Path)
	switch {
	case e == nil:
		p.meters.unmatched.Inc()
		http.Error(w, missing, http.StatusNotFound)
		return
	case e.release == nil:
		p.meters.nothingLive(e.service)
		w.Header().Set("Retry-After", "1")
		http.Error(w, "no release of this service is live", http.StatusServiceUnavailable)
		return
	}
	defer e.release.leave()
	if e.release.pool.empty() {
		e.release.meters.observe(http.StatusServiceUnavailable, time.Since(start))
		w.Header().Set("Retry-After", "1")
		http.Error(w, errAway.Error(), http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	stop := context.AfterFunc(e.release.ctx, func() { cancel(errCut) })
	v := &visit{entry: e}
	defer func() { // also when ReverseProxy panics to abort an answer that is under way
		stop()
		cancel(nil)
		if v.upstream != nil {
			v.upstream.leave()
		}
		e.release.meters.observe(v.status, time.Since(start))
	}()
	p.reverse.ServeHTTP(w, r.WithContext(context.WithValue(ctx, visitKey{}, v)))
}

// enter finds the entry for a request by find, and counts the request in flight for its
// release, if one is live; nil where no route matches.
func (p *Proxy) enter(find func(v *view, host, path string) *entry, host, path string) *entry {
	for {
		view := p.view.Load()
		e := find(view, host, path)
		if e == nil || e.release == nil {
			return e
		}
		e.release.enter()
		// A switch, and a drain after it, may have come between the look and the
		// count, and found nobody in flight. Whoever sees the same view after
		// counting was counted before any later switch.
		if p.view.Load() == view {
			return e
		}
		e.release.leave()
	}
}

// A visit is what is known of one request while it is forwarded.
type visit struct {
	entry    *entry
	upstream *upstream // that answers; nil before one does
	status   int       // of the answer; 0 until there is one
}

type visitKey struct{}

func visitOf(ctx context.Context) *visit { return ctx.Value(visitKey{}).(*visit) }

func rewrite(r *httputil.ProxyRequest) {
	// What a client claims in X-Forwarded-* and Forwarded is dropped by
	// ReverseProxy before this; the Host header stays the client's.
	r.SetXForwarded()
	r.Out.URL.Scheme = "http"
	r.Out.Header.Del(preview.Header) // the service could use it, too
	// ReverseProxy drops parameters that Go cannot parse, such as "1;2". Nothing
	// here reads them, and to the service they may mean something.
	r.Out.URL.RawQuery = r.In.URL.RawQuery
}

func noteStatus(res *http.Response) error {
	visitOf(res.Request.Context()).status = res.StatusCode
	return nil
}

var errCut = errors.New("release was unstaged")

// statusClientClosed is what nginx has made common for a client that left
// before the answer: no fault of the service, so no 5xx.
const statusClientClosed = 499

// fail answers where no upstream did.
func (p *Proxy) fail(w http.ResponseWriter, r *http.Request, err error) {
	v := visitOf(r.Context())
	switch cause := context.Cause(r.Context()); {
	case errors.Is(cause, errCut), errors.Is(err, errAway):
		v.status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "1")
	case cause != nil:
		v.status = statusClientClosed
	default:
		v.status = http.StatusBadGateway
		v.entry.release.meters.upstreamErrors.Inc()
		p.log.Warn("upstream failed", "release", v.entry.release.name, "upstreams", v.entry.release.pool.addresses(), "error", err)
	}
	w.WriteHeader(v.status)
}
