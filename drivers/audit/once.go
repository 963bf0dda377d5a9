package audit

import (
	"context"
	"path/filepath"
	"time"

	"slipway"
)

// Once appends an event unless this chain has one with the same action and
// request that was written at since or later (the zero time: ever). So what is
// seen again, by an activity that is tried again or after a restart, is one
// entry. An error is that of Append. Two goroutines must not ask about the same thing at the same time.
func (l *Log) Once(ctx context.Context, since time.Time, e slipway.AuditEntry) error {
	files, err := segments(filepath.Join(l.Dir, l.chain))
	known := &tail{chain: l.chain, files: files, filter: slipway.AuditFilter{Action: e.Action, Request: e.Request, Since: since}}
	if err == nil {
		err = known.next()
	}
	if err == nil && known.now != nil {
		return nil
	}
	return l.Append(ctx, e) // twice rather than not at all
}
