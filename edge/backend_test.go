package edge_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"slipway"
)

const host = "app.example.com"

var app = slipway.ServiceID{Project: "shop", Service: "app"}

// release is the id of the n-th release of app.
func release(n int) string { return slipway.ReleaseID{ServiceID: app, Number: n}.String() }

// newBackend is a container of a release, in this process.
func newBackend(t testing.TB, release string) (upstream string) {
	t.Helper()
	server := httptest.NewServer(container(release))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return strings.TrimPrefix(server.URL, "http://")
}

// container says the release's id after the work that ?work= asks for, and
// echoes WebSocket messages.
func container(release string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if work, err := time.ParseDuration(r.URL.Query().Get("work")); err == nil {
			select {
			case <-time.After(work):
			case <-r.Context().Done():
			}
		}
		io.WriteString(w, release)
	})
	mux.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer conn.CloseNow()
		for {
			kind, message, err := conn.Read(r.Context())
			if err != nil {
				return
			}
			if err := conn.Write(r.Context(), kind, append([]byte(release+" "), message...)); err != nil {
				return
			}
		}
	})
	return mux
}

// stage makes release n of app known to the edge, with a backend of its own.
func (p *process) stage(n int, generation uint64) {
	p.t.Helper()
	_, err := p.client.Stage(p.t.Context(), slipway.StageRequest{
		ServiceID: app, Route: slipway.Route{Host: host, Path: "/"}, Release: release(n),
		Upstreams: []string{newBackend(p.t, release(n))}, Generation: generation,
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// commit makes release n of app live.
func (p *process) commit(n int, generation uint64) {
	p.t.Helper()
	_, err := p.client.Commit(p.t.Context(), slipway.CommitRequest{
		ServiceID: app, Release: release(n), Generation: generation, By: release(n),
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// get asks the edge, and returns status and body.
func (p *process) get(path string) (int, string, error) {
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, "http://"+p.http+path, nil)
	if err != nil {
		return 0, "", err
	}
	req.Host = host
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, string(body), err
}
