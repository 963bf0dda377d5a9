package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/e2e/lab"
	"slipway/e2e/system"
)

// TestHostsAreReachedInEveryWay tells one story over each way to reach hosts
// that are machines of their own, under traffic: release, empty a host and give
// it back, release again, go back. Those over which every other test of this
// package goes are for make matrix: a socket, and TCP.
func TestHostsAreReachedInEveryWay(t *testing.T) {
	t.Parallel() // it has a system of its own
	ways := []lab.Way{lab.SSH, lab.Agent}
	if *wholeMatrix {
		ways = lab.Ways
	}
	for _, way := range ways {
		t.Run(string(way), func(t *testing.T) {
			s := own(t, system.Options{Hosts: 2, Way: way})
			svc := service(t, s, "far", "strategy: {blue_green: {hold: 5m, drain_timeout: 5s}}\n")
			push(t, s, "far", "v1", "WORK_MS=100") // so that some are under way when their host is emptied
			push(t, s, "far", "v2")
			first := release(t, s, svc, "v1", 0)
			var traffic []*system.Traffic
			for _, url := range edgeURLs(s) {
				traffic = append(traffic, system.StartTraffic(t.Context(), url, "far", rate/2))
			}
			drained := s.Hosts.All[0] // the others may be reached in another way
			operate(t, s, 0, "host", "drain", drained.Name, "--reason", "a new kernel")
			if err := runsOn(t.Context(), drained, first.ID); err == nil {
				t.Errorf("%s still runs on %s", first.ID, drained.Name)
			}
			operate(t, s, 0, "host", "uncordon", drained.Name, "--reason", "it has it")
			notBehind(t, s, "far")
			second := release(t, s, svc, "v2", 0)
			if result, err := s.CLI(t.Context(), "ann", "rollback", "search/far", "--reason", "to see", "--wait"); err != nil || result.Status != 0 {
				t.Fatalf("rollback: %v, %+v", err, result)
			}
			for i, each := range traffic {
				if report := stop(t, each); report.Answers["v1"] == 0 || report.Answers["v2"] == 0 {
					t.Errorf("edge e%d: answers are %v", i+1, report.Answers)
				}
			}
			back := await(t, s, second.ID, slipway.Ended)
			if *back.Outcome != slipway.RolledBack {
				t.Errorf("outcome %s (%s), want rolled_back", *back.Outcome, back.Reason)
			}
			for _, host := range s.Hosts.All {
				wantContainersOn(t, host.Docker(lab.Unix), "far", first.ID)
			}
		})
	}
}

// TestADeadAgentIsToldWithinSeconds kills an agent: a release says which one is
// missing, changes nothing, and goes through once it is back.
func TestADeadAgentIsToldWithinSeconds(t *testing.T) {
	t.Parallel() // it has a system of its own
	s := own(t, system.Options{Hosts: 1, Way: lab.Agent})
	svc := service(t, s, "orphan", "")
	push(t, s, "orphan", "v1")
	eventually(t, func() error { // it has asked for work, so that it is missed
		if h := hosts(t, s)[0]; !h.Answers {
			return fmt.Errorf("a host with an agent: %+v", h)
		}
		return nil
	})
	if err := s.Agents[0].Kill(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	refused := release(t, s, svc, "v1", 1)
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("it took %s to tell", took)
	}
	toldEnd(t, "agent of the host dead", refused)
	if h := hosts(t, s)[0]; h.Answers || h.Agent == nil || h.Agent.Alive || h.Agent.Seen == nil || !strings.Contains(h.Error, "its agent does not answer") {
		t.Errorf("a host with a dead agent: %+v", h)
	}
	if err := s.Agents[0].Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	release(t, s, svc, "v1", 0)
	if h := hosts(t, s)[0]; !h.Answers || h.Way != "agent" || h.Agent == nil || !h.Agent.Alive || h.Facts.Version == "" {
		t.Errorf("a host with an agent: %+v", h)
	}
}

// hosts is what ann is told of the hosts.
func hosts(t *testing.T, s *system.System) []slipway.HostStatus {
	t.Helper()
	return decode[struct{ Hosts []slipway.HostStatus }](t, cli(t, s, 0, "hosts", "-o", "json")).Hosts
}
