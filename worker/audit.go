package worker

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"slipway"
	"slipway/activities"
)

// An Audit is where the worker writes what no request to the API tells of;
// *audit.Log is one.
type Audit interface {
	// Once appends an event unless one with the same action and request was
	// written at since or later.
	Once(ctx context.Context, since time.Time, e slipway.AuditEntry) error

	// Settle appends an entry, and looks before whether there is one with the
	// same action and request since then, where again says that there may be. An
	// error says that it is not written, and will not be by this call.
	Settle(ctx context.Context, since time.Time, e slipway.AuditEntry, again bool) error
}

// auditTime is for how long what was found waits to be written: the way back
// does not depend on a disk.
const auditTime = 2 * time.Second

// found writes what activities come across. They run again when a worker is
// lost, and see the same again and again; each thing is one entry.
type found struct {
	audit  Audit
	logger *slog.Logger

	mu      sync.Mutex
	written map[string]bool // by action and request; the log itself keeps what it cannot write yet
}

func (f *found) write(ctx context.Context, e slipway.AuditEntry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := e.Action + " " + e.Request
	if f.written[key] {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditTime)
	defer cancel()
	e.Kind, e.Code = slipway.AuditEvent, slipway.AuditOK
	if err := f.audit.Once(ctx, time.Time{}, e); err != nil {
		f.logger.Error("Event not written to the audit log yet", "action", e.Action, "about", e.Request, "error", err)
	}
	if f.written == nil {
		f.written = map[string]bool{}
	}
	f.written[key] = true
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

// route takes note of an edge that a person has pointed elsewhere, on the
// machine itself.
func (f *found) route(ctx context.Context, edge string, r slipway.RouteState) {
	if r.By == "" || slipway.IsRelease(r.By) {
		return
	}
	f.write(ctx, slipway.AuditEntry{
		Action: "edge.override", Project: r.Project, Service: r.Service, Release: r.Active, Edge: edge, User: r.By, Reason: r.Reason,
		Request: fmt.Sprintf("%s %s generation %d", edge, r.ServiceID, r.Generation),
		Before:  map[string]string{"release": r.Previous},
		After:   map[string]string{"release": r.Active, "at": r.ChangedAt.UTC().Format(time.RFC3339)},
	})
}

// auditedEdges are edges whose overrides are written down by whoever sees them
// first.
type auditedEdges struct {
	*edges
	found *found
}

func (e auditedEdges) Edge(name string) (activities.EdgeAdmin, error) {
	admin, err := e.edges.Edge(name)
	if err != nil {
		return nil, err
	}
	return auditedEdge{EdgeAdmin: admin, name: name, found: e.found}, nil
}

// auditedEdge looks at the answers that say what the edge serves before
// anything of ours is changed, or instead of it.
type auditedEdge struct {
	activities.EdgeAdmin
	name  string
	found *found
}

func (e auditedEdge) Route(ctx context.Context, service slipway.ServiceID) (slipway.RouteState, error) {
	r, err := e.EdgeAdmin.Route(ctx, service)
	return e.seen(ctx, r, err)
}

func (e auditedEdge) Stage(ctx context.Context, req slipway.StageRequest) (slipway.RouteState, error) {
	r, err := e.EdgeAdmin.Stage(ctx, req)
	return e.seen(ctx, r, err)
}

func (e auditedEdge) Commit(ctx context.Context, req slipway.CommitRequest) (slipway.RouteState, error) {
	r, err := e.EdgeAdmin.Commit(ctx, req)
	return e.seen(ctx, r, err)
}

func (e auditedEdge) Restore(ctx context.Context, req slipway.RestoreRequest) (slipway.RouteState, error) {
	r, err := e.EdgeAdmin.Restore(ctx, req)
	return e.seen(ctx, r, err)
}

func (e auditedEdge) seen(ctx context.Context, r slipway.RouteState, err error) (slipway.RouteState, error) {
	e.found.route(ctx, e.name, r)
	return r, err
}
