// Package admin is the administration of an edge: a small HTTP API on a Unix
// socket that only the socket's owner can open, or over mutual TLS.
//
//	GET    /v1/table
//	GET    /v1/routes/{project}/{service}
//	DELETE /v1/routes/{project}/{service}?generation=N
//	POST   /v1/routes/{project}/{service}/stage      slipway.StageRequest
//	POST   /v1/routes/{project}/{service}/commit     slipway.CommitRequest
//	POST   /v1/routes/{project}/{service}/restore    slipway.RestoreRequest
//	POST   /v1/routes/{project}/{service}/amend      slipway.AmendRequest
//	POST   /v1/routes/{project}/{service}/override   slipway.OverrideRequest
//	POST   /v1/routes/{project}/{service}/unstage    slipway.UnstageRequest
//	GET    /v1/routes/{project}/{service}/drain?release=ID&timeout=30s[&upstream=HOST:PORT]
//	POST   /v1/overrides/take                        slipway.TakeRequest
//	POST   /v1/overrides/taken                       slipway.TakenRequest
//	GET    /healthz
//	GET    /metrics
//
// Everything but /metrics and /healthz answers JSON. A POST to a route answers
// the slipway.RouteState that it led to, one to overrides those that there are
// for whoever asks. An error answers a code of slipway's, a
// message, and where it is a conflict the state that was found.
package admin

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"slipway"
	"slipway/edge/keeper"
)

// A Drainer waits for what is in flight.
type Drainer interface {
	// Drain returns when nothing is in flight for what req asks, or with the
	// number of what is when its timeout has passed or ctx has ended.
	Drain(ctx context.Context, req slipway.DrainRequest) int
}

type api struct {
	keeper  *keeper.Keeper
	drainer Drainer
}

// Handler is the API.
func Handler(k *keeper.Keeper, d Drainer, metrics prometheus.Gatherer) http.Handler {
	a := &api{keeper: k, drainer: d}
	mux := http.NewServeMux()
	mux.Handle("GET /v1/table", answer(a.table))
	mux.Handle("GET /v1/routes/{project}/{service}", answer(a.route))
	mux.Handle("DELETE /v1/routes/{project}/{service}", answer(a.remove))
	mux.Handle("POST /v1/routes/{project}/{service}/stage", write(k.Stage))
	mux.Handle("POST /v1/routes/{project}/{service}/commit", write(k.Commit))
	mux.Handle("POST /v1/routes/{project}/{service}/restore", write(k.Restore))
	mux.Handle("POST /v1/routes/{project}/{service}/amend", write(k.Amend))
	mux.Handle("POST /v1/routes/{project}/{service}/override", write(k.Override))
	mux.Handle("POST /v1/routes/{project}/{service}/unstage", write(a.unstage))
	mux.Handle("GET /v1/routes/{project}/{service}/drain", answer(a.drain))
	mux.Handle("POST /v1/overrides/take", answer(a.take))
	mux.Handle("POST /v1/overrides/taken", answer(a.taken))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	return mux
}
