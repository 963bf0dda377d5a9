package proxy_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
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

// comesBack makes something listen at a dead address, which says "back".
func comesBack(t *testing.T, address string) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(says("back"))
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
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

// A read asks for nothing to be done, so it may be sent twice; but not to every
// container there is, as it may be what breaks them.
func TestReadThatAnUpstreamBreaksOffGoesToOneMore(t *testing.T) {
	e := newEdge(t)
	var seen atomic.Int64
	breaks := func(http.ResponseWriter, *http.Request) {
		seen.Add(1)
		panic(http.ErrAbortHandler)
	}
	e.Follow(table(route("site", "app.example.com", "/", backend(t, breaks), backend(t, says("well")))))
	for range 10 {
		if res, body := e.ask(t, http.MethodGet, "app.example.com", "/", nil); res.StatusCode != http.StatusOK {
			t.Fatalf("%d %q", res.StatusCode, body)
		}
	}
	seen.Store(0)
	e.Follow(table(route("site", "app.example.com", "/", backend(t, breaks), backend(t, breaks), backend(t, breaks))))
	if res, _ := e.ask(t, http.MethodGet, "app.example.com", "/", nil); res.StatusCode != http.StatusBadGateway || seen.Load() != 2 {
		t.Errorf("status %d, and upstreams saw it %d times", res.StatusCode, seen.Load())
	}
}

func TestUpstreamThatBreaksOffRequestsIsLeftOut(t *testing.T) {
	e := newEdge(t)
	var seen atomic.Int64
	breaks := func(http.ResponseWriter, *http.Request) {
		seen.Add(1)
		panic(http.ErrAbortHandler)
	}
	bad := backend(t, breaks)
	e.Follow(table(route("site", "app.example.com", "/", bad, backend(t, says("well")))))
	lost := 0
	for range 40 { // well within its first pause
		res, _ := e.ask(t, http.MethodPost, "app.example.com", "/", strings.NewReader("pay once"))
		if res.StatusCode != http.StatusOK {
			lost++
		}
	}
	if lost < 3 || lost > 6 || int64(lost) != seen.Load() {
		t.Errorf("%d of 40 requests were lost, and the upstream that breaks them saw %d", lost, seen.Load())
	}
	if text := metrics(t, e); !strings.Contains(text, `slipway_edge_upstream_failed_total{project="shop",release="shop.site.1",service="site",upstream="`+bad+`"} `+strconv.Itoa(lost)+"\n") {
		t.Errorf("metrics do not say that %s failed %d times:\n%s", bad, lost, text)
	}
}

func TestUpstreamThatCameBackIsTakenBack(t *testing.T) {
	e := newEdge(t)
	address := deadAddress(t)
	e.Follow(table(route("site", "app.example.com", "/", address, backend(t, says("other")))))
	for range 4 {
		e.ask(t, http.MethodGet, "app.example.com", "/", nil)
	}
	out := `slipway_edge_upstream_out{project="shop",release="shop.site.1",service="site",upstream="` + address + `"} 1`
	if text := metrics(t, e); !strings.Contains(text, out) {
		t.Errorf("it is not left out:\n%s", text)
	}
	comesBack(t, address)
	for range 500 {
		if _, body := e.ask(t, http.MethodGet, "app.example.com", "/", nil); body == "back" {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Error("it accepts connections for 5 s and gets no requests")
}

// What cannot be reached at all is tried all the same: what was wrong with it
// may be over.
func TestAllLeftOutAreTried(t *testing.T) {
	e := newEdge(t)
	one, two := deadAddress(t), deadAddress(t)
	e.Follow(table(route("site", "app.example.com", "/", one, two)))
	e.ask(t, http.MethodGet, "app.example.com", "/", nil)
	comesBack(t, two)
	if _, body := e.ask(t, http.MethodGet, "app.example.com", "/", nil); body != "back" {
		t.Errorf("%q came from an upstream that is there again", body)
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
