package proxy_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// deadAddress is one at which nothing listens.
func deadAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestUpstreamThatCannotBeDialledCostsNoRequest(t *testing.T) {
	e := newEdge(t)
	echo := func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }
	e.Follow(table(route("site", "app.example.com", "/", deadAddress(t), backend(t, echo), deadAddress(t))))
	for range 20 {
		res, body := e.ask(t, http.MethodPost, "app.example.com", "/", strings.NewReader("pay once"))
		if res.StatusCode != http.StatusOK || body != "pay once" {
			t.Fatalf("%d %q", res.StatusCode, body)
		}
	}
}

func TestRequestThatAnUpstreamHasSeenIsNotSentAgain(t *testing.T) {
	e := newEdge(t)
	var seen atomic.Int64
	breaks := func(http.ResponseWriter, *http.Request) {
		seen.Add(1)
		panic(http.ErrAbortHandler)
	}
	e.Follow(table(route("site", "app.example.com", "/", backend(t, breaks), backend(t, breaks))))
	res, _ := e.ask(t, http.MethodPost, "app.example.com", "/", strings.NewReader("pay once"))
	if res.StatusCode != http.StatusBadGateway || seen.Load() != 1 {
		t.Errorf("status %d, and upstreams saw it %d times", res.StatusCode, seen.Load())
	}
}

func TestNoUpstreamIsABadGateway(t *testing.T) {
	e := newEdge(t)
	e.Follow(table(route("site", "app.example.com", "/", deadAddress(t), deadAddress(t))))
	if res, _ := e.ask(t, http.MethodGet, "app.example.com", "/", nil); res.StatusCode != http.StatusBadGateway {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestUpstreamWithFewestInFlightIsChosen(t *testing.T) {
	e := newEdge(t)
	held, entered := make(chan struct{}), make(chan struct{})
	busy := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Name", name)
			if r.URL.Path == "/hold" {
				w.(http.Flusher).Flush()
				entered <- struct{}{}
				<-held
			}
		}
	}
	e.Follow(table(route("site", "app.example.com", "/", backend(t, busy("a")), backend(t, busy("b")))))
	holder := make(chan string)
	go func() {
		res, _ := e.ask(t, http.MethodGet, "app.example.com", "/hold", nil)
		holder <- res.Header.Get("X-Name")
	}()
	<-entered
	names := map[string]int{}
	for range 10 {
		res, _ := e.ask(t, http.MethodGet, "app.example.com", "/", nil)
		names[res.Header.Get("X-Name")]++
	}
	close(held)
	if name := <-holder; names[name] != 0 {
		t.Errorf("%s was busy, and got %d of 10 requests", name, names[name])
	}
}
