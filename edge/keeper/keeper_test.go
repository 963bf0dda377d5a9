package keeper_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"slipway"
	"slipway/edge/disk"
	"slipway/edge/keeper"
)

var (
	app    = slipway.ServiceID{Project: "shop", Service: "app"}
	stage  = slipway.StageRequest{ServiceID: app, Route: slipway.Route{Host: "app.example.com", Path: "/"}, Release: "shop.app.1", Upstreams: []string{"10.0.0.1:80"}}
	commit = slipway.CommitRequest{ServiceID: app, Release: "shop.app.1", By: "shop.app.1"}
)

// A kept is a keeper with what it told its follower.
type kept struct {
	*keeper.Keeper
	path     string
	dir      *disk.Dir
	follows  slipway.Table
	times    int
	registry *prometheus.Registry
}

func keep(t *testing.T) *kept {
	t.Helper()
	k := &kept{path: t.TempDir(), registry: prometheus.NewRegistry()}
	dir, err := disk.Open(k.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dir.Close() })
	k.dir = dir
	k.Keeper, err = keeper.New(dir, func(t slipway.Table) { k.follows, k.times = t, k.times+1 }, k.registry, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestTrafficFollowsWhatIsOnDisk(t *testing.T) {
	k := keep(t)
	if _, err := k.Stage(stage); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Commit(commit); err != nil {
		t.Fatal(err)
	}
	if got := k.follows[app.Key()].Active; got != "shop.app.1" {
		t.Errorf("traffic goes to %q", got)
	}
}

func TestAmendmentsAreOnDisk(t *testing.T) {
	k := keep(t)
	for _, step := range []func() (slipway.RouteState, error){
		func() (slipway.RouteState, error) { return k.Stage(stage) },
		func() (slipway.RouteState, error) { return k.Commit(commit) },
		func() (slipway.RouteState, error) {
			return k.Amend(slipway.AmendRequest{ServiceID: app, Release: "shop.app.1", Away: true})
		},
	} {
		if _, err := step(); err != nil {
			t.Fatal(err)
		}
	}
	state, err := k.dir.Load(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	table := state.Table
	if got := table[app.Key()].Targets["shop.app.1"]; !got.Away() || got.Revision != 1 {
		t.Errorf("on disk is %+v", got)
	}
	if diff := cmp.Diff(table, k.follows); diff != "" {
		t.Errorf("traffic follows another table than is on disk:\n%s", diff)
	}
}

func TestRepeatedAndRefusedRequestsAreNotWritten(t *testing.T) {
	k := keep(t)
	for range 3 {
		if _, err := k.Stage(stage); err != nil {
			t.Fatal(err)
		}
	}
	late := commit
	late.Generation = 9
	if _, err := k.Commit(late); slipway.ErrorCode(err) != slipway.CodeConflict {
		t.Errorf("error is %v, want a conflict", err)
	}
	if k.times != 2 { // at the start, and the first time
		t.Errorf("the table was taken over %d times, want 2", k.times)
	}
	for labels, want := range map[[2]string]float64{{"stage", "written"}: 1, {"stage", "repeated"}: 2, {"commit", "refused"}: 1} {
		if got := count(t, k.registry, labels); got != want {
			t.Errorf("%v counted %v, want %v", labels, got, want)
		}
	}
}

// count is the value of slipway_edge_writes_total for a verb and a result.
func count(t *testing.T, registry *prometheus.Registry, labels [2]string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == "slipway_edge_writes_total" &&
				m.GetLabel()[0].GetValue() == labels[1] && m.GetLabel()[1].GetValue() == labels[0] {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func TestWhatIsNotOnDiskMovesNoTraffic(t *testing.T) {
	k := keep(t)
	if _, err := k.Stage(stage); err != nil {
		t.Fatal(err)
	}
	inTheWay := filepath.Join(k.path, "table.json.new")
	if err := os.Mkdir(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Commit(commit); slipway.ErrorCode(err) != slipway.CodeUnavailable {
		t.Errorf("error is %v, want one of code unavailable", err)
	}
	if got := k.follows[app.Key()].Active; got != "" || k.Route(app).Active != "" {
		t.Errorf("traffic goes to %q, the table says %q", got, k.Route(app).Active)
	}
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Commit(commit); err != nil {
		t.Errorf("repeated when the disk is well again: %v", err)
	}
}

func TestMetricsAreWellNamed(t *testing.T) {
	problems, err := testutil.GatherAndLint(keep(t).registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

func TestPausedWritesGoOnOrAreRefused(t *testing.T) {
	k := keep(t)
	wrote := make(chan error)
	resume, _ := k.Pause()
	go func() {
		_, err := k.Stage(stage)
		wrote <- err
	}()
	resume()
	if err := <-wrote; err != nil {
		t.Errorf("after resuming: %v", err)
	}
	_, retire := k.Pause()
	go func() {
		_, err := k.Commit(commit)
		wrote <- err
	}()
	retire()
	if err := <-wrote; slipway.ErrorCode(err) != slipway.CodeUnavailable {
		t.Errorf("after retiring: %v", err)
	}
	if got := k.Route(app).Active; got != "" {
		t.Errorf("%q is active", got)
	}
}
