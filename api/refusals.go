package api

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"slipway"
)

const (
	refusalTime = 10 * time.Second // for which refusals alike are counted, and written as one
	maxRefusals = 100              // kinds that are counted at a time: what a flood of them writes a day fits on any disk
)

// refusals writes what was refused. Whoever is refused may do it again and
// again, signed in or not, and must not fill the disk by it: the first one of a
// kind is written at once, those of the next seconds as one with their number.
type refusals struct {
	audit  Audit
	logger *slog.Logger

	mu      sync.Mutex
	counted map[refusalKind]int // that came after the one that was written
}

// refusalKind is what makes refusals alike. The empty one is all that are too
// many to be told apart.
type refusalKind struct {
	action, user, address, project, service string
	code                                    slipway.Code
}

func newRefusals(audit Audit, logger *slog.Logger) *refusals {
	return &refusals{audit: audit, logger: logger, counted: map[refusalKind]int{}}
}

func (r *refusals) add(e slipway.AuditEntry) {
	kind := refusalKind{e.Action, e.User, e.Address, e.Project, e.Service, e.Code}
	if r.first(&kind, &e) {
		r.write(e)
		time.AfterFunc(refusalTime, func() { r.flush(kind, e) })
	}
}

// first counts a refusal, and reports whether it is the first of its kind.
func (r *refusals) first(kind *refusalKind, e *slipway.AuditEntry) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, known := r.counted[*kind]
	if !known && len(r.counted) >= maxRefusals {
		*kind = refusalKind{}
		*e = slipway.AuditEntry{Kind: slipway.AuditRefused, Action: "many", Detail: "more kinds of refusals at a time than are told apart"}
		_, known = r.counted[*kind]
	}
	if known {
		r.counted[*kind]++
		return false
	}
	r.counted[*kind] = 0
	return true
}

func (r *refusals) flush(kind refusalKind, e slipway.AuditEntry) {
	r.mu.Lock()
	e.Count = r.counted[kind]
	delete(r.counted, kind)
	r.mu.Unlock()
	if e.Count == 0 {
		return
	}
	e.Request, e.Key = "", "" // which were of the first one alone
	r.write(e)
}

// write does without the entry where it cannot be written: what was refused
// stays refused.
func (r *refusals) write(e slipway.AuditEntry) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := r.audit.Append(ctx, e); err != nil {
		r.logger.Warn("Refusal not written to the audit log", "action", e.Action, "user", e.User, "code", e.Code, "error", err)
	}
}
