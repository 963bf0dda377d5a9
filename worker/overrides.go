package worker

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"slipway"
)

const (
	overrideInterval = 2 * time.Second // between two questions to an edge
	overrideTime     = 5 * time.Second // for its answer
)

// overrides writes into the audit log what people have decided on edges
// themselves: also while nothing was on its way, and while Slipway was gone. The
// edge keeps each until this says that it is on disk, and lends it to one worker
// at a time; a worker that asks again recognises what it has written by its id.
// So each is one entry. Only where a worker is lost, with its disk, between
// writing one and saying so, another one writes it as well.
type overrides struct {
	fleet  func() *slipway.Fleet
	edges  *edges
	audit  Audit
	logger *slog.Logger

	end  context.CancelFunc
	over sync.WaitGroup
}

func newOverrides(config Config, edges *edges) *overrides {
	return &overrides{fleet: config.Fleet, edges: edges, audit: config.Audit, logger: config.Log}
}

func (o *overrides) start() {
	var ctx context.Context
	ctx, o.end = context.WithCancel(context.Background())
	o.over.Go(func() { o.run(ctx) })
}

func (o *overrides) stop() {
	if o.end != nil {
		o.end()
		o.over.Wait()
	}
}

// run asks every edge of the fleet, each for itself: one that does not answer
// keeps no other.
func (o *overrides) run(ctx context.Context) {
	tick := time.NewTicker(overrideInterval)
	defer tick.Stop()
	asked := map[string]bool{} // edges that were asked and have not answered
	answers := make(chan string)
	for {
		for _, edge := range o.fleet().Edges {
			if asked[edge.Name] {
				continue
			}
			asked[edge.Name] = true
			o.over.Go(func() {
				o.ask(ctx, edge.Name)
				select {
				case answers <- edge.Name:
				case <-ctx.Done():
				}
			})
		}
		for waiting := true; waiting; {
			select {
			case name := <-answers:
				delete(asked, name)
			case <-tick.C:
				waiting = false
			case <-ctx.Done():
				return
			}
		}
	}
}

// ask writes down what an edge has. One that does not answer has a metric of its
// own, and is asked again.
func (o *overrides) ask(ctx context.Context, edge string) {
	ctx, cancel := context.WithTimeout(ctx, overrideTime)
	defer cancel()
	client, err := o.edges.client(edge)
	if err != nil {
		return
	}
	overrides, err := client.TakeOverrides(ctx, o.audit.Head().Chain)
	if err != nil || len(overrides) == 0 {
		return
	}
	var written []string
	for _, one := range overrides {
		if err := o.write(ctx, edge, one); err != nil {
			o.logger.Error("Override on an edge not written to the audit log yet", "edge", edge, "service", one.ServiceID.String(), "by", one.By, "error", err)
			break
		}
		o.logger.Warn("Override on an edge found", "edge", edge, "service", one.ServiceID.String(), "release", one.Release, "by", one.By, "reason", one.Reason, "at", one.At)
		written = append(written, one.ID)
	}
	if len(written) == 0 {
		return
	}
	if err := client.OverridesTaken(ctx, written); err != nil {
		o.logger.Warn("Edge not told yet that its overrides are written down", "edge", edge, "error", err)
	}
}

func (o *overrides) write(ctx context.Context, edge string, one slipway.Override) error {
	return o.audit.Settle(ctx, time.Time{}, slipway.AuditEntry{
		Kind: slipway.AuditEvent, Action: "edge.override", Code: slipway.AuditOK,
		Project: one.Project, Service: one.Service, Release: one.Release, Edge: edge, User: one.By, Reason: one.Reason,
		Request: fmt.Sprintf("override %s on %s", one.ID, edge),
		Before:  map[string]string{"release": one.Before},
		After:   map[string]string{"release": one.Release, "generation": fmt.Sprint(one.Generation), "at": one.At.UTC().Format(time.RFC3339)},
	}, true)
}
