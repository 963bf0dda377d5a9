package proxy

import (
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"
)

// An upstream is one container of a release.
type upstream struct {
	address  string
	inFlight atomic.Int64
	// unreachable is until when, in Unix nanoseconds, others are tried first
	// because this one could not be dialled.
	unreachable atomic.Int64
}

// avoidance is how long an upstream that could not be dialled is tried last.
const avoidance = 2 * time.Second

// roundTripper sends a request to the upstream of its release that has the
// fewest in flight. Only a failed dial moves it to another one: nothing was
// sent then, so no request is ever carried out twice. (The Transport repeats,
// on a new connection to the same upstream, what it may: idempotent requests,
// and those of which nothing was sent, on a kept connection found closed.)
type roundTripper struct{}

func (roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	v := visitOf(req.Context())
	r := v.entry.release
	if req.Body != nil {
		req.Body = io.NopCloser(req.Body) // a Transport that cannot dial closes it, and the next needs it
	}
	var tried []*upstream
	for {
		u := r.choose(v.entry.upstreams, tried)
		req.URL.Host = u.address
		u.inFlight.Add(1)
		res, err := r.transport.RoundTrip(req)
		if err == nil {
			v.upstream = u // released when the visit ends
			return res, nil
		}
		u.inFlight.Add(-1)
		tried = append(tried, u)
		if !dialFailed(err) || req.Context().Err() != nil {
			return nil, err
		}
		u.unreachable.Store(time.Now().Add(avoidance).UnixNano())
		if len(tried) == len(v.entry.upstreams) {
			return nil, err
		}
	}
}

// choose picks, of those not tried, one that can be reached as far as is
// known, with the fewest requests in flight; in turn among equals.
func (r *release) choose(all, tried []*upstream) *upstream {
	if len(all) == 1 {
		return all[0]
	}
	now := time.Now().UnixNano()
	first := int(r.turn.Add(1))
	var best *upstream
	var bestDown bool
	var bestLoad int64
	for i := range all {
		u := all[(first+i)%len(all)]
		if slices.Contains(tried, u) {
			continue
		}
		down, load := u.unreachable.Load() > now, u.inFlight.Load()
		if best == nil || bestDown && !down || down == bestDown && load < bestLoad {
			best, bestDown, bestLoad = u, down, load
		}
	}
	return best
}

func dialFailed(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}
