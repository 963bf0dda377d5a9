package daemon

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"slipway"
	"slipway/drivers/audit"
	"slipway/drivers/collector"
	"slipway/drivers/secrets"
)

const (
	copyTime  = 10 * time.Second // of patience with a collector
	copyPause = time.Minute      // at most, between two attempts
	copyLast  = 2 * time.Second  // for what is new when the process ends
	copyBatch = 500              // lines that are sent at a time, at most; fewer where that takes too long
	copyAhead = 1000             // batches of a chain that may be on their way
)

// A source is where copies come from.
type source struct {
	log       *audit.Log
	positions string        // directory of how far they have come
	patience  time.Duration // with a collector, for what it is sent at a time
	logger    *slog.Logger
}

// A copier makes one copy.
type copier struct {
	source
	to       slipway.AuditCopy
	failures prometheus.Counter
	oldest   atomic.Int64 // of what has not arrived, in nanoseconds since 1970; 0: all has

	collector collector.Collector // nil: none yet, or it has failed
	chains    map[string]*chainCopy
	batch     int
	failing   bool
	pause     time.Duration
}

func newCopier(from source, to slipway.AuditCopy, failures prometheus.Counter) *copier {
	return &copier{source: from, to: to, failures: failures, chains: map[string]*chainCopy{}, batch: copyBatch, pause: copyInterval}
}

// lag is the age of the oldest entry that has not arrived.
func (c *copier) lag() time.Duration {
	if oldest := c.oldest.Load(); oldest != 0 {
		return max(time.Since(time.Unix(0, oldest)), 0)
	}
	return 0
}

// run sends what is new until ctx ends, and again what may not have arrived.
func (c *copier) run(ctx context.Context) {
	defer c.close()
	for {
		more, err := c.round(ctx)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			c.failed(err)
		} else if more {
			continue
		}
		select {
		case <-time.After(c.pause):
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
	}
	if c.failing {
		return // the next process goes on
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), copyLast)
	defer cancel()
	for more, err := true, error(nil); more && err == nil; {
		more, err = c.round(ctx)
	}
}

// round sends the next lines of each chain. More says that there may be more of
// them already.
func (c *copier) round(ctx context.Context) (more bool, err error) {
	if c.collector == nil {
		if c.collector, err = collector.New(c.to, secrets.Store{}); err != nil {
			c.collector = nil
			return false, err
		}
	}
	if err := c.lost(); err != nil {
		return false, err
	}
	names, err := c.log.Chains()
	if err != nil {
		return false, err
	}
	maps.DeleteFunc(c.chains, func(name string, _ *chainCopy) bool { return !slices.Contains(names, name) }) // another process has it now
	oldest, sick := int64(0), false
	for _, name := range names {
		chain := c.chain(name)
		n, err := c.send(ctx, chain)
		if err != nil {
			return false, err
		}
		c.settle(chain, time.Now())
		more, sick = more || n > 0, sick || chain.unread || chain.unkept
		if len(chain.sent) > 0 && (oldest == 0 || chain.sent[0].oldest < oldest) {
			oldest = chain.sent[0].oldest
		}
	}
	if !more && !sick {
		c.oldest.Store(oldest)
	}
	return more, nil
}

// lost is an error where something that was sent may never arrive.
func (c *copier) lost() error {
	err := c.collector.Lost()
	if err == nil {
		return nil
	}
	inDoubt := false
	for _, chain := range c.chains {
		inDoubt = inDoubt || len(chain.sent) > 0
	}
	if inDoubt {
		return err
	}
	_ = c.collector.Close() // it has hung up on somebody who had nothing to say
	return nil
}

// failed has everything sent again that has not arrived for sure: after a while,
// over another connection, and less at a time, in case it was too much for a
// slow one.
func (c *copier) failed(err error) {
	c.failures.Inc()
	c.oldest.CompareAndSwap(0, time.Now().UnixNano())
	if !c.failing {
		c.logger.Error("Audit log not copied: it is tried again", "copy", c.to.Name, "late", c.lag().Round(time.Second), "error", err)
		c.pause = copyInterval / 2
	}
	c.failing, c.pause, c.batch = true, min(2*c.pause, copyPause), max(c.batch/2, 1)
	for _, chain := range c.chains {
		chain.sent, chain.reader = nil, c.log.Read(chain.name, chain.there)
	}
	c.close()
}

func (c *copier) close() {
	if c.collector != nil {
		_ = c.collector.Close() // what it was sent has arrived, or is sent again
		c.collector = nil
	}
}
