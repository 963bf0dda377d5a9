package edge

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"slipway"
	"slipway/edge/handover"
)

// lockName is what the lock of the data directory is called when it passes.
const lockName = "lock"

// heirPath is where a process that is to take over asks.
func heirPath(data string) string { return filepath.Join(data, "takeover.sock") }

// outlive offers this edge to successors, and ends the process when one has
// taken over and nothing is open here any more.
func (a *App) outlive() {
	if !handover.Serve(a.heir, a, a.log) {
		return
	}
	// As a signal from outside: Caddy closes what is left, and exits with 0.
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		a.log.Error("process did not end after takeover", "error", err)
	}
}

// Offer lists the listeners and the lock.
func (a *App) Offer() (files map[string]int, keep, leave func()) {
	resume, retire := a.keeper.Pause()
	// From here on a successor may serve there. A path that nobody needs is
	// replaced by whoever starts next.
	a.entry.keepPath(true)
	files = map[string]int{lockName: int(a.dir.Lock().Fd())}
	var own []int
	for _, s := range append([]*socket{a.entry, a.heir}, a.requests...) {
		if fd, err := s.descriptor(); err == nil { // else the successor opens its own
			files[s.key()] = fd
			own = append(own, fd)
		}
	}
	end := func() {
		for _, fd := range own {
			_ = syscall.Close(fd)
		}
	}
	keep = func() {
		end()
		a.entry.keepPath(false)
		resume()
	}
	leave = func() {
		end()
		a.retiring.Store(true)
		a.doors.shut()
		retire()
		// Were they open here, a successor that dies could not be started again
		// while this process lingers.
		for _, s := range a.requests {
			_ = s.Close()
		}
		_ = a.dir.Close()            // all is written; what it could say changes nothing
		go func() { _ = a.Stop() }() // also when the process ends, and that one reports
	}
	return files, keep, leave
}

// Follow takes over the successor's table.
func (a *App) Follow(t slipway.Table) { a.follow(t) }

// Count is a drain for the successor.
func (a *App) Count(req slipway.DrainRequest) int { return a.Drain(context.Background(), req) }

// Linger waits until no connection is open.
func (a *App) Linger(gone <-chan struct{}) {
	tooLong := time.NewTimer(a.options.Linger)
	defer tooLong.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for a.doors.open.Load() > 0 {
		select {
		case <-look.C:
		case <-gone:
			return
		case <-tooLong.C:
			a.log.Warn("connections cut after takeover", "open", a.doors.open.Load(), "lingered", a.options.Linger)
			return
		}
	}
}

var _ handover.Owner = (*App)(nil)
