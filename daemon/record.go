package daemon

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"slipway"
	"slipway/drivers/audit"
	"slipway/spec"
	"slipway/starter"
)

const (
	anchorInterval = 3 * time.Second // between two heads that Temporal is told
	lastWords      = 5 * time.Second // for the last of them, when the process ends
)

// record is the audit log of this process, which its parts share: the first
// that begins opens it, the last that ends closes it.
type record struct {
	mu    sync.Mutex
	parts int
	log   *audit.Log
	end   context.CancelFunc // of what follows the log
	over  sync.WaitGroup     // until that has ended

	anchored slipway.AuditHead // that Temporal was told last
}

// begin opens the audit log for a part. Every part that begins is done once.
func (d *Daemon) begin(ctx context.Context, c *starter.Client) (log *audit.Log, done func(), err error) {
	r := &d.record
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.parts == 0 {
		if err := d.open(ctx, c); err != nil {
			return nil, nil, err
		}
	}
	r.parts++
	return r.log, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.parts--; r.parts == 0 {
			d.close(c)
		}
	}, nil
}

func (d *Daemon) open(ctx context.Context, c *starter.Client) (err error) {
	r := &d.record
	r.log, err = audit.Open(audit.Options{Dir: filepath.Join(d.config.Data, "audit"), Part: d.config.Part, Logger: d.config.Log})
	if err != nil {
		return err
	}
	from := source{log: r.log, positions: filepath.Join(d.config.Data, "audit-copies"), patience: copyTime, logger: d.config.Log}
	copies := newCopies(from, d.fleet.Current)
	if err := errors.Join(d.registry.Register(d.writable()), d.registry.Register(copies)); err != nil {
		return errors.Join(err, r.log.Close())
	}
	d.note("process.started", slipway.AuditOK, "", map[string]string{"version": d.config.Version, "fleet": d.fleet.Current().Hash})
	d.fleet.Tell(d.fleetChanged)
	ctx, r.end = context.WithCancel(context.WithoutCancel(ctx)) // it ends after the last entry
	r.over.Go(func() { d.keepAnchored(ctx, c) })
	r.over.Go(func() { copies.run(ctx) })
	return nil
}

func (d *Daemon) close(c *starter.Client) {
	r := &d.record
	d.fleet.Tell(nil)
	d.note("process.stopped", slipway.AuditOK, "", map[string]string{"version": d.config.Version, "fleet": d.fleet.Current().Hash})
	r.end()
	r.over.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	if err := d.anchor(ctx, c); err != nil {
		d.config.Log.Warn("Head of the audit log not anchored", "seq", r.log.Head().Seq, "error", err)
	}
	if err := r.log.Close(); err != nil {
		d.config.Log.Error("Audit log not closed well", "error", err)
	}
}

// note writes what this process does by itself.
func (d *Daemon) note(action string, code slipway.Code, detail string, after map[string]string) {
	err := d.record.log.Append(context.Background(), slipway.AuditEntry{
		Kind: slipway.AuditEvent, Action: action, Via: d.config.Part, Code: code, Detail: detail, After: after,
	})
	if err != nil {
		d.config.Log.Error("Event not written to the audit log yet", "action", action, "error", err)
	}
}

func (d *Daemon) fleetChanged(c spec.FleetChange) {
	after := map[string]string{"file": d.config.Fleet, "fleet": c.Hash, "before": c.Before}
	if c.Err != nil {
		d.note("fleet.refused", slipway.CodeInvalid, "the one before stays in force; the log of "+d.config.Part+" says what is wrong", after)
		return
	}
	d.note("fleet.taken", slipway.AuditOK, "", after)
}

// keepAnchored tells Temporal how far the log has come, while there is
// something new to tell.
func (d *Daemon) keepAnchored(ctx context.Context, c *starter.Client) {
	tick := time.NewTicker(anchorInterval)
	defer tick.Stop()
	failed := false
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		err := d.anchor(ctx, c)
		if err != nil && !failed && ctx.Err() == nil {
			d.config.Log.Warn("Head of the audit log not anchored yet", "seq", d.record.log.Head().Seq, "error", err)
		}
		failed = err != nil
	}
}

func (d *Daemon) anchor(ctx context.Context, c *starter.Client) error {
	head, last := d.record.log.Head(), d.record.anchored
	if head.Seq == 0 || head.Chain == last.Chain && head.Seq == last.Seq {
		return nil
	}
	if err := c.Anchor(ctx, head); err != nil {
		return err
	}
	d.record.anchored = head
	return nil
}

// writable is whether the audit log takes entries.
func (d *Daemon) writable() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "slipway_audit_writable",
		Help: "1 while the audit log can be written. At 0 nothing is changed: whatever is asked for is answered with 503.",
	}, func() float64 {
		if d.record.log.Err() != nil {
			return 0
		}
		return 1
	})
}
