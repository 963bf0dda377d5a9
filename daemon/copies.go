package daemon

import (
	"context"
	"path/filepath"
	"reflect"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"slipway"
)

// copyInterval is between two looks at what is new in the audit log.
const copyInterval = time.Second

// copies send what is in the audit log to the collectors that the fleet file
// names. The log knows nothing of them: they read its files, from where they
// were before a restart, and are late for as long as a collector is away.
type copies struct {
	source
	fleet    func() *slipway.Fleet
	failures *prometheus.CounterVec
	lag      *prometheus.Desc

	mu  sync.Mutex
	now map[string]*underWay // by the copy's name
}

// underWay is a copy that is being made.
type underWay struct {
	*copier
	end  context.CancelFunc
	over chan struct{}
}

func newCopies(from source, fleet func() *slipway.Fleet) *copies {
	return &copies{
		source: from, fleet: fleet, now: map[string]*underWay{},
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slipway_audit_copy_failures_total",
			Help: "Attempts to send what is in the audit log to where it is copied to that failed.",
		}, []string{"copy"}),
		lag: prometheus.NewDesc("slipway_audit_copy_lag_seconds",
			"Age of the oldest entry of the audit log that has not arrived where it is copied to; 0: all have.", []string{"copy"}, nil),
	}
}

// Describe is that of prometheus.Collector.
func (c *copies) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.lag
	c.failures.Describe(ch)
}

// Collect is that of prometheus.Collector.
func (c *copies) Collect(ch chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, one := range c.now {
		ch <- prometheus.MustNewConstMetric(c.lag, prometheus.GaugeValue, one.lag().Seconds(), name)
	}
	c.failures.Collect(ch)
}

// run keeps to the fleet file until ctx ends, and returns when all copies have
// ended.
func (c *copies) run(ctx context.Context) {
	tick := time.NewTicker(copyInterval)
	defer tick.Stop()
	for ctx.Err() == nil {
		c.follow(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	for _, one := range c.now {
		<-one.over
	}
}

// follow begins and ends copies as the fleet file has them now.
func (c *copies) follow(ctx context.Context) {
	wanted := map[string]slipway.AuditCopy{}
	for _, to := range c.fleet().Copies {
		wanted[to.Name] = to
	}
	for name, one := range c.now {
		if to, ok := wanted[name]; ok && reflect.DeepEqual(to, one.to) {
			continue
		}
		one.end()
		<-one.over
		c.mu.Lock()
		delete(c.now, name)
		c.mu.Unlock()
		c.failures.DeleteLabelValues(name)
	}
	for name, to := range wanted {
		if c.now[name] == nil {
			c.begin(ctx, to)
		}
	}
}

func (c *copies) begin(ctx context.Context, to slipway.AuditCopy) {
	ctx, end := context.WithCancel(ctx)
	from := c.source
	from.positions = filepath.Join(c.positions, to.Name)
	one := &underWay{copier: newCopier(from, to, c.failures.WithLabelValues(to.Name)), end: end, over: make(chan struct{})}
	c.mu.Lock()
	c.now[to.Name] = one
	c.mu.Unlock()
	go func() {
		defer close(one.over)
		one.run(ctx)
	}()
}
