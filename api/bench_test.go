package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"slipway"
	"slipway/api"
)

// nowhere is an audit log that costs nothing.
type nowhere struct{}

func (nowhere) Append(context.Context, slipway.AuditEntry) error { return nil }

func (nowhere) List(slipway.AuditFilter) ([]slipway.AuditEntry, string, error) { return nil, "", nil }

// BenchmarkAct is one request that changes something, with and without the
// files of the audit log: the difference is what they add.
func BenchmarkAct(b *testing.B) {
	for name, change := range map[string]func(*api.Config){
		"without": func(c *api.Config) { c.Audit = nowhere{} },
		"with":    func(*api.Config) {},
	} {
		b.Run(name, func(b *testing.B) {
			fleet, workflows := parseFleet(b, fleetFile), newWorkflows()
			workflows.put(release("search.query-api.7", slipway.Deploying))
			config := api.Config{
				Releases: workflows, Tokens: &ring{}, Fleet: func() *slipway.Fleet { return fleet }, Audit: openAudit(b, b.TempDir()),
				SigningKey: bytes.Repeat([]byte{7}, 32), Registry: prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler),
			}
			change(&config)
			handler, err := api.New(config)
			if err != nil {
				b.Fatal(err)
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/api/v1/login",
				strings.NewReader(`{"user": "rita", "password": "`+password+`"}`)))
			var in struct{ Token string }
			if err := json.Unmarshal(w.Body.Bytes(), &in); err != nil {
				b.Fatal(err)
			}
			ask := func() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/api/v1/releases/search.query-api.7/abort", strings.NewReader("{}"))
				r.Header.Set("Authorization", "Bearer "+in.Token)
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				if w.Code != http.StatusNoContent {
					b.Errorf("status %d", w.Code)
				}
			}
			b.Run("alone", func(b *testing.B) {
				for b.Loop() {
					ask()
				}
			})
			b.Run("many", func(b *testing.B) {
				b.SetParallelism(32)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						ask()
					}
				})
			})
		})
	}
}
