package proxy

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"slipway"
)

// meters are the proxy's counters. Labels are bounded by the table: the
// series of a release go when the table forgets it.
type meters struct {
	requests       *prometheus.CounterVec
	seconds        *prometheus.HistogramVec
	upstreamErrors *prometheus.CounterVec
	unmatched      prometheus.Counter
}

var releaseLabels = []string{"project", "service", "release"}

func newMeters(registry prometheus.Registerer) *meters {
	m := &meters{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slipway_edge_requests_total",
			Help: "Requests that have ended, by release and class of status; release is empty where nothing was live.",
		}, append(releaseLabels, "code")),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "slipway_edge_request_seconds",
			Help:    "Time from a request's header to the end of its answer; switched protocols such as WebSocket are left out.",
			Buckets: prometheus.DefBuckets,
		}, releaseLabels),
		upstreamErrors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slipway_edge_upstream_errors_total",
			Help: "Requests that no upstream of the release answered.",
		}, releaseLabels),
		unmatched: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "slipway_edge_unmatched_requests_total",
			Help: "Requests for which there is no route.",
		}),
	}
	registry.MustRegister(m.requests, m.seconds, m.upstreamErrors, m.unmatched)
	return m
}

// releaseMeters are those of one release, looked up once.
type releaseMeters struct {
	classes        [6]prometheus.Counter // by the first digit of the status; 0: the answer was cut before it began
	seconds        prometheus.Observer
	upstreamErrors prometheus.Counter
}

var classNames = [6]string{"none", "1xx", "2xx", "3xx", "4xx", "5xx"}

func (m *meters) of(key releaseKey) releaseMeters {
	project, service := key.service.Project, key.service.Service
	rm := releaseMeters{
		seconds:        m.seconds.WithLabelValues(project, service, key.name),
		upstreamErrors: m.upstreamErrors.WithLabelValues(project, service, key.name),
	}
	for i, class := range classNames {
		rm.classes[i] = m.requests.WithLabelValues(project, service, key.name, class)
	}
	return rm
}

func (m *releaseMeters) observe(status int, took time.Duration) {
	m.classes[min(max(status/100, 0), 5)].Inc()
	if status != http.StatusSwitchingProtocols {
		m.seconds.Observe(took.Seconds())
	}
}

func (m *meters) nothingLive(id slipway.ServiceID) {
	m.requests.WithLabelValues(id.Project, id.Service, "", "5xx").Inc()
}

// forgetRelease deletes the series of a release.
func (m *meters) forgetRelease(key releaseKey) {
	m.forget(prometheus.Labels{"project": key.service.Project, "service": key.service.Service, "release": key.name})
}

// forgetService deletes the series of a service, those without a release too.
func (m *meters) forgetService(id slipway.ServiceID) {
	m.forget(prometheus.Labels{"project": id.Project, "service": id.Service})
}

func (m *meters) forget(labels prometheus.Labels) {
	m.requests.DeletePartialMatch(labels)
	m.seconds.DeletePartialMatch(labels)
	m.upstreamErrors.DeletePartialMatch(labels)
}
