package audit

import (
	"slices"

	"slipway"
)

const (
	room    = 256 << 10 // bytes kept free for outcomes: what was begun can be said to have ended
	maxOwed = 10_000
)

// happened reports whether an entry is of what cannot be called off any more.
func happened(e slipway.AuditEntry) bool {
	return e.Kind == slipway.AuditOutcome || e.Kind == slipway.AuditEvent
}

// commit writes what is owed, and a batch, with one fsync. On a full disk it
// still tries to write what has happened.
func (l *Log) commit(batch []*pending) {
	entries := slices.Clip(l.owed)
	for _, p := range batch {
		entries = append(entries, p.entry)
	}
	err := l.w.put(entries, room)
	if err == nil {
		l.owed = nil
		l.written(nil)
		answer(batch, nil)
		return
	}
	late := slices.Clip(l.owed)
	var kept, refused []*pending
	for _, p := range batch {
		if happened(p.entry) && !p.settled {
			kept, late = append(kept, p), append(late, p.entry)
		} else {
			refused = append(refused, p)
		}
	}
	answer(refused, err)
	l.written(err)
	if len(late) == 0 {
		return
	}
	if err = l.w.put(late, 0); err == nil {
		l.owed = nil
		l.moved()
	} else {
		l.keep(late)
	}
	answer(kept, err)
}

func answer(batch []*pending, err error) {
	for _, p := range batch {
		p.done <- err
	}
}

func (l *Log) keep(late []slipway.AuditEntry) {
	if lost := len(late) - maxOwed; lost > 0 {
		l.Logger.Error("Audit entries lost", "entries", lost, "last", late[lost-1].Action)
		late = late[lost:]
	}
	l.owed = late
}

// written takes note of how the last attempt to write went, and says so when
// that has changed.
func (l *Log) written(err error) {
	before := l.broken.Load()
	if err == nil {
		l.moved()
		if before != nil {
			l.broken.Store(nil)
			l.Logger.Info("Audit log written again", "chain", l.chain)
		}
		return
	}
	l.broken.Store(&err)
	if before == nil {
		l.Logger.Error("Audit log not written: nothing is changed until it can be", "chain", l.chain, "error", err)
	}
}

func (l *Log) moved() {
	l.head.Store(&slipway.AuditHead{Chain: l.chain, Place: l.place, Seq: l.w.seq, Hash: l.w.hash, At: l.Now().UTC()})
}
