package spec

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"slipway"
)

// A FleetFile is a fleet file that is followed while a process runs: a changed
// one is checked and taken over whole; a bad one is refused, and the fleet
// stays as it was.
type FleetFile struct {
	path    string
	log     *slog.Logger
	current atomic.Pointer[slipway.Fleet]

	mu      sync.Mutex
	refused string            // what was last said to be wrong, so as to say it once
	tell    func(FleetChange) // nil: nobody wants to know
}

// A FleetChange is a changed fleet file that was taken over, or refused.
type FleetChange struct {
	Hash   string // of the fleet that is in force from now on
	Before string // of the one before; the same where the file was refused
	Err    error  // why it was refused; nil: it was taken over
}

// OpenFleet reads the file. Errors are those of LoadFleet.
func OpenFleet(path string, log *slog.Logger) (*FleetFile, error) {
	fleet, err := LoadFleet(path)
	if err != nil {
		return nil, err
	}
	f := &FleetFile{path: path, log: log}
	f.current.Store(fleet)
	return f, nil
}

// Current is the fleet as it is now. It is never changed in place.
func (f *FleetFile) Current() *slipway.Fleet { return f.current.Load() }

// Tell has a function told of every change, one at a time. A file that stays
// wrong in the same way is told once.
func (f *FleetFile) Tell(tell func(FleetChange)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tell = tell
}

// Reload reads the file again. When that fails, the error says why, and the
// fleet stays as it was.
func (f *FleetFile) Reload() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	fleet, err := LoadFleet(f.path)
	if err != nil {
		if f.refused != err.Error() {
			f.refused = err.Error()
			f.log.Error("Fleet file refused; the one before stays in force", "file", f.path, "in_force", f.Current().Hash, "error", err)
			f.say(FleetChange{Hash: f.Current().Hash, Before: f.Current().Hash, Err: err})
		}
		return err
	}
	f.refused = ""
	if before := f.Current(); before.Hash != fleet.Hash {
		f.current.Store(fleet)
		f.log.Info("Fleet file taken over", "file", f.path, "hash", fleet.Hash, "before", before.Hash)
		f.say(FleetChange{Hash: fleet.Hash, Before: before.Hash})
	}
	return nil
}

func (f *FleetFile) say(c FleetChange) {
	if f.tell != nil {
		f.tell(c)
	}
}

// Follow takes changes over until ctx ends, within the interval. It compares
// contents, so it sees a file that is replaced, or written in place, on any
// file system.
func (f *FleetFile) Follow(ctx context.Context, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = f.Reload() // said in the log
		case <-ctx.Done():
			return
		}
	}
}
