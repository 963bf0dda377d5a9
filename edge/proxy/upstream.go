package proxy

import (
	"context"
	"net"
	"sync/atomic"
	"time"
)

// An upstream is one container of a release.
type upstream struct {
	address string
	tally

	answered atomic.Uint64 // requests
	failed   atomic.Uint64 // requests that got no answer here
	broken   atomic.Int32  // how many of those in a row had reached it
	outages  atomic.Int32  // how often it was left out since it last answered
	out      atomic.Bool   // left out: others are tried first
}

// tolerance is how many requests in a row an upstream may break off before it
// is left out. One that refuses connections is left out at once: that costs
// the request nothing, but says more.
const tolerance = 3

// An upstream that is left out is dialled again after a pause, and taken back
// when it accepts; requests are no test for it. The pause doubles until it does,
// and from one outage to the next until it answers a request.
const firstPause, longestPause = 100 * time.Millisecond, 5 * time.Second

func (u *upstream) wentWell() {
	u.answered.Add(1)
	if u.broken.Load() != 0 || u.outages.Load() != 0 {
		u.broken.Store(0)
		u.outages.Store(0)
	}
}

// refused notes that u could not be dialled.
func (r *release) refused(u *upstream, err error) {
	u.failed.Add(1)
	r.leaveOut(u, err)
}

// broke notes that u took a request and ended the connection without an
// answer.
func (r *release) broke(u *upstream, err error) {
	u.failed.Add(1)
	if u.broken.Add(1) >= tolerance {
		r.leaveOut(u, err)
	}
}

func (r *release) leaveOut(u *upstream, err error) {
	if !u.out.CompareAndSwap(false, true) {
		return
	}
	r.log.Warn("upstream left out", "release", r.name, "upstream", u.address, "error", err)
	go r.readmit(u)
}

// readmit takes u back when it accepts connections, or is no longer one of the
// release's.
func (r *release) readmit(u *upstream) {
	defer u.out.Store(false)
	pause := min(firstPause<<min(u.outages.Add(1)-1, 10), longestPause)
	for r.pool.has(u) {
		select {
		case <-time.After(pause):
		case <-r.ctx.Done():
			return
		}
		if accepts(r.ctx, u.address) {
			r.log.Info("upstream taken back", "release", r.name, "upstream", u.address)
			return
		}
		pause = min(2*pause, longestPause)
	}
}

func accepts(ctx context.Context, address string) bool {
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	_ = conn.Close() // it said what it was asked
	return true
}

// dialer makes the connections to upstreams.
var dialer = &net.Dialer{
	Timeout:         2 * time.Second,
	KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 5 * time.Second, Count: 2},
	Control:         giveUp,
}
