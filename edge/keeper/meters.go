package keeper

import "github.com/prometheus/client_golang/prometheus"

// meters count what the administration writes.
type meters struct {
	writes *prometheus.CounterVec
	fsync  prometheus.Histogram
}

func newMeters(registry prometheus.Registerer) meters {
	m := meters{
		writes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slipway_edge_writes_total",
			Help: "Requests to change the table, by what they asked for and what came of it: written, repeated, refused, failed.",
		}, []string{"verb", "result"}),
		fsync: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "slipway_edge_disk_write_seconds",
			Help:    "Time to put a changed table on disk, fsync included.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5},
		}),
	}
	registry.MustRegister(m.writes, m.fsync)
	return m
}
