package proxy_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"slipway"
)

// twoReleases is a service whose release 1 or 2 is live, or neither.
func twoReleases(active int, one, two string) slipway.Table {
	state := route("site", "app.example.com", "/", one)
	targets := maps.Clone(state.Targets)
	targets["shop.site.2"] = slipway.Target{Route: state.Route, Upstreams: []string{two}}
	state.Targets, state.Active = targets, ""
	if active != 0 {
		state.Active = fmt.Sprintf("shop.site.%d", active)
	}
	return table(state)
}

var site = slipway.ServiceID{Project: "shop", Service: "site"}

// holds is a backend that answers when it is released.
func holds(entered chan<- struct{}, held <-chan struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		select {
		case <-held:
			io.WriteString(w, "held")
		case <-r.Context().Done():
		}
	}
}

func TestRequestEndsWhereItBeganAndDrainWaitsForIt(t *testing.T) {
	e := newEdge(t)
	entered, held := make(chan struct{}), make(chan struct{})
	one, two := backend(t, holds(entered, held)), backend(t, says("two"))
	e.Follow(twoReleases(1, one, two))
	answer := make(chan string)
	go func() {
		_, body := e.ask(t, http.MethodGet, "app.example.com", "/", nil)
		answer <- body
	}()
	<-entered
	e.Follow(twoReleases(2, one, two))
	if _, body := e.ask(t, http.MethodGet, "app.example.com", "/", nil); body != "two" {
		t.Errorf("after the switch %q answers", body)
	}
	if n := e.Drain(t.Context(), slipway.DrainRequest{ServiceID: site, Release: "shop.site.1", Timeout: 20 * time.Millisecond}); n != 1 {
		t.Errorf("%d in flight, want 1", n)
	}
	drained := make(chan int)
	go func() {
		drained <- e.Drain(t.Context(), slipway.DrainRequest{ServiceID: site, Release: "shop.site.1", Timeout: time.Minute})
	}()
	close(held)
	if body := <-answer; body != "held" {
		t.Errorf("the request that was under way got %q", body)
	}
	if n := <-drained; n != 0 {
		t.Errorf("%d in flight after draining", n)
	}
	if n := e.Drain(t.Context(), slipway.DrainRequest{ServiceID: site, Release: "shop.site.99", Timeout: time.Minute}); n != 0 {
		t.Errorf("%d in flight for a release that is not known", n)
	}
}

// A request that is under way ends at the container that it went to, while
// later ones go where the release's containers are now, or are told to ask
// elsewhere.
func TestContainersOfAReleaseMoveUnderItsRequests(t *testing.T) {
	e := newEdge(t)
	entered, held := make(chan struct{}), make(chan struct{})
	moves := func(upstreams ...string) {
		state := route("site", "app.example.com", "/", "unused:1")
		state.Targets = map[string]slipway.Target{state.Active: {Route: state.Route, Upstreams: upstreams}}
		e.Follow(table(state))
	}
	first, second := backend(t, holds(entered, held)), backend(t, says("moved"))
	moves(first)
	answer := make(chan string)
	go func() {
		_, body := e.ask(t, http.MethodGet, "app.example.com", "/", nil)
		answer <- body
	}()
	<-entered
	moves(second)
	if _, body := e.ask(t, http.MethodGet, "app.example.com", "/", nil); body != "moved" {
		t.Errorf("after the amendment %q answers", body)
	}
	moves()
	if res, _ := e.ask(t, http.MethodGet, "app.example.com", "/", nil); res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("away, it answers %d, Retry-After %q", res.StatusCode, res.Header.Get("Retry-After"))
	}
	there := slipway.DrainRequest{ServiceID: site, Release: "shop.site.1", Upstream: first, Timeout: 20 * time.Millisecond}
	if n := e.Drain(t.Context(), there); n != 1 {
		t.Errorf("%d in flight at %s, want 1", n, first)
	}
	elsewhere := there
	elsewhere.Upstream = "10.9.9.9:80"
	if n := e.Drain(t.Context(), elsewhere); n != 0 {
		t.Errorf("%d in flight where nothing ever was", n)
	}
	if text := metrics(t, e); !strings.Contains(text, `upstream="`+first+`"} 1`) || strings.Contains(text, second) {
		t.Errorf("metrics have not exactly the upstreams with requests under way:\n%s", text)
	}
	close(held)
	if body := <-answer; body != "held" {
		t.Errorf("the request that was under way got %q", body)
	}
	for _, upstream := range []string{first, ""} {
		req := slipway.DrainRequest{ServiceID: site, Release: "shop.site.1", Upstream: upstream, Timeout: time.Minute}
		if n := e.Drain(t.Context(), req); n != 0 {
			t.Errorf("%d in flight at %q after draining", n, upstream)
		}
	}
	if text := metrics(t, e); strings.Contains(text, first) {
		t.Errorf("metrics still have %s, where nothing is any more:\n%s", first, text)
	}
}

func TestForgettingAReleaseCutsWhatIsOpenAndItsMetrics(t *testing.T) {
	e := newEdge(t)
	entered, held := make(chan struct{}), make(chan struct{})
	defer close(held)
	one, two := backend(t, holds(entered, held)), backend(t, says("two"))
	e.Follow(twoReleases(1, one, two))
	answer := make(chan int)
	go func() {
		res, _ := e.ask(t, http.MethodGet, "app.example.com", "/", nil)
		answer <- res.StatusCode
	}()
	<-entered
	forgotten := twoReleases(2, one, two)
	delete(forgotten[site.Key()].Targets, "shop.site.1")
	e.Follow(forgotten)
	if status := <-answer; status != http.StatusServiceUnavailable {
		t.Errorf("the request that was cut got status %d", status)
	}
	if text := metrics(t, e); strings.Contains(text, `"shop.site.1"`) || !strings.Contains(text, `slipway_edge_active{project="shop",release="shop.site.2",service="site"} 1`) {
		t.Errorf("metrics after release 1 was forgotten:\n%s", text)
	}
	e.Follow(slipway.Table{})
	if text := metrics(t, e); strings.Contains(text, "shop") {
		t.Errorf("metrics after the service was forgotten:\n%s", text)
	}
}

