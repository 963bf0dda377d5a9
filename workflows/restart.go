package workflows

import (
	"go.temporal.io/sdk/workflow"

	"slipway"
)

// restarts reports whether an order is for exactly what is live.
func (l *lane) restarts(order slipway.Order) bool { return restarts(order, l.Live) }

func restarts(order slipway.Order, live *slipway.Version) bool {
	return live != nil && order.Tag == live.Digest && order.Service.SettingsHash() == live.Settings
}

// nothingToRestart ends a restart where the edges serve something else than the
// lane takes for live: somebody has gone back there, which stands.
func (r *release) nothingToRestart() error {
	if r.in.Order.Kind != slipway.KindRestart || restarts(r.in.Order, r.blue) {
		return nil
	}
	return &halt{outcome: slipway.Superseded, reason: "the edges serve " + orNothing(r.state.Blue) + ": there is nothing to restart of what was"}
}

// outdated ends a restart whose turn has come when something else is live than
// was to be restarted: it would go back, which nobody has asked for.
func (l *lane) outdated(ctx workflow.Context, next Queued) bool {
	if next.Order.Kind != slipway.KindRestart || l.restarts(next.Order) {
		return false
	}
	reason := "nothing is live any more"
	if l.Live != nil {
		reason = l.Live.Release + " is live by now"
	}
	l.discard(ctx, next, End{slipway.Superseded, reason + ": there is nothing to restart of what was"})
	return true
}
