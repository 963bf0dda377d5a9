package proxy

import (
	"context"
	"sync"
	"sync/atomic"
)

// A tally counts what is under way, and says when nothing is.
type tally struct {
	n    atomic.Int64
	mu   sync.Mutex
	idle chan struct{} // closed and forgotten when n reaches 0; nil while nobody waits
}

func (t *tally) enter() { t.n.Add(1) }

func (t *tally) leave() {
	if t.n.Add(-1) > 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.idle != nil {
		close(t.idle)
		t.idle = nil
	}
}

func (t *tally) inFlight() int64 { return t.n.Load() }

// drain waits until nothing is in flight or ctx ends, and returns what is.
func (t *tally) drain(ctx context.Context) int {
	idle := t.whenIdle()
	if idle == nil {
		return 0
	}
	select {
	case <-idle:
		return 0
	case <-ctx.Done():
		return int(t.inFlight())
	}
}

// whenIdle is closed when nothing is in flight any more; nil if nothing is.
func (t *tally) whenIdle() chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inFlight() == 0 {
		return nil
	}
	if t.idle == nil {
		t.idle = make(chan struct{})
	}
	return t.idle
}
