package activities_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/activities"
)

var search = slipway.ServiceID{Project: "search", Service: "api"}

func TestDrainWaitsInSlicesUntilNothingIsInFlight(t *testing.T) {
	t.Parallel()
	g, central := newGateway()
	g.inFlight = []int{5, 2, 0}
	result := activities.DrainResult{InFlight: -1}
	in := activities.TargetInput{Edge: "e1", Service: search, Release: "search.api.1", Timeout: slipway.Duration(time.Minute)}
	if err := run(t, central.DrainTarget, in, &result); err != nil {
		t.Fatal(err)
	}
	slices := []time.Duration{5 * time.Second, 5 * time.Second, 5 * time.Second}
	if diff := cmp.Diff(slices, g.waits); diff != "" || result.InFlight != 0 {
		t.Errorf("%d in flight; slices (-want +got):\n%s", result.InFlight, diff)
	}
}

func TestDrainEndsWithItsTimeout(t *testing.T) {
	t.Parallel()
	g, central := newGateway()
	g.inFlight = []int{5}
	var result activities.DrainResult
	in := activities.TargetInput{Edge: "e1", Service: search, Release: "search.api.1", Timeout: slipway.Duration(time.Second)}
	if err := run(t, central.DrainTarget, in, &result); err != nil {
		t.Fatal(err)
	}
	if result.InFlight != 5 || len(g.waits) != 1 || g.waits[0] > time.Second {
		t.Errorf("%d in flight after %v", result.InFlight, g.waits)
	}
}

func TestRemoveRouteIsOfTheGenerationItWasDecidedAt(t *testing.T) {
	t.Parallel()
	g, central := newGateway()
	g.table[search.Key()] = slipway.RouteState{ServiceID: search, Generation: 9}
	in := activities.RemoveRouteInput{Edge: "e1", Service: search, Generation: 8}
	if err := run(t, central.RemoveRoute, in, nil); err == nil || len(g.table) != 1 {
		t.Errorf("a late request removed the route: %v", err)
	}
	in.Generation = 9
	for range 2 { // the first answer may have been lost
		if err := run(t, central.RemoveRoute, in, nil); err != nil || len(g.table) != 0 {
			t.Errorf("%d routes are left: %v", len(g.table), err)
		}
	}
}

func TestRestoreReturnsWhatAnOperatorDecidedInstead(t *testing.T) {
	t.Parallel()
	g, central := newGateway()
	g.table[search.Key()] = slipway.RouteState{
		ServiceID: search, Active: "search.api.0", Generation: 9, By: "operator:ops",
		Targets: map[string]slipway.Target{"search.api.0": {}, "search.api.1": {}},
	}
	var route slipway.RouteState
	in := activities.RestoreInput{Edge: "e1", Request: slipway.RestoreRequest{
		ServiceID: search, Release: "search.api.1", Generation: 6, By: "search.api.2",
	}}
	if err := run(t, central.RestoreTarget, in, &route); err != nil {
		t.Fatal(err)
	}
	if route.Active != "search.api.0" || route.By != "operator:ops" || route.Targets != nil {
		t.Errorf("it returned %+v", route)
	}
	if now := g.table[search.Key()]; now.Generation != 9 {
		t.Errorf("the operator's route was overwritten: %+v", now)
	}
}

func TestRestoreOnAnEdgeThatHasLostItsRouteSaysThatNothingServes(t *testing.T) {
	t.Parallel()
	_, central := newGateway()
	var route slipway.RouteState
	in := activities.RestoreInput{Edge: "e1", Request: slipway.RestoreRequest{
		ServiceID: search, Release: "search.api.1", Generation: 6, By: "search.api.2",
	}}
	if err := run(t, central.RestoreTarget, in, &route); err != nil {
		t.Fatal(err)
	}
	if route.Active != "" || route.ServiceID != search {
		t.Errorf("it returned %+v", route)
	}
}

func TestAmendmentReturnsTheTargetThatTheEdgeHas(t *testing.T) {
	t.Parallel()
	g, central := newGateway()
	g.table[search.Key()] = slipway.RouteState{
		ServiceID: search, Active: "search.api.1", Generation: 6,
		Targets: map[string]slipway.Target{"search.api.0": {Upstreams: []string{"10.0.0.1:8079"}}, "search.api.1": {Upstreams: []string{"10.0.0.1:8080"}}},
	}
	amend := func(release string, revision uint64, upstream string) slipway.RouteState {
		t.Helper()
		var route slipway.RouteState
		in := activities.AmendInput{Edge: "e1", Request: slipway.AmendRequest{
			ServiceID: search, Release: release, Upstreams: []string{upstream}, Revision: revision,
		}, Warrant: live(release, upstream)}
		if err := run(t, central.AmendTarget, in, &route); err != nil {
			t.Fatal(err)
		}
		return route
	}
	want := map[string]slipway.Target{"search.api.1": {Upstreams: []string{"10.0.0.2:8080"}, Revision: 1}}
	for _, revision := range []uint64{0, 0, 7} { // carried out, repeated, refused
		upstream := "10.0.0.2:8080"
		if revision == 7 {
			upstream = "10.0.0.3:8080"
		}
		if diff := cmp.Diff(want, amend("search.api.1", revision, upstream).Targets); diff != "" {
			t.Errorf("decided at revision %d: target (-want +got):\n%s", revision, diff)
		}
	}
	if route := amend("search.api.9", 0, "10.0.0.9:8080"); route.Targets != nil || route.Generation != 6 {
		t.Errorf("of a release that the edge has forgotten came %+v", route)
	}
	var route slipway.RouteState
	if err := run(t, central.ReadRoute, activities.EdgeInput{Edge: "e1", Service: search, Release: "search.api.1"}, &route); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, route.Targets); diff != "" {
		t.Errorf("read target (-want +got):\n%s", diff)
	}
}

// live is the warrant of a release that one container on h1 serves.
func live(release, upstream string) *slipway.Warrant {
	w := warranted()
	s := container(w, slipway.ContainerStatement{Host: "h1", Address: strings.TrimSuffix(upstream, ":8080")})
	s.Release = release
	w.Containers = []string{seal(s)}
	return w
}

func TestUnknownEdgeAndHostAreNotTriedAgain(t *testing.T) {
	t.Parallel()
	_, central := newGateway()
	err := run(t, central.ReadRoute, activities.EdgeInput{Edge: "e9", Service: search}, nil)
	failed(t, err, slipway.CodeNotFound, false, `no edge "e9"`)
	_, host := newMachine()
	err = run(t, host.HostFacts, activities.HostInput{Host: "h9"}, nil)
	failed(t, err, slipway.CodeNotFound, false, `no host "h9"`)
}
