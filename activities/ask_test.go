package activities_test

import (
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/activities"
)

// asking is a container that is asked by other means than HTTP.
func asking(change func(*slipway.Healthcheck)) activities.ProbeInput {
	return proving(func(in *activities.ProbeInput) {
		in.Deadline, in.Check.Path = slipway.Duration(time.Second), ""
		change(&in.Check)
	})
}

func TestGreenIsProvenByACommand(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	const at = "search.api.2: check --deep"
	m.environment, m.question = map[string]string{}, `exec ["check" "--deep"]`
	m.answer(at, errRefused, nil)
	in := asking(func(h *slipway.Healthcheck) { h.Exec = []string{"check", "--deep"} })
	if err := run(t, host.ProbeGreen, in, nil); err != nil {
		t.Fatal(err)
	}
	if n := m.probed(at); n != 3 {
		t.Errorf("it was asked %d times", n)
	}
	m.answer(at, errRefused)
	failed(t, run(t, host.ProbeGreen, in, nil), slipway.CodeInvalid, false, "not ready within 1s: exec check: it ended with status 3: connection refused")
}

func TestGreenIsProvenByAConnection(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	m.answer("10.0.0.1:8080", errRefused, nil)
	in := asking(func(h *slipway.Healthcheck) { h.TCP = 8080 })
	if err := run(t, host.ProbeGreen, in, nil); err != nil {
		t.Fatal(err)
	}
	m.answer("10.0.0.1:8080", errRefused)
	failed(t, run(t, host.ProbeGreen, in, nil), slipway.CodeInvalid, false, "connect to port 8080: connection refused")
}

func seen(status string) slipway.ContainerState {
	return slipway.ContainerState{Running: true, Health: &slipway.Health{Status: status, Said: "no queue"}}
}

func TestGreenIsProvenByTheCheckOfItsImage(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	in := asking(func(h *slipway.Healthcheck) { h.Docker, h.StartPeriod = true, 0 })
	m.states = []slipway.ContainerState{seen("starting"), seen("starting"), seen("starting"), seen("starting"), seen("healthy")}
	if err := run(t, host.ProbeGreen, in, nil); err != nil { // starting is no failure, whatever the start period
		t.Fatal(err)
	}
	m.states = []slipway.ContainerState{seen("starting"), seen("unhealthy")}
	began := time.Now()
	failed(t, run(t, host.ProbeGreen, in, nil), slipway.CodeInvalid, false, "the image's HEALTHCHECK: it is unhealthy: no queue")
	if took := time.Since(began); took > 800*time.Millisecond {
		t.Errorf("Docker's own verdict took %s", took)
	}
	m.states = []slipway.ContainerState{{Running: true}}
	failed(t, run(t, host.ProbeGreen, in, nil), slipway.CodeInvalid, false, "its image has no HEALTHCHECK")
}

func TestGreenThatCannotBeAskedHasToRunForItsStartPeriod(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	in := asking(func(h *slipway.Healthcheck) { h.StartPeriod = slipway.Duration(200 * time.Millisecond) })
	m.states = []slipway.ContainerState{{Running: true, StartedAt: time.Unix(1, 0)}}
	var result activities.ProbeResult
	if err := run(t, host.ProbeGreen, in, &result); err != nil {
		t.Fatal(err)
	}
	if result.Took.Std() < 200*time.Millisecond || result.Took.Std() > 700*time.Millisecond {
		t.Errorf("it took %s", result.Took)
	}
	m.states = []slipway.ContainerState{{Running: true, Health: &slipway.Health{Status: "healthy"}}} // it can be asked after all
	if err := run(t, host.ProbeGreen, in, &result); err != nil || result.Took.Std() > 150*time.Millisecond {
		t.Errorf("it took %s: %v", result.Took, err)
	}
}

// watchingRuns is a green that can only be looked at, beside a blue that is
// stopped.
func watchingRuns(check slipway.Healthcheck) activities.WatchInput {
	in := watching(true)
	check.Interval, check.Timeout = in.Green.Check.Interval, in.Green.Check.Timeout
	in.Green.Check, in.Green.StartedAt = check, time.Unix(1, 0)
	in.Blue.Stopped = true
	return in
}

func TestGreenThatIsStartedAgainByItselfHasFailed(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	in := watchingRuns(slipway.Healthcheck{})
	in.Blue = nil
	m.states = []slipway.ContainerState{{Running: true, StartedAt: time.Unix(1, 0)}, {Running: true, StartedAt: time.Unix(2, 0), Restarts: 1}}
	var result activities.WatchResult
	if err := run(t, host.WatchHost, in, &result); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(result.GreenFailed, "it ended, and was started again") {
		t.Errorf("it saw %+v", result)
	}
}

