package activities

import (
	"context"
	"time"

	"slipway"
)

// WindowInput asks whether a release may switch.
type WindowInput struct {
	Release string           `json:"release"`
	Warrant *slipway.Warrant `json:"warrant,omitempty"`
	Hosts   []string         `json:"hosts"`           // that it is about to have an effect on
	Known   *slipway.Wait    `json:"known,omitempty"` // what the caller knows to be in the way
}

// WindowResult is what is in the way.
type WindowResult struct {
	Wait *slipway.Wait `json:"wait,omitempty"` // nil: nothing
	Over *time.Time    `json:"over,omitempty"` // when the order has ceased to count: there is nothing to wait for any more
}

// CheckWindow says which window or freeze keeps a release from switching at this
// moment, by the fleet file and the clock of this worker. It changes nothing.
// The switch does not rely on it: an edge is told of nothing outside of a window
// all the same.
func (a *Central) CheckWindow(_ context.Context, in WindowInput) (WindowResult, error) {
	g, err := a.past(in.Warrant, in.Release)
	if err != nil {
		return WindowResult{}, Failure(err)
	}
	wait, err := a.waits(in, &g)
	return WindowResult{Wait: wait}, Failure(err)
}

// waits is what is in the way of a release that nobody has broken the glass for.
func (a *Central) waits(in WindowInput, g *grant) (*slipway.Wait, error) {
	wait := a.shut(*g, in.Hosts, a.now())
	if wait == nil || len(in.Warrant.Passes) == 0 {
		return wait, nil
	}
	if _, err := a.resolved(in.Warrant, g); err != nil {
		return nil, err
	}
	if a.passed(in.Warrant, *g) == nil {
		return nil, nil
	}
	return wait, nil
}

// windowInterval is how soon a change of the fleet file, or the time, is seen.
const windowInterval = time.Second

// WatchWindow returns when something else than what is known is in the way, or
// nothing, or the order does not count any more. It changes nothing, so it may
// run again.
func (a *Central) WatchWindow(ctx context.Context, in WindowInput) (WindowResult, error) {
	tick := time.NewTicker(windowInterval)
	defer tick.Stop()
	for looked := (*slipway.Fleet)(nil); ; {
		g, err := a.past(in.Warrant, in.Release)
		if err != nil {
			return WindowResult{}, Failure(err)
		}
		now, fleet := a.now(), a.Fleet()
		if fleet != looked || in.Known.Until != nil && !now.Before(*in.Known.Until) {
			looked = fleet
			if wait, err := a.waits(in, &g); err != nil || !wait.Same(in.Known) {
				return WindowResult{Wait: wait}, Failure(err)
			}
		}
		if now.After(g.until) {
			return WindowResult{Over: &g.until}, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return WindowResult{}, Failure(ctx.Err())
		}
	}
}

// graceful is how long after a window has closed a switch that has begun in it
// may take: all edges have to come over, or none.
const graceful = time.Minute

// inTime refuses what has an effect on hosts outside of a window, or in a
// freeze, unless two people have signed that it may.
func (a Authority) inTime(w *slipway.Warrant, g grant, hosts []string) error {
	now := a.now()
	wait := a.shut(g, hosts, now)
	if wait == nil || a.shut(g, hosts, now.Add(-graceful)) == nil {
		return nil
	}
	if len(w.Passes) == 0 {
		return refused(g.release, slipway.Errorf(slipway.CodeForbidden, "it may not switch now: %s", wait))
	}
	if err := a.passed(w, g); err != nil {
		return refused(g.release, slipway.Errorf(slipway.CodeForbidden, "it may not switch now: %s; %w", wait, err))
	}
	return nil
}

// passed wants the glass broken by passes that count now, on exactly this.
func (a Authority) passed(w *slipway.Warrant, g grant) error {
	var passes []slipway.PassStatement
	for _, token := range w.Passes {
		var p slipway.PassStatement
		if _, err := a.Signatures.Open(token, &p); err == nil {
			passes = append(passes, p)
		} else if _, err := a.Signatures.Proof(token, &p); err != nil { // one that has only run out is a voice less
			return err
		}
	}
	return g.Passed(g.order, g.release, g.digest, passes)
}

// shut is what keeps a release from hosts at a moment; nil: nothing. Only what
// brings a new version is kept: going back is not, nor what operators do by
// hand.
func (a Authority) shut(g grant, hosts []string, at time.Time) *slipway.Wait {
	if g.Kind != slipway.KindRelease {
		return nil
	}
	return a.Fleet().Calendar(g.ServiceID, g.Windows, g.Freezes, hosts).Shut(at)
}

// behind are the ordered hosts that an edge sends traffic to.
func (a Authority) behind(g grant, edge string) []string {
	e, _ := a.Fleet().Edge(edge)
	var hosts []string
	for _, h := range g.Hosts {
		if e.Serves(h) {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

func (a Authority) now() time.Time {
	if a.Clock == nil {
		return time.Now()
	}
	return a.Clock()
}
