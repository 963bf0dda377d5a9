package e2e

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/e2e/system"
)

// crashes is how often standalone is killed in the middle of a release.
func crashes() int { return thorough(10, 4) }

func TestKillingStandaloneAtAnyMomentEndsFullyNewOrFullyOld(t *testing.T) {
	t.Parallel() // it has a system of its own
	s := own(t, system.Options{})
	svc := service(t, s, "crash", "strategy: {blue_green: {hold: 0s, drain_timeout: 2s}}\n")
	push(t, s, "crash", "v0")
	release(t, s, svc, "v0", 0)
	random := rand.New(rand.NewPCG(1, 2)) // the same moments in every run
	serving := "v0"
	live := "search.crash.1"
	for i := range crashes() {
		tag := fmt.Sprintf("v%d", i+1)
		push(t, s, "crash", tag, "READY_MS=100")
		traffic := s.StartTraffic(t.Context(), "crash", rate/2)
		id := submit(t, s, svc, tag)
		// A release takes somewhat less than a second here: the moments lie
		// before, in, and after its end.
		delay := time.Duration(i*10/crashes())*90*time.Millisecond + time.Duration(random.IntN(90))*time.Millisecond
		<-time.After(delay)
		phase := status(t, s, id).Phase
		if err := s.Standalone.Kill(); err != nil {
			t.Fatal(err)
		}
		before := ask(t, s, "crash") // while nothing of ours but the edge runs
		if err := s.Standalone.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		ended := await(t, s, id, slipway.Ended)
		report := stop(t, traffic)
		now := ask(t, s, "crash")
		t.Logf("killed after %s, %s: %s served; ended %s after %s; %s serves; %d requests, %d failed",
			delay.Round(time.Millisecond), phase, before, *ended.Outcome, ended.EndedAt.Sub(ended.StartedAt).Round(time.Millisecond), now, report.Total, report.Failures)
		want := serving
		if *ended.Outcome == slipway.Live {
			want, live = tag, id
		}
		if now != want {
			t.Errorf("%s serves after %s ended %s (%s), want %s", now, id, *ended.Outcome, ended.Reason, want)
		}
		serving = want
		if ended.CleanupPending {
			t.Errorf("%s has left something to be cleaned up", id)
		}
		wantContainers(t, s, "crash", live)
	}
}

func TestKillingTheEdgeKeepsWhatItHasAcknowledged(t *testing.T) {
	s := start(t)
	svc := service(t, s, "edgecrash", "strategy: {blue_green: {hold: 10m}}\n")
	push(t, s, "edgecrash", "v1")
	push(t, s, "edgecrash", "v2")
	release(t, s, svc, "v1", 0)
	second := release(t, s, svc, "v2", 0)
	if err := s.Edge.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := s.Edge.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, s, "edgecrash"); got != "v2" {
		t.Errorf("%s serves after the edge was killed, want v2", got)
	}
	// Blue is known to it as well: going back needs nothing but the edge.
	cli(t, s, 0, "rollback", "search/edgecrash", "--reason", "test", "--wait")
	if got := ask(t, s, "edgecrash"); got != "v1" {
		t.Errorf("%s serves after going back, want v1", got)
	}
	await(t, s, second.ID, slipway.Ended)
}

func TestKillingTheEdgeInTheMiddleOfASwitchIsUndecidedUntilItAnswers(t *testing.T) {
	s := start(t)
	svc := service(t, s, "edgeaway", "strategy: {blue_green: {hold: 0s, switch_timeout: 2s}}\n")
	push(t, s, "edgeaway", "v1")
	push(t, s, "edgeaway", "v2", "READY_MS=500")
	first := release(t, s, svc, "v1", 0)
	second := submit(t, s, svc, "v2")
	await(t, s, second, slipway.Probing)
	if err := s.Edge.Kill(); err != nil {
		t.Fatal(err)
	}
	await(t, s, second, slipway.Undoing) // the edge has not staged in time
	wantContainers(t, s, "edgeaway", first.ID, second)
	if err := s.Edge.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended := await(t, s, second, slipway.Ended)
	if *ended.Outcome != slipway.RolledBack {
		t.Errorf("outcome %s (%s), want rolled_back", *ended.Outcome, ended.Reason)
	}
	if got := ask(t, s, "edgeaway"); got != "v1" {
		t.Errorf("%s serves, want v1", got)
	}
	wantContainers(t, s, "edgeaway", first.ID)
}

func TestTheSameVersionServesAfterDockerWasRestartedDuringAHold(t *testing.T) {
	t.Parallel() // it has a system of its own
	s := own(t, system.Options{})
	for _, restart := range []struct {
		name     string
		do       func(*testing.T, *system.System)
		lossless bool
	}{
		{"dockerd killed and started, containers go on", func(t *testing.T, s *system.System) {
			if err := s.Engine.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"all containers stopped and started by dockerd", func(t *testing.T, s *system.System) {
			if err := s.Engine.StopContainersAndRestart(t.Context()); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"the host rebooted", func(t *testing.T, s *system.System) {
			if err := s.Engine.Reboot(t.Context()); err != nil {
				t.Fatal(err)
			}
		}, false},
	} {
		t.Run(restart.name, func(t *testing.T) {
			name := "restart" + fmt.Sprint(len(restart.name))
			svc := service(t, s, name, "strategy: {blue_green: {hold: 10m}}\n")
			push(t, s, name, "v1")
			push(t, s, name, "v2")
			first := release(t, s, svc, "v1", 0)
			second := release(t, s, svc, "v2", 0)
			if second.Phase != slipway.Holding {
				t.Fatalf("phase %s, want holding", second.Phase)
			}
			var traffic *system.Traffic
			if restart.lossless {
				traffic = s.StartTraffic(t.Context(), name, rate)
			}
			restart.do(t, s)
			if restart.lossless {
				stop(t, traffic)
			}
			awaitAnswer(t, s, name, "v2")
			wantContainers(t, s, name, first.ID, second.ID)
			cli(t, s, 0, "rollback", "search/"+name, "--reason", "test", "--wait")
			awaitAnswer(t, s, name, "v1")
		})
	}
}

// awaitAnswer wants the service to answer with the version soon, and with no
// other before.
func awaitAnswer(t *testing.T, s *system.System, name, version string) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		got, err := s.Ask(t.Context(), name)
		if err == nil && got != version {
			t.Fatalf("%s answers, want %s", got, version)
		}
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s does not answer: %v", name, err)
		}
	}
}

func TestWhatIsTriedAgainSaysWhy(t *testing.T) {
	s := start(t)
	svc := service(t, s, "triedagain", "")
	push(t, s, "triedagain", "v1")
	if err := s.Edge.Kill(); err != nil {
		t.Fatal(err)
	}
	id := submit(t, s, svc, "v1")
	eventually(t, func() error {
		if shown := status(t, s, id).Progress; !strings.Contains(shown, "edge e1") {
			return fmt.Errorf("the status of a release whose edge is away says only %q", shown)
		}
		return nil
	})
	if err := s.Edge.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ended := await(t, s, id, slipway.Ended); *ended.Outcome != slipway.Live {
		t.Errorf("outcome %s (%s), want live: the edge came back in time", *ended.Outcome, ended.Reason)
	}
}
