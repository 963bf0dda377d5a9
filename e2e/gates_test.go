package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/activities"
	"slipway/e2e/system"
)

const decidedStepByStep = `strategy:
  blue_green: {hold: 1s, drain_timeout: 1s, groups: [{hosts: [h1], watch: 1s}, {hosts: [h2, h3], watch: 0s}]}
pre_deploy: {command: [migrate], timeout: 20s, point_of_no_return: true}
gates:
  - {name: go, before: switch, approvers: {role: approver}, remind_after: 1s, expires: 90s}
  - {name: rest, before: group 2, approvers: {role: approver}}
  - {name: sure, before: accept, approvers: {role: approver}}
`

// One release that people decide on at every step, after a migration that it
// cannot return from: the rest of the hosts fails, is held as it is, also while
// Slipway is killed, and goes on when somebody says so.
func TestPeopleDecideAtEveryStepOfARelease(t *testing.T) {
	t.Parallel() // it has a system of its own
	s := threeHosts(t)
	i := intrude(t, s)
	push(t, s, "steps", "v1")
	push(t, s, "steps", "v2", "MIGRATED=/migrated", "READY_MS=1000") // so that it can be stopped before it is proven
	release(t, s, service(t, s, "steps", ""), "v1", 0)
	svc := service(t, s, "steps", decidedStepByStep)
	var traffic []*system.Traffic
	for _, url := range edgeURLs(s) {
		traffic = append(traffic, system.StartTraffic(t.Context(), url, "steps", rate/3))
	}
	id := submit(t, s, svc, "v2")
	await(t, s, id, slipway.AwaitingApproval)
	eventually(t, func() error {
		if g := status(t, s, id).Gates[0]; g.Reminders == 0 {
			return fmt.Errorf("nobody is reminded: %+v", g)
		}
		return nil
	})
	if shown := cli(t, s, 0, "status", id); !strings.Contains(shown, "GET /healthz answered well on h1") || !strings.Contains(shown, "people were reminded") {
		t.Errorf("approvers are shown:\n%s", shown)
	}
	steps(t, s, "v1", "v1", "v1")
	as(t, s, "bob", 0, "approve", id)

	gateOpens(t, s, id, 1)
	steps(t, s, "v2", "v1", "v1")
	rest := stolen[activities.CommitInput](i, id, "CommitTarget")
	rest.Edge = "e2"
	i.fails("the canary's approval for the rest", i.ask("CommitTarget", rest), "gate rest of "+id+" asks for the signed approval of 1 people and has that of 0")
	steps(t, s, "v2", "v1", "v1")
	as(t, s, "bob", 0, "approve", id)

	stopWhereItStarts(t, s.Hosts.All[2], id)
	stuck := await(t, s, id, slipway.Stuck)
	if stuck.Stuck == nil || !strings.Contains(stuck.Reason, "slipway accept goes on, slipway abort goes back") {
		t.Fatalf("it is %s: %s", stuck.Phase, stuck.Reason)
	}
	t.Logf("it got stuck: %s", stuck.Reason)
	if err := s.Standalone.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := s.Standalone.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	next := submit(t, s, svc, "v2")
	if r := status(t, s, next); r.Phase != slipway.Queued || !strings.Contains(r.Reason, id+" is stuck while") {
		t.Errorf("the next one is %s: %s", r.Phase, r.Reason)
	}
	cli(t, s, 0, "abort", next, "--reason", "it can wait")
	steps(t, s, "v2", "v1", "v1")
	cli(t, s, 0, "accept", id)

	held := await(t, s, id, slipway.Holding)
	gateOpens(t, s, id, 2)
	steps(t, s, "v2", "v2", "v2")
	eventually(t, func() error { // the hold is over, and the gate is not decided
		if time.Since(*held.SwitchedAt) < 2*time.Second {
			return fmt.Errorf("%s have passed", time.Since(*held.SwitchedAt))
		}
		return nil
	})
	if r := status(t, s, id); r.Phase != slipway.Holding || !r.RollbackReady {
		t.Errorf("it is %s, and going back is possible: %t", r.Phase, r.RollbackReady)
	}
	if refused := as(t, s, "ann", 1, "accept", id); !strings.Contains(refused.Stderr, "gate sure of "+id+" stands before accept and is open") {
		t.Errorf("accept says %q", refused.Stderr)
	}
	as(t, s, "bob", 0, "approve", id)
	ended := await(t, s, id, slipway.Ended)
	toldEnd(t, "version fails past the point of no return", ended)
	steps(t, s, "v2", "v2", "v2")
	for n, each := range traffic {
		report := stop(t, each)
		t.Logf("edge e%d: %d requests, %d failed, answered by %v", n+1, report.Total, report.Failures, report.Answers)
	}
	record(t, s, "release/"+id, "gates_stuck_accepted")
	record(t, s, "lane/search.steps", "lane_stuck")
}

// steps wants each edge to answer with its version.
func steps(t *testing.T, s *system.System, versions ...string) {
	t.Helper()
	for i, url := range edgeURLs(s) {
		if got, err := system.Ask(t.Context(), url, "steps"); err != nil || got != versions[i] {
			t.Errorf("edge e%d answers %q (%v), want %s", i+1, got, err, versions[i])
		}
	}
}

func gateOpens(t *testing.T, s *system.System, id string, i int) {
	t.Helper()
	eventually(t, func() error {
		if r := status(t, s, id); r.Gates[i].State != slipway.GateOpen {
			return fmt.Errorf("gate %s is %s; the release is %s: %s", r.Gates[i].Name, r.Gates[i].State, r.Phase, r.Reason)
		}
		return nil
	})
}
