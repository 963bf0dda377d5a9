// Package telemetry brings the metrics of Temporal's SDK, and those that
// workflows record through it, into a Prometheus registry.
package telemetry

import (
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.temporal.io/sdk/client"
	temporalotel "go.temporal.io/sdk/contrib/opentelemetry"
)

// seconds are the bounds of every histogram: from one step of a workflow to a
// hold of an hour. The library's own are meant for milliseconds.
var seconds = []float64{.005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30, 60, 300, 600, 3600}

// Handler makes a handler for client.Options.MetricsHandler whose metrics are
// collected by registry. Names keep their form; timers become histograms named
// …_seconds, counters …_total.
func Handler(registry prometheus.Registerer, log *slog.Logger) (client.MetricsHandler, error) {
	exporter, err := otelprom.New(otelprom.WithRegisterer(registry), otelprom.WithoutScopeInfo(), otelprom.WithoutTargetInfo())
	if err != nil {
		return nil, fmt.Errorf("set up metrics: %w", err)
	}
	provider := metric.NewMeterProvider(
		metric.WithReader(exporter),
		metric.WithView(metric.NewView(
			metric.Instrument{Kind: metric.InstrumentKindHistogram},
			metric.Stream{Aggregation: metric.AggregationExplicitBucketHistogram{Boundaries: seconds}},
		)),
	)
	return temporalotel.NewMetricsHandler(temporalotel.MetricsHandlerOptions{
		Meter:                provider.Meter("slipway"),
		UseMonotonicCounters: true,
		OnError:              func(err error) { log.Warn("Metric not recorded", "error", err) },
	}), nil
}
