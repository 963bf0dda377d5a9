package proxy

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"

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
	upstreams []*upstream // replaced, never changed, under Proxy.following
	turn      atomic.Uint32

	ctx      context.Context // ends when the release is forgotten
	cancel   context.CancelFunc
	inFlight atomic.Int64

	mu   sync.Mutex
	idle chan struct{} // closed and forgotten when inFlight reaches 0; nil while nobody waits
}

func newRelease(key releaseKey, meters *meters) *release {
	r := &release{name: key.name, meters: meters.of(key), transport: newTransport()}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// setUpstreams keeps the upstreams that stay, with their counts.
func (r *release) setUpstreams(addresses []string) {
	known := map[string]*upstream{}
	for _, u := range r.upstreams {
		known[u.address] = u
	}
	next := make([]*upstream, 0, len(addresses))
	for _, address := range addresses {
		u := known[address]
		if u == nil {
			u = &upstream{address: address}
		}
		next = append(next, u)
	}
	r.upstreams = next
}

func (r *release) enter() { r.inFlight.Add(1) }

func (r *release) leave() {
	if r.inFlight.Add(-1) > 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.idle != nil {
		close(r.idle)
		r.idle = nil
	}
}

// drain waits until nothing is in flight or ctx ends, and returns what is.
func (r *release) drain(ctx context.Context) int {
	idle := r.whenIdle()
	if idle == nil {
		return 0
	}
	select {
	case <-idle:
		return 0
	case <-ctx.Done():
		return int(r.inFlight.Load())
	}
}

// whenIdle is closed when nothing is in flight any more; nil if nothing is.
func (r *release) whenIdle() chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.inFlight.Load() == 0 {
		return nil
	}
	if r.idle == nil {
		r.idle = make(chan struct{})
	}
	return r.idle
}

// cut ends all that is in flight and closes the connections to the upstreams.
func (r *release) cut() {
	r.cancel()
	r.transport.CloseIdleConnections()
}
