package api

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	attemptTime = 15 * time.Minute    // after which wrong passwords are forgotten
	trustTime   = 30 * 24 * time.Hour // for which somebody is known at an address
	maxAttempts = 10_000              // kept in memory; so many people known at addresses, too
)

// An attempt is somebody at some address who tries to sign in. One of the two
// may be empty: then it stands for all tries of the other.
type attempt struct{ user, address string }

// A bound says how many wrong passwords are free, and how long one has to wait
// at most after more.
type bound struct {
	free    int
	longest time.Duration
}

// bound is strict with somebody at one address. It is wider for everybody at
// one address, who may be a whole office, and for one name from everywhere,
// which shuts its owner out as well.
func (a attempt) bound() bound {
	switch {
	case a.user == "":
		return bound{50, time.Minute}
	case a.address == "":
		return bound{20, attemptTime}
	}
	return bound{5, time.Minute}
}

// attempts slows down those who guess passwords, and shuts out those who go on:
// by name and address together, by address, and by name. Who has signed in from
// an address before is not kept from it by what others do.
type attempts struct {
	now func() time.Time

	mu      sync.Mutex
	tried   map[attempt]tries
	trusted map[attempt]time.Time // when they signed in
}

type tries struct {
	count int       // since the last success, as of last
	last  time.Time // when the last one began
}

func newAttempts(now func() time.Time) *attempts {
	return &attempts{now: now, tried: map[attempt]tries{}, trusted: map[attempt]time.Time{}}
}

// keys are what a try counts for.
func (a *attempts) keys(who attempt) []attempt {
	if since, ok := a.trusted[who]; ok && a.now().Sub(since) < trustTime {
		return []attempt{who}
	}
	return []attempt{who, {user: who.user}, {address: who.address}}
}

// begin counts a try, or returns how long to wait before the next one. A try
// counts from its begin, so that many at once are not free.
func (a *attempts) begin(who attempt) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	var wait time.Duration
	for _, key := range a.keys(who) {
		t := a.faded(key, now)
		wait = max(wait, t.last.Add(key.bound().pause(t.count)).Sub(now))
	}
	if wait > 0 {
		return wait
	}
	for _, key := range a.keys(who) {
		a.makeRoom(now)
		a.tried[key] = tries{count: a.faded(key, now).count + 1, last: now}
	}
	return 0
}

// faded is what is left by now of the tries of a key: those that are free come
// back one by one within attemptTime.
func (a *attempts) faded(key attempt, now time.Time) tries {
	t := a.tried[key]
	passed := now.Sub(t.last)
	if passed > attemptTime {
		return tries{}
	}
	t.count = max(0, t.count-int(passed*time.Duration(key.bound().free)/attemptTime))
	return t
}

// pause doubles with each wrong password after the free ones.
func (b bound) pause(count int) time.Duration {
	if count < b.free {
		return 0
	}
	return min(time.Second<<min(count-b.free, 10), b.longest)
}

// makeRoom forgets what is old, and something when that is not enough.
func (a *attempts) makeRoom(now time.Time) {
	if len(a.tried) < maxAttempts {
		return
	}
	for who, t := range a.tried {
		if now.Sub(t.last) > attemptTime {
			delete(a.tried, who)
		}
	}
	for who := range a.tried {
		if len(a.tried) < maxAttempts {
			return
		}
		delete(a.tried, who)
	}
}

// takeBack uncounts a try that nothing was learned from.
func (a *attempts) takeBack(who attempt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.uncount(who)
}

func (a *attempts) uncount(who attempt) {
	for _, key := range a.keys(who) {
		if t, ok := a.tried[key]; ok {
			t.count = max(0, t.count-1)
			a.tried[key] = t
		}
	}
}

// succeeded clears the slate of somebody at an address. That of the name and of
// the address keeps what others have on it.
func (a *attempts) succeeded(who attempt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.uncount(who)
	delete(a.tried, who)
	for known := range a.trusted {
		if len(a.trusted) < maxAttempts {
			break
		}
		delete(a.trusted, known)
	}
	a.trusted[who] = a.now()
}

// origin is the address that a request came from. A proxy on this machine is
// believed about the one that it saw; one elsewhere could be anybody.
func origin(r *http.Request) string {
	address := peer(r)
	if ip := net.ParseIP(address); ip != nil && ip.IsLoopback() {
		forwarded := r.Header.Values("X-Forwarded-For")
		if len(forwarded) > 0 {
			last := forwarded[len(forwarded)-1]
			last = strings.TrimSpace(last[strings.LastIndex(last, ",")+1:])
			if net.ParseIP(last) != nil {
				address = last
			}
		}
	}
	if ip := net.ParseIP(address); ip != nil && ip.To4() == nil {
		return ip.Mask(net.CIDRMask(64, 128)).String() // one customer has that many, at least
	}
	return address
}
