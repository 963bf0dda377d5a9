package proxy

import "github.com/prometheus/client_golang/prometheus"

var (
	inFlightDesc = prometheus.NewDesc("slipway_edge_in_flight",
		"Requests under way and WebSockets open, by release.", releaseLabels, nil)
	activeDesc = prometheus.NewDesc("slipway_edge_active",
		"1 for the release that gets the traffic of the service.", releaseLabels, nil)
	generationDesc = prometheus.NewDesc("slipway_edge_generation",
		"Generation of the service's route.", []string{"project", "service"}, nil)
)

// A collector reads what the proxy knows anyway when somebody asks, so that
// requests do not pay for these.
type collector struct{ proxy *Proxy }

// Describe lists the metrics.
func (c collector) Describe(descs chan<- *prometheus.Desc) {
	descs <- inFlightDesc
	descs <- activeDesc
	descs <- generationDesc
}

// Collect reads them.
func (c collector) Collect(metrics chan<- prometheus.Metric) {
	view := c.proxy.view.Load()
	for key, r := range view.releases {
		metrics <- prometheus.MustNewConstMetric(inFlightDesc, prometheus.GaugeValue, float64(r.inFlight.Load()),
			key.service.Project, key.service.Service, key.name)
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
