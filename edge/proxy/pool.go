package proxy

import (
	"slices"
	"sync"
	"sync/atomic"
)

// A pool is where the containers of one release are.
type pool struct {
	current atomic.Pointer[[]*upstream] // what requests choose from; replaced, never changed
	turn    atomic.Uint32

	mu      sync.Mutex
	leaving []*upstream // not in current any more, but with requests under way when they left
}

// set makes requests choose from these from now on. Upstreams that stay, or
// come back, keep their counts.
func (p *pool) set(addresses []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var before []*upstream
	if current := p.current.Load(); current != nil {
		before = *current
		if slices.EqualFunc(before, addresses, func(u *upstream, address string) bool { return u.address == address }) {
			return
		}
	}
	known := slices.Concat(before, p.leaving)
	next := make([]*upstream, 0, len(addresses))
	for _, address := range addresses {
		i := slices.IndexFunc(known, func(u *upstream) bool { return u.address == address })
		if i < 0 {
			next = append(next, &upstream{address: address})
			continue
		}
		next = append(next, known[i])
	}
	p.current.Store(&next)
	p.leaving = slices.DeleteFunc(known, func(u *upstream) bool { return slices.Contains(next, u) || u.inFlight() == 0 })
}

// enter picks, of those not tried, one that is not left out, with the fewest
// requests in flight, in turn among equals, and counts the request there. Where
// all are left out they are tried all the same: that may be wrong, and to
// answer nothing certainly is. It returns nil when all were tried, or there is
// none.
func (p *pool) enter(tried []*upstream) *upstream {
	for {
		current := p.current.Load()
		u := p.choose(*current, tried)
		if u == nil {
			return nil
		}
		u.enter()
		// An amendment, and a drain after it, may have come between the choice and
		// the count, and found nobody in flight.
		if p.current.Load() == current {
			return u
		}
		u.leave()
	}
}

func (p *pool) choose(all, tried []*upstream) *upstream {
	if len(all) == 1 && len(tried) == 0 {
		return all[0]
	}
	first := int(p.turn.Add(1))
	var best *upstream
	var bestOut bool
	var bestLoad int64
	for i := range all {
		u := all[(first+i)%len(all)]
		if slices.Contains(tried, u) {
			continue
		}
		out, load := u.out.Load(), u.inFlight()
		if best == nil || bestOut && !out || out == bestOut && load < bestLoad {
			best, bestOut, bestLoad = u, out, load
		}
	}
	return best
}

// has reports whether requests may choose u.
func (p *pool) has(u *upstream) bool { return slices.Contains(*p.current.Load(), u) }

// empty reports whether there is no way to the release.
func (p *pool) empty() bool { return len(*p.current.Load()) == 0 }

// all are those that requests choose from, and those that left with some under
// way, as long as there are.
func (p *pool) all() []*upstream {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leaving = slices.DeleteFunc(p.leaving, func(u *upstream) bool { return u.inFlight() == 0 })
	return slices.Concat(*p.current.Load(), p.leaving)
}

// find is the upstream at an address, also while it leaves; nil: none is.
func (p *pool) find(address string) *upstream {
	for _, u := range p.all() {
		if u.address == address {
			return u
		}
	}
	return nil
}

func (p *pool) addresses() []string {
	var all []string
	for _, u := range *p.current.Load() {
		all = append(all, u.address)
	}
	return all
}
