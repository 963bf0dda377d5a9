package worker

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"slipway"
)

// overridden is an edge on which a person has decided.
type overridden struct {
	socket string

	mu    sync.Mutex
	kept  []slipway.Override
	deaf  int // how often it does not hear that they are taken
	asked int
}

func newOverridden(t *testing.T) *overridden {
	t.Helper()
	o := &overridden{socket: filepath.Join(t.TempDir(), "edge.sock")}
	for _, id := range []string{"A", "B"} {
		o.kept = append(o.kept, slipway.Override{
			ID: id, ServiceID: slipway.ServiceID{Project: "search", Service: "api"}, Release: "search.api.1", Before: "search.api.2",
			Generation: 7, By: "operator:ops", Reason: "users see errors", At: time.Now(),
		})
	}
	listener, err := net.Listen("unix", o.socket)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/overrides/take", o.take)
	mux.HandleFunc("POST /v1/overrides/taken", o.taken)
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return o
}

func (o *overridden) take(w http.ResponseWriter, _ *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked++
	_ = json.NewEncoder(w).Encode(o.kept)
}

func (o *overridden) taken(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var req slipway.TakenRequest
	if o.deaf--; o.deaf >= 0 || json.NewDecoder(r.Body).Decode(&req) != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	o.kept = slices.DeleteFunc(o.kept, func(one slipway.Override) bool { return slices.Contains(req.IDs, one.ID) })
	_ = json.NewEncoder(w).Encode([]slipway.Override{})
}

// left is how many it keeps still.
func (o *overridden) left() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.kept)
}

func follow(audit Audit, o *overridden) *overrides {
	fleet := func() *slipway.Fleet {
		return &slipway.Fleet{Edges: []slipway.Edge{{Name: "gone", Admin: "unix:///nowhere/edge.sock"}, {Name: "e1", Admin: "unix://" + o.socket}}}
	}
	return newOverrides(Config{Fleet: fleet, Audit: audit, Log: slog.New(slog.DiscardHandler)}, &edges{fleet: fleet})
}

// The edge does not hear that they are written down, and the worker is lost.
func TestAnOverrideIsOneEntryHoweverOftenItIsTaken(t *testing.T) {
	t.Parallel()
	dir, edge := t.TempDir(), newOverridden(t)
	edge.deaf = 4
	for range 3 { // workers
		log := openLog(t, dir)
		o := follow(log, edge)
		for range 2 {
			o.ask(t.Context(), "e1")
		}
		want := []string{"edge.override|operator:ops|search.api.1|e1|users see errors", "edge.override|operator:ops|search.api.1|e1|users see errors"}
		if got := told(t, log); !slices.Equal(got, want) {
			t.Errorf("entries %q, want %q", got, want)
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n := edge.left(); n != 0 {
		t.Errorf("the edge keeps %d still", n)
	}
}

func TestAnEdgeKeepsWhatCannotBeWrittenDown(t *testing.T) {
	t.Parallel()
	log, edge := openLog(t, t.TempDir()), newOverridden(t)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	follow(log, edge).ask(t.Context(), "e1")
	if n := edge.left(); n != 2 {
		t.Errorf("the edge keeps %d, want 2: nothing was written down", n)
	}
}

// Nobody has to release anything, and an edge that is away is in nobody's way.
func TestAWorkerAsksItsEdgesByItself(t *testing.T) {
	t.Parallel()
	log, edge := openLog(t, t.TempDir()), newOverridden(t)
	o := follow(log, edge)
	o.start()
	defer o.stop()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for edge.left() > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the edge keeps %d still; it was asked %d times", edge.left(), edge.asked)
		}
	}
	if got := told(t, log); len(got) != 2 {
		t.Errorf("entries %q", got)
	}
}
