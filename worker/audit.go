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
