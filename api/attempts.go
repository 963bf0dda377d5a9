package api

import (
	"sync"
	"time"
)

const (
	freeAttempts = 5 // wrong passwords in a row before one has to wait
	longestWait  = time.Minute
	attemptTime  = 15 * time.Minute // after which wrong passwords are forgotten
	maxAttempts  = 10_000           // kept in memory
)

// An attempt is somebody at some address who tries to sign in. The address is
// part of it so that nobody can lock out somebody else.
type attempt struct{ user, address string }

// attempts slows down those who guess passwords.
type attempts struct {
	now func() time.Time

	mu    sync.Mutex
	tried map[attempt]tries
}

type tries struct {
	count int       // since the last success
	last  time.Time // when the last one began
}

func newAttempts(now func() time.Time) *attempts {
	return &attempts{now: now, tried: make(map[attempt]tries)}
}

// begin counts a try, or returns how long to wait before the next one. A try
// counts from its begin, so that many at once are not free.
func (a *attempts) begin(who attempt) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	t := a.tried[who]
	if now.Sub(t.last) > attemptTime {
		t = tries{}
	}
	if wait := t.last.Add(t.pause()).Sub(now); wait > 0 {
		return wait
	}
	a.makeRoom(now)
	a.tried[who] = tries{count: t.count + 1, last: now}
	return 0
}

// pause doubles with each wrong password after the free ones.
func (t tries) pause() time.Duration {
	if t.count < freeAttempts {
		return 0
	}
	return min(time.Second<<min(t.count-freeAttempts, 10), longestWait)
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
	if t, ok := a.tried[who]; ok {
		t.count--
		a.tried[who] = t
	}
}

func (a *attempts) succeeded(who attempt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.tried, who)
}
