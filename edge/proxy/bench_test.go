package proxy_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"slipway/edge/proxy"
)

// What a request costs in the handler, with the round trip to a container that
// answers at once, when there are one and three of them.
func BenchmarkServe(b *testing.B) {
	var upstreams []string
	for range 3 {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "well") }))
		b.Cleanup(server.Close)
		upstreams = append(upstreams, server.Listener.Addr().String())
	}
	for name, n := range map[string]int{"one": 1, "three": 3} {
		b.Run(name, func(b *testing.B) {
			p := proxy.New(prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
			defer p.Close()
			p.Follow(table(route("site", "app.example.com", "/", upstreams[:n]...)))
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://app.example.com/", nil))
				if w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
			}
		})
	}
}
