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
// entry. An error is that of Append. Two goroutines must not ask about the same
// thing at the same time.
func (l *Log) Once(ctx context.Context, since time.Time, e slipway.AuditEntry) error {
	if there, err := l.has(since, e); err == nil && there {
		return nil
	}
	return l.Append(ctx, e) // twice rather than not at all
}

// Settle appends an entry for somebody who tries until that is done: an error
// says that it is not on disk, and will not be by this call, whatever it is
// about. Where again says that an earlier call may have written it, Settle looks
// before, as Once does.
func (l *Log) Settle(ctx context.Context, since time.Time, e slipway.AuditEntry, again bool) error {
	if again {
		if there, err := l.has(since, e); err != nil || there {
			return err
		}
	}
	return l.append(ctx, &pending{entry: e, settled: true})
}

// has reports whether this chain has an entry with the same action and request,
// since then.
func (l *Log) has(since time.Time, e slipway.AuditEntry) (bool, error) {
	files, err := segments(filepath.Join(l.Dir, l.chain))
	if err != nil {
		return false, err
	}
	known := &tail{chain: l.chain, files: files, filter: slipway.AuditFilter{Action: e.Action, Request: e.Request, Since: since}}
	err = known.next()
	return known.now != nil, err
}
