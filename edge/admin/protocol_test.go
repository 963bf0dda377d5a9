package admin_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"slipway"
	"slipway/edge/admin"
	"slipway/edge/disk"
	"slipway/edge/keeper"
)

// stuck has three requests in flight for ever, one of them at each upstream.
type stuck struct{}

func (stuck) Drain(_ context.Context, req slipway.DrainRequest) int {
	if req.Upstream != "" {
		return 1
	}
	return 3
}

func newAPI(t *testing.T) http.Handler {
	t.Helper()
	dir, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dir.Close() })
	registry := prometheus.NewRegistry()
	k, err := keeper.New(dir, func(slipway.Table) {}, registry, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return admin.Handler(k, stuck{}, registry)
}

const (
	app     = "/v1/routes/shop/app"
	staging = `{"project":"shop","service":"app","route":{"host":"app.example.com","path":"/"},"release":"shop.app.1","upstreams":["10.0.0.1:80"],"generation":0}`
	commit  = `{"project":"shop","service":"app","release":"shop.app.1","generation":0,"by":"shop.app.1"}`
)

// What goes over the wire is fixed: Slipway and its edges are not replaced at
// the same moment.
func TestProtocol(t *testing.T) {
	api := newAPI(t)
	for _, step := range []struct {
		name, method, path, body string
		status                   int
		want                     string // part of the answer
	}{
		{"nothing yet", "GET", "/v1/table", "", 200, `{}`},
		{"unknown service", "GET", app, "", 200, `{"project":"shop","service":"app","route":{"host":"","path":""},"targets":null,"active":"","generation":0}`},
		{"commit before stage", "POST", app + "/commit", commit, 404, `{"code":"not_found","message":"commit shop.app.1: the edge has no route of shop/app"}`},
		{"stage", "POST", app + "/stage", staging, 200, `"targets":{"shop.app.1":{"route":{"host":"app.example.com","path":"/"},"upstreams":["10.0.0.1:80"]}},"active":"","generation":0}`},
		{"commit", "POST", app + "/commit", commit, 200, `"active":"shop.app.1","generation":1,"by":"shop.app.1"`},
		{"stage too late", "POST", app + "/stage", staging, 409, `"code":"conflict"`},
		{"and what was found", "POST", app + "/stage", staging, 409, `"route":{"project":"shop"`},
		{"amend", "POST", app + "/amend", `{"project":"shop","service":"app","release":"shop.app.1","upstreams":["10.0.0.2:80"],"revision":0}`, 200, `"targets":{"shop.app.1":{"route":{"host":"app.example.com","path":"/"},"upstreams":["10.0.0.2:80"],"revision":1}},"active":"shop.app.1","generation":1,`},
		{"amend to away", "POST", app + "/amend", `{"project":"shop","service":"app","release":"shop.app.1","upstreams":null,"away":true,"revision":1}`, 200, `"upstreams":null,"revision":2`},
		{"amend too late", "POST", app + "/amend", `{"project":"shop","service":"app","release":"shop.app.1","upstreams":["10.0.0.3:80"],"revision":1}`, 409, `"code":"conflict"`},
		{"unstage what serves", "POST", app + "/unstage", `{"project":"shop","service":"app","release":"shop.app.1"}`, 409, `it is active`},
		{"override without a reason", "POST", app + "/override", `{"project":"shop","service":"app","release":"shop.app.1","by":"operator:ann"}`, 400, `"code":"invalid"`},
		{"override", "POST", app + "/override", `{"project":"shop","service":"app","release":"shop.app.1","by":"operator:ann","reason":"why"}`, 200, `"generation":3,"by":"operator:ann","reason":"why"`},
		{"take overrides", "POST", "/v1/overrides/take", `{"by":"w1"}`, 200, `"project":"shop","service":"app","release":"shop.app.1","before":"shop.app.1","generation":3,"by":"operator:ann","reason":"why","at":"`},
		{"take what is lent", "POST", "/v1/overrides/take", `{"by":"w2"}`, 200, `[]`},
		{"take for nobody", "POST", "/v1/overrides/take", `{}`, 400, `"code":"invalid"`},
		{"taken", "POST", "/v1/overrides/taken", `{"ids":["of another edge"]}`, 200, `[]`},
		{"restore is late", "POST", app + "/restore", `{"project":"shop","service":"app","release":"","generation":0,"by":"shop.app.1"}`, 409, `written by \"operator:ann\"`},
		{"drain", "GET", app + "/drain?release=shop.app.1&timeout=1s", "", 200, `{"in_flight":3}`},
		{"drain one upstream", "GET", app + "/drain?release=shop.app.1&upstream=10.0.0.1:80&timeout=1s", "", 200, `{"in_flight":1}`},
		{"drain for no time", "GET", app + "/drain?release=shop.app.1", "", 400, `for example 30s`},
		{"remove at no generation", "DELETE", app, "", 400, `"code":"invalid"`},
		{"remove at an old generation", "DELETE", app + "?generation=1", "", 409, `"code":"conflict"`},
		{"remove", "DELETE", app + "?generation=3", "", 200, `"generation":0`},
		{"remove again", "DELETE", app + "?generation=3", "", 200, `"generation":0`},
		{"unknown field", "POST", app + "/commit", `{"project":"shop","service":"app","weight":5}`, 400, `unknown field`},
		{"another service's body", "POST", app + "/commit", `{"project":"shop","service":"other"}`, 400, `the body is about shop/other`},
		{"two values", "POST", app + "/commit", commit + commit, 400, `more than one JSON value`},
		{"too much", "POST", app + "/commit", `{"by":"` + strings.Repeat("x", 2<<20) + `"}`, 400, `unexpected EOF`},
		{"no service's name", "GET", "/v1/routes/Shop/app", "", 400, `is not a service`},
		{"health", "GET", "/healthz", "", 200, "ok"},
		{"metrics", "GET", "/metrics", "", 200, `slipway_edge_writes_total{result="written",verb="commit"} 1`},
	} {
		t.Run(step.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			api.ServeHTTP(w, httptest.NewRequest(step.method, step.path, strings.NewReader(step.body)))
			body, err := io.ReadAll(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			if w.Code != step.status || !strings.Contains(string(body), step.want) {
				t.Errorf("%s %s: %d %s, want %d and in it %s", step.method, step.path, w.Code, body, step.status, step.want)
			}
		})
	}
}
