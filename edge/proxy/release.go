package proxy

import (
	"context"
	"log/slog"
	"net/http"

	"slipway"
)

type releaseKey struct {
	service slipway.ServiceID
	name    string // the release's id
}

// A release is what is known of one staged release while the table knows it.
type release struct {
	name      string
	meters    releaseMeters
	transport *http.Transport
	pool      pool
	log       *slog.Logger

	ctx    context.Context // ends when the release is forgotten
	cancel context.CancelFunc
	tally
}

func newRelease(key releaseKey, meters *meters, log *slog.Logger) *release {
	r := &release{name: key.name, meters: meters.of(key), transport: newTransport(), log: log}
	r.pool.set(nil)
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// cut ends all that is in flight and closes the connections to the upstreams.
func (r *release) cut() {
	r.cancel()
	r.transport.CloseIdleConnections()
}
