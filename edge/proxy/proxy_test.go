package proxy_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"slipway"
	"slipway/edge/proxy"
)

// An edge is a proxy behind a real listener.
type edge struct {
	*proxy.Proxy
	url      string
	registry *prometheus.Registry
}

func newEdge(t *testing.T) *edge {
	t.Helper()
	e := &edge{registry: prometheus.NewRegistry()}
	e.Proxy = proxy.New(e.registry, slog.New(slog.DiscardHandler))
	server := httptest.NewServer(e.Proxy)
	t.Cleanup(func() {
		e.Close() // first, so that nothing is in flight
		server.Close()
	})
	e.url = server.URL
	return e
}

// backend starts a container and returns its address.
func backend(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }
}

// route is a service of which release 1 is live at these upstreams; without
// upstreams nothing is.
func route(service, host, path string, upstreams ...string) slipway.RouteState {
	id := slipway.ServiceID{Project: "shop", Service: service}
	state := slipway.RouteState{ServiceID: id, Route: slipway.Route{Host: host, Path: path}, Generation: 1}
	if len(upstreams) > 0 {
		state.Active = id.Key() + ".1"
		state.Targets = map[string]slipway.Target{state.Active: {Route: state.Route, Upstreams: upstreams}}
	}
	return state
}

func table(states ...slipway.RouteState) slipway.Table {
	t := slipway.Table{}
	for _, state := range states {
		t[state.Key()] = state
	}
	return t
}

// ask sends a request for a host and returns status and body.
func (e *edge) ask(t *testing.T, method, host, path string, body io.Reader) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, e.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	req.Header.Set("X-Forwarded-For", "6.6.6.6")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(text)
}

func TestRequestGoesToTheLongestRouteThatMatches(t *testing.T) {
	e := newEdge(t)
	e.Follow(table(
		route("site", "app.example.com", "/", backend(t, says("site"))),
		route("api", "app.example.com", "/api", backend(t, says("api"))),
		route("deep", "app.example.com", "/api/v2/", backend(t, says("deep"))),
		route("only", "Only.Example.com", "/sub", backend(t, says("only"))),
		route("gone", "gone.example.com", "/"),
	))
	for _, c := range []struct {
		host, path string
		status     int
		want       string
	}{
		{"app.example.com", "/", 200, "site"},
		{"app.example.com:8080", "/x", 200, "site"},
		{"APP.Example.COM", "/", 200, "site"},
		{"app.example.com.", "/", 200, "site"},
		{"app.example.com", "/api", 200, "api"},
		{"app.example.com", "/api/", 200, "api"},
		{"app.example.com", "/api/v1", 200, "api"},
		{"app.example.com", "/apix", 200, "site"},
		{"app.example.com", "/api/v2", 200, "deep"},
		{"app.example.com", "/api/v2/x?q=/y", 200, "deep"},
		{"app.example.com", "/api/v20", 200, "api"},
		{"only.example.com", "/sub/x", 200, "only"},
		{"only.example.com", "/", 404, ""},
		{"other.example.com", "/", 404, ""},
		{"gone.example.com", "/", 503, ""},
	} {
		res, body := e.ask(t, http.MethodGet, c.host, c.path, nil)
		if res.StatusCode != c.status || c.want != "" && body != c.want {
			t.Errorf("%s%s: %d %q, want %d %q", c.host, c.path, res.StatusCode, body, c.status, c.want)
		}
		if retry := res.Header.Get("Retry-After"); (retry != "") != (c.status == 503) {
			t.Errorf("%s%s: Retry-After is %q with status %d", c.host, c.path, retry, c.status)
		}
	}
}

func TestServiceSeesTheClientsRequest(t *testing.T) {
	e := newEdge(t)
	e.Follow(table(route("site", "app.example.com", "/", backend(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Server", "mine")
		w.Header().Set("X-Saw", strings.Join([]string{
			r.Method, r.Host, r.RequestURI, r.Header.Get("X-Forwarded-For"), r.Header.Get("X-Forwarded-Proto"), r.Header.Get("X-Forwarded-Host"), string(body),
		}, " "))
		w.WriteHeader(http.StatusTeapot)
	}))))
	res, _ := e.ask(t, http.MethodPut, "app.example.com", "/a%2Fb?q=1;2", strings.NewReader("content"))
	if got, want := res.Header.Get("X-Saw"), "PUT app.example.com /a%2Fb?q=1;2 127.0.0.1 http app.example.com content"; got != want {
		t.Errorf("the service saw %q, want %q", got, want)
	}
	if res.StatusCode != http.StatusTeapot || strings.Join(res.Header["Server"], ",") != "mine" {
		t.Errorf("the client saw %d, server %q", res.StatusCode, res.Header["Server"])
	}
}
