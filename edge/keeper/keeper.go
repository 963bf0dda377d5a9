// Package keeper keeps the table of one edge: it applies the writes that the
// administration asks for, one at a time, and each is on disk before traffic
// follows it and before it is acknowledged.
package keeper

import (
	"log/slog"
	"maps"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"slipway"
	"slipway/edge/disk"
)

// A Keeper is safe for concurrent use. Its methods that write return what
// slipway.Table's methods of the same name return; a write that cannot be put
// on disk is an error of CodeUnavailable, moves no traffic, and may or may not
// be what the edge comes up with after a restart, until it is repeated.
type Keeper struct {
	dir    *disk.Dir
	follow func(slipway.Table)
	log    *slog.Logger
	meters meters

	writing   sync.Mutex // held while a write goes to disk; readers never take it
	retired   bool       // another process writes now
	table     atomic.Pointer[slipway.Table]
	overrides overrides // guarded by writing
}

// New keeps what is in dir, and calls follow with the table now and after each
// write that changes it.
func New(dir *disk.Dir, follow func(slipway.Table), registry prometheus.Registerer, log *slog.Logger) (*Keeper, error) {
	state, err := dir.Load(log)
	if err != nil {
		return nil, err
	}
	k := &Keeper{dir: dir, follow: follow, log: log, meters: newMeters(registry)}
	k.table.Store(&state.Table)
	k.overrides.kept = state.Overrides
	follow(state.Table)
	return k, nil
}

// Table is the table as last written. The caller must not change it.
func (k *Keeper) Table() slipway.Table { return *k.table.Load() }

// Route is the service's state; that of a service which is not in the table
// has only its ServiceID.
func (k *Keeper) Route(id slipway.ServiceID) slipway.RouteState {
	if r, ok := k.Table()[id.Key()]; ok {
		return r
	}
	return slipway.RouteState{ServiceID: id}
}

// Stage makes a release known without sending it traffic.
func (k *Keeper) Stage(req slipway.StageRequest) (slipway.RouteState, error) {
	return k.write("stage", req.ServiceID, req.Release, func(t slipway.Table) (slipway.RouteState, error) { return t.Stage(req) })
}

// Commit points the route at a staged release.
func (k *Keeper) Commit(req slipway.CommitRequest) (slipway.RouteState, error) {
	return k.write("commit", req.ServiceID, req.Release, func(t slipway.Table) (slipway.RouteState, error) { return t.Commit(req, now()) })
}

// Restore takes a commit back, whether or not it arrived.
func (k *Keeper) Restore(req slipway.RestoreRequest) (slipway.RouteState, error) {
	return k.write("restore", req.ServiceID, req.Release, func(t slipway.Table) (slipway.RouteState, error) { return t.Restore(req, now()) })
}

// Amend says anew where a release's containers are.
func (k *Keeper) Amend(req slipway.AmendRequest) (slipway.RouteState, error) {
	return k.write("amend", req.ServiceID, req.Release, func(t slipway.Table) (slipway.RouteState, error) { return t.Amend(req) })
}

// Override points the route at a release that a person chose.
func (k *Keeper) Override(req slipway.OverrideRequest) (slipway.RouteState, error) {
	return k.write("override", req.ServiceID, req.Release, func(t slipway.Table) (slipway.RouteState, error) { return t.Override(req, now()) })
}

// Unstage forgets a release. What is still open for it is cut.
func (k *Keeper) Unstage(id slipway.ServiceID, release string) (slipway.RouteState, error) {
	return k.write("unstage", id, release, func(t slipway.Table) (slipway.RouteState, error) { return t.Unstage(id, release) })
}

// Remove forgets the service. What is still open for it is cut.
func (k *Keeper) Remove(id slipway.ServiceID, generation uint64) error {
	_, err := k.write("remove", id, "", func(t slipway.Table) (slipway.RouteState, error) {
		return slipway.RouteState{ServiceID: id}, t.Remove(id, generation)
	})
	return err
}

// Pause waits for the write that is under way and holds up later ones until
// resume or retire is called, one of them and once. After retire they fail,
// and so do all later ones: the directory is another process's.
func (k *Keeper) Pause() (resume, retire func()) {
	k.writing.Lock()
	return k.writing.Unlock, func() {
		k.retired = true
		k.writing.Unlock()
	}
}

// write applies change to a copy of the table and, if that made a difference,
// puts the copy on disk, then before the traffic.
func (k *Keeper) write(verb string, id slipway.ServiceID, release string, change func(slipway.Table) (slipway.RouteState, error)) (slipway.RouteState, error) {
	k.writing.Lock()
	defer k.writing.Unlock()
	if k.retired {
		return slipway.RouteState{}, slipway.Errorf(slipway.CodeUnavailable, "%s of %s: another slipway-edge has taken over here: ask again", verb, id)
	}
	before := k.Table()
	after := maps.Clone(before)
	state, err := change(after)
	if err != nil {
		k.meters.writes.WithLabelValues(verb, "refused").Inc()
		return state, err
	}
	if reflect.DeepEqual(before[id.Key()], after[id.Key()]) { // a repeated request: what it asks for is on disk
		k.meters.writes.WithLabelValues(verb, "repeated").Inc()
		return state, nil
	}
	overrides := k.overrides.with(before[id.Key()], after[id.Key()])
	start := time.Now()
	if err := k.dir.Save(disk.State{Table: after, Overrides: overrides}); err != nil {
		k.meters.writes.WithLabelValues(verb, "failed").Inc()
		return before[id.Key()], slipway.Errorf(slipway.CodeUnavailable, "%s of %s is not on the edge's disk and moves no traffic: %w", verb, id, err)
	}
	k.meters.fsync.Observe(time.Since(start).Seconds())
	k.table.Store(&after)
	k.overrides.kept = overrides
	k.follow(after)
	k.meters.writes.WithLabelValues(verb, "written").Inc()
	k.log.Info("table written", "verb", verb, "service", id.String(), "release", release,
		"active", state.Active, "generation", state.Generation, "by", state.By, "reason", state.Reason)
	return state, nil
}

// now is the time as it is after a round trip through the file.
func now() time.Time { return time.Now().UTC().Round(0) }