// A host that was restarted has restarted green, which needs its time: that is
// no reason to go back.
func TestGreenMayTakeItsStartPeriodAgainAfterItsHostWasRestarted(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	in := watchingRuns(slipway.Healthcheck{Exec: []string{"check"}, StartPeriod: slipway.Duration(300 * time.Millisecond)})
	m.answer("search.api.2: check", errRefused)
	m.states = []slipway.ContainerState{{Running: true, StartedAt: time.Unix(2, 0)}}
	began := time.Now()
	var result activities.WatchResult
	if err := run(t, host.WatchHost, in, &result); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); result.GreenFailed == "" || took < 300*time.Millisecond {
		t.Errorf("after %s it saw %+v", took, result)
	}
}

func TestStopLeavesNothingRunningButGreen(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	in := activities.StopInput{Host: "h1", Service: search, Container: "search.api.1", Green: "search.api.2", Warrant: warranted()}
	m.others = []slipway.ContainerState{{Name: "search.api.2", Running: true}, {Name: "search.api.1"}}
	if err := run(t, host.StopContainer, in, nil); err != nil {
		t.Fatal(err)
	}
	m.others = append(m.others, slipway.ContainerState{Name: "search.api.0", Running: true})
	failed(t, run(t, host.StopContainer, in, nil), slipway.CodeUnavailable, true, "search.api.0 runs on h1, too")
}

// Several containers of one version stop side by side, and several of the next
// run by then.
func TestReplicasAreStoppedBesideEachOther(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	in := activities.StopInput{Host: "h1", Service: search, Container: "search.api.1.1", Green: "search.api.2", Warrant: warranted()}
	for name, allowed := range map[string]bool{
		"search.api.1": true, "search.api.1.2": true, "search.api.2": true, "search.api.2.1": true,
		"search.api.1.1": false, "search.api.0": false, "search.api.3.1": false, "search.api.1.pre": false,
	} {
		m.others = []slipway.ContainerState{{Name: name, Running: true}}
		err := run(t, host.StopContainer, in, nil)
		if allowed && err != nil {
			t.Errorf("while %s runs: %v", name, err)
		}
		if !allowed {
			failed(t, err, slipway.CodeUnavailable, true, name+" runs on h1, too")
		}
	}
}

func TestNothingIsStoppedThatNobodyOrderedToBeReplaced(t *testing.T) {
	t.Parallel()
	_, host := newMachine()
	for says, forged := range map[string]func(*activities.StopInput){
		"there is no signed order":                                func(in *activities.StopInput) { in.Warrant = nil },
		"shop.web.1 is not a container of search/api":             func(in *activities.StopInput) { in.Container = "shop.web.1" },
		"host h3 is not among those that were ordered: [h1 h2]":   func(in *activities.StopInput) { in.Host = "h3" },
		"was signed for search/api, not for this service":         func(in *activities.StopInput) { in.Green = "shop.web.2" },
		"search.api.1 is not a container of search/api, which it": func(in *activities.StopInput) { in.Service = slipway.ServiceID{Project: "shop", Service: "web"} },
	} {
		in := activities.StopInput{Host: "h1", Service: search, Container: "search.api.1", Green: "search.api.2", Warrant: warranted()}
		forged(&in)
		failed(t, run(t, host.StopContainer, in, nil), slipway.CodeForbidden, false, says)
	}
}

func TestReviveComesTooLateUnderALaterRelease(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	in := activities.ReviveInput{Host: "h1", Service: search, Container: "search.api.1", Before: 3}
	m.others = []slipway.ContainerState{{Name: "search.api.2", Labels: map[string]string{slipway.LabelRelease: "search.api.2"}}}
	var result activities.ReviveResult
	if err := run(t, host.ReviveContainer, in, &result); err != nil || result.Overtaken != "" {
		t.Fatalf("%+v, %v", result, err)
	}
	m.others[0] = slipway.ContainerState{Name: "search.api.3", Labels: map[string]string{slipway.LabelRelease: "search.api.3"}}
	if err := run(t, host.ReviveContainer, in, &result); err != nil || result.Overtaken != "search.api.3" {
		t.Fatalf("%+v, %v", result, err)
	}
}

// To stop it first takes the order that it was stopped for: whoever can write to
// Temporal could stop what serves.
func TestReviveStopsOnlyWhatWasToStop(t *testing.T) {
	t.Parallel()
	for did, forge := range map[string]func(*activities.ReviveInput){
		"stop search.api.1, start search.api.1": func(*activities.ReviveInput) {},
		"start search.api.1":                    func(in *activities.ReviveInput) { in.Warrant = nil },
		"start shop.web.1":                      func(in *activities.ReviveInput) { in.Container = "shop.web.1" },
	} {
		m, host := newMachine()
		in := activities.ReviveInput{Host: "h1", Service: search, Container: "search.api.1", Doubtful: true, Green: "search.api.2", Warrant: warranted()}
		forge(&in)
		if err := run(t, host.ReviveContainer, in, nil); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(m.did, ", "); got != did {
			t.Errorf("it did %s, want %s", got, did)
		}
	}
}