func TestRequestsAreCountedByReleaseAndClass(t *testing.T) {
	e := newEdge(t)
	e.Follow(twoReleases(1, backend(t, says("one")), deadAddress(t)))
	e.ask(t, http.MethodGet, "app.example.com", "/", nil)
	e.ask(t, http.MethodGet, "nobody.example.com", "/", nil)
	e.Follow(twoReleases(2, deadAddress(t), deadAddress(t)))
	e.ask(t, http.MethodGet, "app.example.com", "/", nil)
	e.Follow(twoReleases(0, deadAddress(t), deadAddress(t)))
	e.ask(t, http.MethodGet, "app.example.com", "/", nil)
	for _, release := range []string{"shop.site.1", "shop.site.2"} { // counted when they have ended
		e.Drain(t.Context(), slipway.DrainRequest{ServiceID: site, Release: release, Timeout: time.Minute})
	}
	text := metrics(t, e)
	for _, want := range []string{
		`slipway_edge_requests_total{code="2xx",project="shop",release="shop.site.1",service="site"} 1`,
		`slipway_edge_requests_total{code="5xx",project="shop",release="shop.site.2",service="site"} 1`,
		`slipway_edge_requests_total{code="5xx",project="shop",release="",service="site"} 1`,
		`slipway_edge_upstream_errors_total{project="shop",release="shop.site.2",service="site"} 1`,
		`slipway_edge_unmatched_requests_total 1`,
		`slipway_edge_request_seconds_count{project="shop",release="shop.site.1",service="site"} 1`,
		`slipway_edge_in_flight{project="shop",release="shop.site.1",service="site"} 0`,
		`slipway_edge_generation{project="shop",service="site"} 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("metrics lack %s:\n%s", want, text)
		}
	}
	if problems, err := testutil.GatherAndLint(e.registry); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

// A container that was amended away and has drained may be stopped, too.
func TestNothingReachesAnUpstreamAfterItsDrain(t *testing.T) {
	e := newEdge(t)
	var stopped [2]atomic.Bool
	var late atomic.Int64
	var upstreams [2]string
	for n := range upstreams {
		upstreams[n] = backend(t, func(http.ResponseWriter, *http.Request) {
			if stopped[n].Load() {
				late.Add(1)
			}
		})
	}
	e.Follow(table(route("site", "app.example.com", "/", upstreams[:]...)))
	ctx, stop := context.WithCancel(t.Context())
	var askers sync.WaitGroup
	for range 8 {
		askers.Go(func() {
			for ctx.Err() == nil {
				e.ask(t, http.MethodGet, "app.example.com", "/", nil)
			}
		})
	}
	for round := range 100 {
		n := round % 2
		e.Follow(table(route("site", "app.example.com", "/", upstreams[1-n])))
		req := slipway.DrainRequest{ServiceID: site, Release: "shop.site.1", Upstream: upstreams[n], Timeout: time.Minute}
		if inFlight := e.Drain(t.Context(), req); inFlight != 0 {
			t.Errorf("%d in flight after draining", inFlight)
		}
		stopped[n].Store(true)
		e.Drain(t.Context(), slipway.DrainRequest{ServiceID: site, Release: "shop.site.1", Timeout: time.Millisecond})
		stopped[n].Store(false)
		e.Follow(table(route("site", "app.example.com", "/", upstreams[:]...)))
	}
	stop()
	askers.Wait()
	if n := late.Load(); n != 0 {
		t.Errorf("%d requests reached an upstream that had drained", n)
	}
}

// A release that was switched away from and has drained may be stopped: no
// request may slip in behind the drain. Each round stops a release right after
// its drain and counts what reaches it then.
func TestNothingReachesAReleaseAfterItsDrain(t *testing.T) {
	e := newEdge(t)
	var stopped [3]atomic.Bool
	var late atomic.Int64
	container := func(n int) string {
		return backend(t, func(http.ResponseWriter, *http.Request) {
			if stopped[n].Load() {
				late.Add(1)
			}
		})
	}
	one, two := container(1), container(2)
	e.Follow(twoReleases(1, one, two))
	ctx, stop := context.WithCancel(t.Context())
	var askers sync.WaitGroup
	for range 8 {
		askers.Go(func() {
			for ctx.Err() == nil {
				e.ask(t, http.MethodGet, "app.example.com", "/", nil)
			}
		})
	}
	for round := range 100 {
		from, to := 1+round%2, 2-round%2
		stopped[to].Store(false)
		e.Follow(twoReleases(to, one, two))
		if n := e.Drain(t.Context(), slipway.DrainRequest{ServiceID: site, Release: fmt.Sprintf("shop.site.%d", from), Timeout: time.Minute}); n != 0 {
			t.Errorf("%d in flight after draining", n)
		}
		stopped[from].Store(true)
	}
	stop()
	askers.Wait()
	if n := late.Load(); n != 0 {
		t.Errorf("%d requests reached a release that had drained", n)
	}
}

func metrics(t *testing.T, e *edge) string {
	t.Helper()
	families, err := e.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return text(t, families)
}
