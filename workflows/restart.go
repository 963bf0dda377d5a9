package workflows

import (
	"go.temporal.io/sdk/workflow"

	"slipway"
)

// restarts reports whether an order is for exactly what is live.
func (l *lane) restarts(order slipway.Order) bool {
	return l.Live != nil && order.Tag == l.Live.Digest && order.Service.SettingsHash() == l.Live.Settings
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
