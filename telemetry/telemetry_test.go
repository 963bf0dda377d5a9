package telemetry_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"slipway/telemetry"
)

func TestMetricsKeepTheirNamesAndCountersOnlyGrow(t *testing.T) {
	registry := prometheus.NewRegistry()
	handler, err := telemetry.Handler(registry, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	tagged := handler.WithTags(map[string]string{"outcome": "live"})
	tagged.Counter("slipway_releases").Inc(2)
	tagged.Timer("slipway_switch_latency").Record(30 * time.Millisecond)

	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, family := range families {
		seen[family.GetName()] = true
		switch family.GetName() {
		case "slipway_releases_total":
			if got := family.GetMetric()[0].GetCounter().GetValue(); got != 2 {
				t.Errorf("slipway_releases_total is %v, want 2", got)
			}
		case "slipway_switch_latency_seconds":
			if got := family.GetMetric()[0].GetHistogram().GetSampleSum(); got < 0.029 || got > 0.031 {
				t.Errorf("slipway_switch_latency_seconds sums to %v, want 0.03 seconds", got)
			}
		}
	}
	for _, want := range []string{"slipway_releases_total", "slipway_switch_latency_seconds"} {
		if !seen[want] {
			t.Errorf("there is no %s among %v", want, seen)
		}
	}
}
