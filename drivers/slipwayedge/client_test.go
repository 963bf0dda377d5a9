package slipwayedge_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/drivers/slipwayedge"
)

var app = slipway.ServiceID{Project: "shop", Service: "app"}

// serve answers on a Unix socket as an edge would. What the real one answers is
// tested with this client in the module slipway/edge.
func serve(t *testing.T, h http.HandlerFunc) (*slipwayedge.Client, *atomic.Int64) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "admin.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(h)
	server.Listener.Close()
	server.Listener = listener
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return newClient(t, socket), &connections
}

func newClient(t *testing.T, socket string) *slipwayedge.Client {
	t.Helper()
	client, err := slipwayedge.New(slipway.Edge{Name: "e1", Admin: "unix://" + socket})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		w.Write([]byte(body))
	}
}

func TestRequestsAreWhatTheEdgeExpects(t *testing.T) {
	var got []string
	client, connections := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var body json.RawMessage
		json.NewDecoder(r.Body).Decode(&body)
		got = append(got, strings.TrimSpace(r.Method+" "+r.RequestURI+" "+string(body)))
		if strings.Contains(r.URL.Path, "/drain") {
			w.Write([]byte(`{"in_flight":4}`))
			return
		}
		w.Write([]byte(`{}`))
	})
	ctx := t.Context()
	for _, call := range []func() error{
		func() error { _, err := client.Table(ctx); return err },
		func() error { _, err := client.Route(ctx, app); return err },
		func() error {
			_, err := client.Commit(ctx, slipway.CommitRequest{ServiceID: app, Release: "shop.app.2", Generation: 1, By: "shop.app.2"})
			return err
		},
		func() error {
			_, err := client.Amend(ctx, slipway.AmendRequest{ServiceID: app, Release: "shop.app.2", Upstreams: []string{"10.0.0.2:80"}, Revision: 3})
			return err
		},
		func() error { _, err := client.Unstage(ctx, app, "shop.app.1"); return err },
		func() error { return client.Remove(ctx, app, 7) },
		func() error {
			n, err := client.Drain(ctx, slipway.DrainRequest{ServiceID: app, Release: "shop.app.1", Upstream: "10.0.0.1:80", Timeout: 90 * time.Second})
			if n != 4 {
				t.Errorf("%d in flight, want 4", n)
			}
			return err
		},
	} {
		if err := call(); err != nil {
			t.Error(err)
		}
	}
	want := []string{
		`GET /v1/table`,
		`GET /v1/routes/shop/app`,
		`POST /v1/routes/shop/app/commit {"project":"shop","service":"app","release":"shop.app.2","generation":1,"by":"shop.app.2"}`,
		`POST /v1/routes/shop/app/amend {"project":"shop","service":"app","release":"shop.app.2","upstreams":["10.0.0.2:80"],"revision":3}`,
		`POST /v1/routes/shop/app/unstage {"project":"shop","service":"app","release":"shop.app.1"}`,
		`DELETE /v1/routes/shop/app?generation=7`,
		`GET /v1/routes/shop/app/drain?release=shop.app.1&timeout=1m30s&upstream=10.0.0.1%3A80`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections were made for requests in a row, want 1", n)
	}
}

func TestErrorsCarryTheEdgesCode(t *testing.T) {
	for _, c := range []struct {
		status  int
		body    string
		code    slipway.Code
		message string
	}{
		{409, `{"code":"conflict","message":"commit: too late","route":{"project":"shop","service":"app","active":"shop.app.3","generation":5}}`, slipway.CodeConflict, "edge e1: commit: too late"},
		{404, `{"code":"not_found","message":"no route"}`, slipway.CodeNotFound, "edge e1: no route"},
		{400, `{"code":"invalid","message":"no"}`, slipway.CodeInvalid, "edge e1: no"},
		{503, `{"code":"unavailable","message":"disk is full"}`, slipway.CodeUnavailable, "edge e1: disk is full"},
		{404, `404 page not found`, slipway.CodeInternal, "edge e1 answers 404 Not Found, which is not slipway-edge's: see that its admin address is right"},
	} {
		client, _ := serve(t, answer(c.status, c.body))
		state, err := client.Commit(t.Context(), slipway.CommitRequest{ServiceID: app})
		if slipway.ErrorCode(err) != c.code || err.Error() != c.message {
			t.Errorf("%d: %s %q, want %s %q", c.status, slipway.ErrorCode(err), err, c.code, c.message)
		}
		if c.code == slipway.CodeConflict && state.Generation != 5 {
			t.Errorf("the state that was found is %+v", state)
		}
	}
}

func TestEdgeThatDoesNotAnswerIsUnavailable(t *testing.T) {
	hung, _ := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	broken, _ := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	absent := newClient(t, filepath.Join(t.TempDir(), "admin.sock"))
	for name, client := range map[string]*slipwayedge.Client{"hung": hung, "broken": broken, "absent": absent} {
		ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
		_, err := client.Route(ctx, app)
		stop()
		if slipway.ErrorCode(err) != slipway.CodeUnavailable || !strings.Contains(err.Error(), "edge e1 ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAdminAddressIsASocket(t *testing.T) {
	for admin, want := range map[string]string{
		"unix:///run/slipway/edge.sock": "/run/slipway/edge.sock",
		"unix:/run/slipway/edge.sock":   "/run/slipway/edge.sock",
		"unix:edge.sock":                "edge.sock",
		"unix:":                         "",
		"unix://":                       "",
		"":                              "",
		"127.0.0.1:9000":                "",
		"https://10.0.0.1:9000":         "",
	} {
		got, err := slipwayedge.Socket(admin)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v, want %q", admin, got, err, want)
		}
		if _, err := slipwayedge.New(slipway.Edge{Name: "e1", Admin: admin}); (err != nil) != (want == "") || err != nil && slipway.ErrorCode(err) != slipway.CodeInvalid {
			t.Errorf("%q: %v", admin, err)
		}
	}
}
