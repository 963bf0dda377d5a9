package api

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"time"

	"slipway"
)

const (
	movingPoll  = 100 * time.Millisecond // while a release moves by itself
	waitingPoll = 500 * time.Millisecond // while it waits for people, for time, or for its turn
	absentPoll  = time.Second            // while nobody can say how it stands
)

// watches reads releases that somebody follows, each by one poller for all who
// follow it, and none when nobody does.
type watches struct {
	read func(context.Context, slipway.ReleaseID) (slipway.Release, error)

	mu   sync.Mutex
	byID map[slipway.ReleaseID]*watch
}

func newWatches(read func(context.Context, slipway.ReleaseID) (slipway.Release, error)) *watches {
	return &watches{read: read, byID: make(map[slipway.ReleaseID]*watch)}
}

// A watch is one release that is followed. All but its mutex is guarded by it.
type watch struct {
	stop      context.CancelFunc
	listeners int // guarded by the mutex of watches

	mu     sync.Mutex
	latest snapshot
	turned chan struct{} // closed when latest is replaced
}

// A snapshot is how a release stood.
type snapshot struct {
	release slipway.Release
	text    []byte // the same as JSON
	number  int    // counted from 1 within a watch
	gone    bool   // there is nothing more to see, though it has not ended
}

// last reports whether nothing follows.
func (s snapshot) last() bool { return s.gone || s.release.Phase == slipway.Ended }

// join returns the watch of a release; first is how it stands, for the case
// that nobody follows it yet. Everyone who joins leaves.
func (w *watches) join(id slipway.ReleaseID, first slipway.Release) *watch {
	w.mu.Lock()
	defer w.mu.Unlock()
	followed, ok := w.byID[id]
	if !ok {
		ctx, stop := context.WithCancel(context.Background())
		followed = &watch{stop: stop, turned: make(chan struct{})}
		followed.show(first)
		w.byID[id] = followed
		go followed.poll(ctx, func() (slipway.Release, error) { return w.read(ctx, id) })
	}
	followed.listeners++
	return followed
}

func (w *watches) leave(id slipway.ReleaseID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	followed := w.byID[id]
	if followed.listeners--; followed.listeners == 0 {
		followed.stop()
		delete(w.byID, id)
	}
}

// now is how the release stands, and a channel that is closed when that is no
// longer so. Somebody slow sees the latest, not every one.
func (w *watch) now() (snapshot, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.latest, w.turned
}

func (w *watch) poll(ctx context.Context, read func() (slipway.Release, error)) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		state, _ := w.now()
		if state.last() {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		release, err := read()
		switch slipway.ErrorCode(err) {
		case "":
			w.show(release)
			pause.Reset(interval(release.Phase))
		case slipway.CodeNotFound:
			w.replace(func(s *snapshot) { s.gone = true })
		default: // those who follow are told by silence; it may come back
			pause.Reset(absentPoll)
		}
	}
}

func interval(phase slipway.Phase) time.Duration {
	switch phase {
	case slipway.Queued, slipway.AwaitingApproval, slipway.Holding, slipway.Stuck:
		return waitingPoll
	default:
		return movingPoll
	}
}

// show takes over how the release stands, if that is news.
func (w *watch) show(release slipway.Release) {
	text, err := json.Marshal(release)
	if err != nil { // a Release holds nothing that JSON cannot carry
		panic(err)
	}
	if state, _ := w.now(); !bytes.Equal(state.text, text) {
		w.replace(func(s *snapshot) { s.release, s.text = release, text })
	}
}

func (w *watch) replace(change func(*snapshot)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.latest)
	w.latest.number++
	close(w.turned)
	w.turned = make(chan struct{})
}
