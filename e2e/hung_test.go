package e2e

import (
	"testing"
	"time"

	"slipway"
	"slipway/e2e/system"
)

// backAtOnce is far more than a switch takes, and far less than anything that
// waits for a Docker Engine.
const backAtOnce = 2 * time.Second

func TestAHungDockerdIsNotInTheWayOfGoingBack(t *testing.T) {
	t.Parallel() // it has a system of its own
	s := own(t, system.Options{})
	svc := demand(t, s, "hung", "stop_grace_period: 1s", "strategy: {blue_green: {hold: 10m, drain_timeout: 1s}}\n")
	push(t, s, "hung", "v1")
	push(t, s, "hung", "v2")
	first := release(t, s, svc, "v1", 0)
	second := release(t, s, svc, "v2", 0)
	traffic := s.StartTraffic(t.Context(), "hung", rate)
	if err := s.Engine.Pause(); err != nil {
		t.Fatal(err)
	}
	resumed := false
	defer func() {
		if !resumed {
			_ = s.Engine.Resume()
		}
	}()
	begun := time.Now()
	cli(t, s, 0, "rollback", "search/hung", "--reason", "everything is slow", "--wait")
	if took := time.Since(begun); took > backAtOnce {
		t.Errorf("going back took %s with dockerd hung", took)
	}
	if got := ask(t, s, "hung"); got != "v1" {
		t.Errorf("%s serves after going back, want v1", got)
	}
	stop(t, traffic)
	ended := await(t, s, second.ID, slipway.Ended)
	if *ended.Outcome != slipway.RolledBack || !ended.CleanupPending {
		t.Errorf("outcome %s, cleanup pending %t: want rolled_back, with green still to be removed", *ended.Outcome, ended.CleanupPending)
	}
	if err := s.Engine.Resume(); err != nil {
		t.Fatal(err)
	}
	resumed = true
	awaitCleanup(t, s, second.ID)
	wantContainers(t, s, "hung", first.ID)
	record(t, s, "release/"+second.ID, "rolled_back_cleanup_pending")
	record(t, s, "cleanup/"+second.ID, "cleanup")
}
