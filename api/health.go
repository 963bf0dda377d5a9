package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"slipway"
)

// healthz says that the process answers.
func (s *server) healthz(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "ok")
}

// readyz says that releases can be asked for.
func (s *server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	if err := s.Releases.Ready(ctx); err != nil {
		request := requestOf(r.Context())
		refuse(w, request.problem(slipway.Errorf(slipway.CodeUnavailable, "Temporal does not answer")))
		request.err = err // whoever asks is not signed in: only the log says more
		return
	}
	fmt.Fprintln(w, "ok")
}

func (s *server) scrape() http.Handler {
	return promhttp.HandlerFor(s.Registry, promhttp.HandlerOpts{Registry: s.Registry})
}

func (s *server) openapi(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/openapi+json")
	_ = json.NewEncoder(w).Encode(s.spec)
}
