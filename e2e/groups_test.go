package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/drivers/docker"
	"slipway/e2e/lab"
	"slipway/e2e/system"
)

const canaryFirst = `strategy:
  blue_green: {hold: 10m, drain_timeout: 1s, groups: [{hosts: [h1], watch: 3s}, {hosts: [h2, h3], watch: 1s}]}
`

const goesBackAlone = `strategy:
  blue_green: {hold: 10m, drain_timeout: 1s, on_failure: group, groups: [{hosts: [h1], watch: 1s}, {hosts: [h2, h3], watch: 4s}]}
`

// A version comes to one of three hosts first, and to the others when it has been
// well there. One that fails on the others goes back on all, or on these alone,
// until somebody has mended it. Nobody notices.
func TestACanaryGoesFirstAndWhatFailsLaterGoesBackEverywhere(t *testing.T) {
	t.Parallel() // it has a system of its own
	s := threeHosts(t)
	svc := service(t, s, "flock", canaryFirst)
	push(t, s, "flock", "v1")
	push(t, s, "flock", "v2")
	push(t, s, "flock", "v3", "READY_MS=2500")
	push(t, s, "flock", "v4")
	release(t, s, svc, "v1", 0)
	allServe(t, s, "flock", "v1")
	var traffic []*system.Traffic
	for _, url := range edgeURLs(s) {
		traffic = append(traffic, system.StartTraffic(t.Context(), url, "flock", rate/3))
	}

	second := submit(t, s, svc, "v2")
	seen := await(t, s, second, slipway.Watching)
	if seen.Group != 1 || seen.SwitchedAt != nil {
		t.Errorf("group %d is watched first; %+v", seen.Group, seen.Groups)
	}
	flockServes(t, s, "v2", "v1", "v1")
	held := await(t, s, second, slipway.Holding)
	flockServes(t, s, "v2", "v2", "v2")
	t.Logf("the canary switched %s before the others, whose edges switched within %s",
		held.Groups[1].SwitchedAt.Sub(*held.Groups[0].SwitchedAt).Round(time.Millisecond), held.SwitchSkew)
	if apart := held.Groups[1].SwitchedAt.Sub(*held.Groups[0].SwitchedAt); apart < 3*time.Second {
		t.Errorf("the others switched %s after the canary", apart)
	}
	record(t, s, "release/"+second, "groups_live")

	third := submit(t, s, svc, "v3")
	stopWhereItStarts(t, s.Hosts.All[2], third)
	ended := await(t, s, third, slipway.Ended)
	if *ended.Outcome != slipway.RolledBack || ended.Groups[0].SwitchedAt == nil || ended.Groups[1].SwitchedAt != nil {
		t.Errorf("it ended %s (%s), groups %+v", *ended.Outcome, ended.Reason, ended.Groups)
	}
	t.Logf("what failed in the second group: %s", ended.Reason)
	toldEnd(t, "version fails on a host of a later group", ended)
	flockServes(t, s, "v2", "v2", "v2")
	for _, h := range s.Hosts.All {
		if err := runsOn(t.Context(), h, third); err == nil {
			t.Errorf("%s still runs on %s", third, h.Name)
		}
		if err := runsOn(t.Context(), h, second); err != nil {
			t.Error(err)
		}
	}

	fourth := submit(t, s, svc, "v4")
	await(t, s, fourth, slipway.Watching)
	begun := time.Now()
	cli(t, s, 0, "rollback", "search/flock", "--reason", "the canary is slow", "--wait")
	t.Logf("gave up what a canary had in %s", time.Since(begun).Round(time.Millisecond))
	if took := time.Since(begun); took > backAtOnce {
		t.Errorf("giving up a canary took %s", took)
	}
	flockServes(t, s, "v2", "v2", "v2")
	if ended := await(t, s, fourth, slipway.Ended); *ended.Outcome != slipway.Aborted {
		t.Errorf("it ended %s: %s", *ended.Outcome, ended.Reason)
	}
	fifth := tryAgain(t, s)
	for i, each := range traffic {
		report := stop(t, each)
		t.Logf("edge e%d: %d requests, %d failed, answered by %v", i+1, report.Total, report.Failures, report.Answers)
		if i > 0 && report.Answers["v3"] > 0 {
			t.Errorf("edge e%d sent %d requests to v3, which never got there", i+1, report.Answers["v3"])
		}
	}
	record(t, s, "release/"+third, "groups_rolled_back_in_the_second")
	record(t, s, "release/"+fifth, "groups_stuck_accepted")
	record(t, s, "lane/search.flock", "lane_groups")
}

// tryAgain has a version fail on one of the others when it serves there: they go
// back, the canary keeps it, and it comes to them once more when somebody says so.
func tryAgain(t *testing.T, s *system.System) string {
	t.Helper()
	push(t, s, "flock", "v5")
	begun := time.Now()
	id := submit(t, s, service(t, s, "flock", goesBackAlone), "v5")
	eventually(t, func() error {
		if r := status(t, s, id); r.Group != 2 || r.Phase != slipway.Watching {
			return fmt.Errorf("group %d is %s: %s", r.Group, r.Phase, r.Reason)
		}
		return nil
	})
	if got, err := system.Ask(t.Context(), edgeURLs(s)[2]+"/sick", "flock"); err != nil || got != "v5" {
		t.Fatalf("edge e3 answers %q: %v", got, err)
	}
	stuck := await(t, s, id, slipway.Stuck)
	told(t, "version fails in a later group, which goes back alone", stuck.Reason, string(stuck.Phase))
	flockServes(t, s, "v5", "v2", "v2")
	for i, h := range s.Hosts.All {
		if err := runsOn(t.Context(), h, id); (err == nil) != (i == 0) {
			t.Errorf("%s on %s: %v", id, h.Name, err)
		}
	}
	if err := s.Standalone.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := s.Standalone.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	cli(t, s, 0, "accept", id)
	await(t, s, id, slipway.Holding)
	flockServes(t, s, "v5", "v5", "v5")
	t.Logf("a group that went back alone was there in the end after %s", time.Since(begun).Round(time.Millisecond))
	return id
}

// flockServes wants each edge to answer with its version.
func flockServes(t *testing.T, s *system.System, versions ...string) {
	t.Helper()
	for i, url := range edgeURLs(s) {
		if got, err := system.Ask(t.Context(), url, "flock"); err != nil || got != versions[i] {
			t.Errorf("edge e%d answers %q (%v), want %s", i+1, got, err, versions[i])
		}
	}
}

// stopWhereItStarts stops a container on a host as soon as it runs there, before
// it is proven.
func stopWhereItStarts(t *testing.T, h *lab.Host, container string) {
	t.Helper()
	engine, err := docker.Dial(h.Docker(lab.Unix))
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	eventually(t, func() error {
		evidence, err := engine.Evidence(t.Context(), container)
		if err == nil && !strings.Contains(evidence.Logs, "listens on") {
			err = fmt.Errorf("%s on %s has said nothing yet", container, h.Name)
		}
		return err
	})
	if err := engine.Stop(t.Context(), container, 0); err != nil && !strings.Contains(err.Error(), "No such container") {
		t.Fatal(err)
	}
}
