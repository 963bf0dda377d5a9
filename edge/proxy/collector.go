package proxy

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	inFlightDesc = prometheus.NewDesc("slipway_edge_in_flight",
		"Requests under way and WebSockets open, by release.", releaseLabels, nil)
	activeDesc = prometheus.NewDesc("slipway_edge_active",
		"1 for the release that gets the traffic of the service.", releaseLabels, nil)
	generationDesc = prometheus.NewDesc("slipway_edge_generation",
		"Generation of the service's route.", []string{"project", "service"}, nil)
)

// Those of an upstream are as many as the table has, and go when it does: an
// address that was amended away, when nothing is in flight there any more.
var (
	upstreamLabels       = append(slices.Clone(releaseLabels), "upstream")
	upstreamInFlightDesc = prometheus.NewDesc("slipway_edge_upstream_in_flight",
		"Requests under way and WebSockets open, by upstream.", upstreamLabels, nil)
	upstreamAnsweredDesc = prometheus.NewDesc("slipway_edge_upstream_answered_total",
		"Requests that the upstream answered.", upstreamLabels, nil)
	upstreamFailedDesc = prometheus.NewDesc("slipway_edge_upstream_failed_total",
		"Requests that the upstream refused or broke off; another may have answered them.", upstreamLabels, nil)
	upstreamOutDesc = prometheus.NewDesc("slipway_edge_upstream_out",
		"1 while the upstream is left out because it refuses connections or breaks them off.", upstreamLabels, nil)
)

// A collector reads what the proxy knows anyway when somebody asks, so that
// requests do not pay for these.
type collector struct{ proxy *Proxy }

// Describe lists the metrics.
func (c collector) Describe(descs chan<- *prometheus.Desc) {
	descs <- inFlightDesc
	descs <- activeDesc
	descs <- generationDesc
	descs <- upstreamInFlightDesc
	descs <- upstreamAnsweredDesc
	descs <- upstreamFailedDesc
	descs <- upstreamOutDesc
}

// Collect reads them.
func (c collector) Collect(metrics chan<- prometheus.Metric) {
	view := c.proxy.view.Load()
	for key, r := range view.releases {
		metrics <- prometheus.MustNewConstMetric(inFlightDesc, prometheus.GaugeValue, float64(r.inFlight()),
			key.service.Project, key.service.Service, key.name)
		for _, u := range r.pool.all() {
			labels := []string{key.service.Project, key.service.Service, key.name, u.address}
			out := 0.0
			if u.out.Load() {
				out = 1
			}
			metrics <- prometheus.MustNewConstMetric(upstreamInFlightDesc, prometheus.GaugeValue, float64(u.inFlight()), labels...)
			metrics <- prometheus.MustNewConstMetric(upstreamAnsweredDesc, prometheus.CounterValue, float64(u.answered.Load()), labels...)
			metrics <- prometheus.MustNewConstMetric(upstreamFailedDesc, prometheus.CounterValue, float64(u.failed.Load()), labels...)
			metrics <- prometheus.MustNewConstMetric(upstreamOutDesc, prometheus.GaugeValue, out, labels...)
		}
	}
	for _, state := range view.table {
		metrics <- prometheus.MustNewConstMetric(generationDesc, prometheus.GaugeValue, float64(state.Generation),
			state.Project, state.Service)
		if state.Active != "" {
			metrics <- prometheus.MustNewConstMetric(activeDesc, prometheus.GaugeValue, 1,
				state.Project, state.Service, state.Active)
		}
	}
}
