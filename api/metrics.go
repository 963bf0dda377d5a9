package api

import (
	"cmp"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the API's own. Their labels are bounded by the list of routes.
type metrics struct {
	requests *prometheus.HistogramVec
	signIns  *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer, releases Releases) (metrics, error) {
	m := metrics{
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "slipway_api_request_duration_seconds",
			Help:    "How long requests to the API took to be answered, by route and status. A stream of events counts when it ends.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20},
		}, []string{"route", "status"}),
		signIns: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slipway_api_sign_ins_total",
			Help: "Sign-ins, by result: ok, wrong, delayed after too many wrong ones, or unavailable when the directory did not answer.",
		}, []string{"result"}),
	}
	for _, result := range []string{"ok", "wrong", "delayed", "unavailable"} {
		m.signIns.WithLabelValues(result)
	}
	for _, c := range []prometheus.Collector{m.requests, m.signIns, stopped(releases)} {
		if err := registry.Register(c); err != nil {
			return metrics{}, err
		}
	}
	return m, nil
}

func (m metrics) answered(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(cmp.Or(route, "none"), strconv.Itoa(status)).Observe(took.Seconds())
}
