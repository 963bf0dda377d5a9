package activities_test

import (
	"slices"
	"testing"
	"time"

	"slipway"
	"slipway/activities"
)

const (
	greenAt = "10.0.0.2:8080"
	blueAt  = "10.0.0.1:8080"
)

func watching(ready bool) activities.WatchInput {
	at := func(name, address string) *activities.WatchedTarget {
		return &activities.WatchedTarget{Container: name, Address: address, Check: slipway.Healthcheck{
			Path: "/healthz", Interval: slipway.Duration(5 * time.Millisecond), Timeout: slipway.Duration(time.Second),
		}}
	}
	return activities.WatchInput{Host: "h1", Green: at("search.api.2", greenAt), Blue: at("search.api.1", blueAt), Ready: ready}
}

func TestWatchReturnsWhenGreenFailsThreeTimesInARow(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	m.answer(greenAt, nil, errRefused, errRefused, nil, errRefused, errRefused, errRefused)
	var seen activities.WatchResult
	if err := run(t, host.WatchHost, watching(true), &seen); err != nil {
		t.Fatal(err)
	}
	if want := "search.api.2 on h1 does not answer any more: connection refused"; seen.GreenFailed != want || !seen.Ready {
		t.Errorf("it saw %+v, want %q", seen, want)
	}
	if n := m.probed(greenAt); n != 7 {
		t.Errorf("green was probed %d times", n)
	}
}

func TestGreenThatFailsTogetherWithBlueIsNoReasonToGoBack(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	// The host reboots: both are away, and blue comes up a little earlier.
	m.answer(greenAt, nil, errRefused, errRefused, errRefused, errRefused, errRefused, nil)
	m.answer(blueAt, nil, errRefused, errRefused, errRefused, nil, nil, nil, errRefused, errRefused, errRefused)
	in := watching(true)
	var seen activities.WatchResult
	for range 3 { // blue away, blue back, blue away
		if err := run(t, host.WatchHost, in, &seen); err != nil {
			t.Fatal(err)
		}
		if seen.GreenFailed != "" {
			t.Fatalf("it would go back: %+v", seen)
		}
		in.Ready = seen.Ready
	}
}

func TestWatchReturnsWhenBlueIsNotWhatWasBelieved(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	m.answer(blueAt, nil, errRefused)
	var seen activities.WatchResult
	if err := run(t, host.WatchHost, watching(true), &seen); err != nil {
		t.Fatal(err)
	}
	if seen.Ready || seen.GreenFailed != "" || seen.Reason != "search.api.1 on h1: connection refused" {
		t.Errorf("it saw %+v", seen)
	}
	// The same blue, believed to be away: its first answer is news.
	m.answer(blueAt, errRefused, errRefused, errRefused, errRefused, nil)
	if err := run(t, host.WatchHost, watching(false), &seen); err != nil {
		t.Fatal(err)
	}
	if !seen.Ready {
		t.Errorf("it saw %+v", seen)
	}
}

func TestWatchOfAnEdgeReturnsTheRouteThatSomebodyElseWrote(t *testing.T) {
	t.Parallel()
	g, central := newGateway()
	g.silent = 1 // it is asked again
	g.table[search.Key()] = slipway.RouteState{ServiceID: search, Active: "search.api.1", Generation: 9, By: "operator:ops"}
	var route slipway.RouteState
	in := activities.WatchEdgeInput{Edge: "e1", Service: search, Generation: 7}
	if err := run(t, central.WatchEdge, in, &route); err != nil {
		t.Fatal(err)
	}
	if route.Generation != 9 || route.By != "operator:ops" {
		t.Errorf("it saw %+v", route)
	}
}

// Where only green runs, nothing but the engine can tell whether green has
// failed or the host is away.
func TestGreenAloneFailsOnlyWhereItsEngineAnswers(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	m.answer(greenAt, nil, errRefused)
	m.pings = slices.Repeat([]error{errRefused}, 40) // for more than a look of 3 s, at 10 a second
	in := watching(true)
	in.Blue = nil
	var seen activities.WatchResult
	if err := run(t, host.WatchHost, in, &seen); err != nil {
		t.Fatal(err)
	}
	if seen.GreenFailed == "" || len(m.pings) > 0 {
		t.Errorf("it saw %+v with %d refusals to come", seen, len(m.pings))
	}
}

// After a restart of their host blue may come up earlier, time and again.
func TestGreenThatWasStartedAgainWithItsHostHasItsStartPeriodOnceMore(t *testing.T) {
	t.Parallel()
	for name, restarts := range map[string]int{"its host was restarted": 0, "its process had ended": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, host := newMachine()
			m.states = []slipway.ContainerState{{Running: true, StartedAt: time.Unix(2, 0), Restarts: restarts}}
			m.answer(greenAt, slices.Repeat([]error{errRefused}, 1000)...)
			in := watching(true)
			in.Green.StartedAt, in.Green.Check.StartPeriod = time.Unix(1, 0), slipway.Duration(300*time.Millisecond)
			began := time.Now()
			var seen activities.WatchResult
			if err := run(t, host.WatchHost, in, &seen); err != nil {
				t.Fatal(err)
			}
			if patient := time.Since(began) >= 300*time.Millisecond; seen.GreenFailed == "" || patient != (restarts == 0) {
				t.Errorf("after %s it saw %+v", time.Since(began), seen)
			}
		})
	}
}
