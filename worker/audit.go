package worker

import (
	"context"
	"sync"
	"time"

	"slipway"
)

// An Audit is where the worker writes what no request to the API tells of;
// *audit.Log is one.
type Audit interface {
	// Head is how far its chain has come.
	Head() slipway.AuditHead

	// Settle appends an entry, and looks before whether there is one with the
	// same action and request since then, where again says that there may be. An
	// error says that it is not written, and will not be by this call.
	Settle(ctx context.Context, since time.Time, e slipway.AuditEntry, again bool) error
}

// endings write down how releases ended.
type endings struct {
	audit Audit
	mu    sync.Mutex // an attempt that was given up may still be writing
}

// oldest is how much earlier than a release began, by the clock of another
// machine, an entry about its end may seem to be.
const oldest = time.Hour

// Ended waits for the disk, whatever becomes of the attempt: only then can the
// next one see what this one has written. The entry's Time is when the release
// began.
func (w *endings) Ended(ctx context.Context, e slipway.AuditEntry, again bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.audit.Settle(context.WithoutCancel(ctx), e.Time.Add(-oldest), e, again); err != nil {
		return slipway.Errorf(slipway.CodeUnavailable, "how %s ended is not in the audit log yet: %w", e.Release, err)
	}
	return nil
}
