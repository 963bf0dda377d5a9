// Package e2e tests Slipway as a whole: the built binaries as processes of their
// own, on a real Docker Engine, real registries and a real edge.
package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/drivers/docker"
	"slipway/e2e/system"
)

// rate is how many requests a second go through the edge while something
// happens: enough to notice what is lost, little enough for two processors that
// run everything else as well.
const rate = 200

func TestANewVersionTakesOverUnderTrafficAndTheOldOneIsRetired(t *testing.T) {
	t.Parallel()
	s := start(t)
	svc := service(t, s, "takeover", "strategy: {blue_green: {hold: 0s}}\n")
	push(t, s, "takeover", "v1")
	push(t, s, "takeover", "v2")
	release(t, s, svc, "v1", 0)
	traffic := s.StartTraffic(t.Context(), "takeover", rate)
	done := release(t, s, svc, "v2", 0)
	report := stop(t, traffic)
	if report.Answers["v1"] == 0 || report.Answers["v2"] == 0 {
		t.Fatalf("answers: %v, want some of v1, then some of v2", report.Answers)
	}
	if report.Last["v1"].After(report.First["v2"].Add(time.Second)) {
		t.Errorf("v1 answered until %s after v2 had", report.Last["v1"].Sub(report.First["v2"]))
	}
	ended := await(t, s, done.ID, slipway.Ended)
	if *ended.Outcome != slipway.Live {
		t.Fatalf("outcome %s (%s), want live", *ended.Outcome, ended.Reason)
	}
	wantContainers(t, s, "takeover", done.ID)
	record(t, s, "release/search.takeover.1", "first_live")
	record(t, s, "release/"+done.ID, "live_without_hold")
	record(t, s, "lane/search.takeover", "lane_two_releases")
}

func TestExactlyWhatServesAlreadyIsNotReleasedAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	svc := service(t, s, "again", "")
	push(t, s, "again", "v1")
	first := release(t, s, svc, "v1", 0)
	second := release(t, s, svc, "v1", 0)
	if *second.Outcome != slipway.Live || !strings.Contains(second.Reason, first.ID) {
		t.Fatalf("outcome %s, reason %q: want live, naming %s", *second.Outcome, second.Reason, first.ID)
	}
	forced := release(t, s, svc, "v1", 0, "--force")
	if forced.SwitchedAt == nil {
		t.Fatal("--force did not release again")
	}
	record(t, s, "release/"+second.ID, "live_already")
}

func TestAVersionThatNeverGetsReadyIsUndone(t *testing.T) {
	t.Parallel()
	s := start(t)
	svc := service(t, s, "neverready", "strategy: {blue_green: {deploy_timeout: 2s}}\n")
	push(t, s, "neverready", "v1")
	push(t, s, "neverready", "v2", "READY_MS=never")
	first := release(t, s, svc, "v1", 0)
	traffic := s.StartTraffic(t.Context(), "neverready", rate)
	second := release(t, s, svc, "v2", 3)
	report := stop(t, traffic)
	if report.Answers["v2"] != 0 {
		t.Errorf("v2, which was never ready, answered %d requests", report.Answers["v2"])
	}
	if *second.Outcome != slipway.RolledBack || !strings.Contains(second.Reason, "not ready within 2s") {
		t.Errorf("outcome %s, reason %q", *second.Outcome, second.Reason)
	}
	wantContainers(t, s, "neverready", first.ID)
	record(t, s, "release/"+second.ID, "rolled_back_never_ready")
}

func TestAVersionWhoseProcessExitsIsUndoneAtOnceWithItsLastWords(t *testing.T) {
	t.Parallel()
	s := start(t)
	svc := service(t, s, "exits", "")
	push(t, s, "exits", "v1", "EXIT_AFTER_MS=0", "EXIT_CODE=7", "EXIT_MESSAGE=no index at /data")
	begun := time.Now()
	first := release(t, s, svc, "v1", 3)
	if took := time.Since(begun); took > 15*time.Second {
		t.Errorf("it took %s to give up on a process that exits at once", took)
	}
	for _, want := range []string{"code 7", "no index at /data"} {
		if !strings.Contains(first.Reason, want) {
			t.Errorf("reason %q does not say %q", first.Reason, want)
		}
	}
	wantContainers(t, s, "exits")
	record(t, s, "release/"+first.ID, "rolled_back_first_exits")
}

func TestATagThatIsNotThereIsRefusedAndNothingIsChanged(t *testing.T) {
	t.Parallel()
	s := start(t)
	svc := service(t, s, "notag", "")
	push(t, s, "notag", "v1")
	refused := release(t, s, svc, "v9", 1)
	if *refused.Outcome != slipway.Refused || !strings.Contains(refused.Reason, "v9") {
		t.Errorf("outcome %s, reason %q: want refused, naming the tag", *refused.Outcome, refused.Reason)
	}
	wantContainers(t, s, "notag")
	record(t, s, "release/"+refused.ID, "refused_no_tag")
}

func TestGoingBackWhileBlueIsHeldIsASwitchAndNothingElse(t *testing.T) {
	t.Parallel()
	s := start(t)
	svc := service(t, s, "goback", "strategy: {blue_green: {hold: 10m}}\n")
	push(t, s, "goback", "v1")
	push(t, s, "goback", "v2")
	first := release(t, s, svc, "v1", 0)
	second := release(t, s, svc, "v2", 0)
	if second.Phase != slipway.Holding || !second.RollbackReady {
		t.Fatalf("phase %s, rollback ready %t: want a release that holds its blue", second.Phase, second.RollbackReady)
	}
	traffic := s.StartTraffic(t.Context(), "goback", rate)
	cli(t, s, 0, "rollback", "search/goback", "--reason", "users see errors", "--wait")
	report := stop(t, traffic)
	if report.Answers["v1"] == 0 {
		t.Error("v1 does not answer after the rollback")
	}
	ended := await(t, s, second.ID, slipway.Ended)
	if *ended.Outcome != slipway.RolledBack || !strings.Contains(ended.Reason, "users see errors") {
		t.Errorf("outcome %s, reason %q", *ended.Outcome, ended.Reason)
	}
	wantContainers(t, s, "goback", first.ID)
	record(t, s, "release/"+second.ID, "rolled_back_while_held")
	record(t, s, "lane/search.goback", "lane_rolled_back_while_held")
}

func TestGoingBackAfterTheHoldReleasesTheOldVersionAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	svc := service(t, s, "later", "strategy: {blue_green: {hold: 0s}}\n")
	push(t, s, "later", "v1")
	push(t, s, "later", "v2")
	release(t, s, svc, "v1", 0)
	second := release(t, s, svc, "v2", 0)
	await(t, s, second.ID, slipway.Ended)
	traffic := s.StartTraffic(t.Context(), "later", rate)
	cli(t, s, 0, "rollback", "search/later", "--reason", "slow", "--wait")
	stop(t, traffic)
	if got := ask(t, s, "later"); got != "v1" {
		t.Errorf("%s serves after the rollback, want v1", got)
	}
	await(t, s, "search.later.3", slipway.Ended)
	wantContainers(t, s, "later", "search.later.3")
	record(t, s, "release/search.later.3", "rollback_after_hold")
}

func TestAReleaseThatIsAbortedLeavesEverythingAsItWas(t *testing.T) {
	t.Parallel()
	s := start(t)
	svc := service(t, s, "abort", "strategy: {blue_green: {deploy_timeout: 60s}}\n")
	push(t, s, "abort", "v1")
	push(t, s, "abort", "v2", "READY_MS=never")
	first := release(t, s, svc, "v1", 0)
	second := submit(t, s, svc, "v2")
	await(t, s, second, slipway.Probing)
	cli(t, s, 0, "abort", second, "--reason", "wrong branch")
	ended := await(t, s, second, slipway.Ended)
	if *ended.Outcome != slipway.Aborted || !strings.Contains(ended.Reason, "wrong branch") {
		t.Errorf("outcome %s, reason %q", *ended.Outcome, ended.Reason)
	}
	wantContainers(t, s, "abort", first.ID)
	record(t, s, "release/"+second, "aborted_probing")
}

// release runs the command that people run, and wants its exit status.
func release(t *testing.T, s *system.System, file, tag string, status int, more ...string) slipway.Release {
	t.Helper()
	out := cli(t, s, status, append([]string{"release", "-f", file, "--tag", tag, "--wait", "-o", "json"}, more...)...)
	return decode[slipway.Release](t, out)
}

// submit does not wait, and returns the id.
func submit(t *testing.T, s *system.System, file, tag string) string {
	t.Helper()
	return decode[slipway.Release](t, cli(t, s, 0, "release", "-f", file, "--tag", tag, "-o", "json")).ID
}

// status is how a release stands, as soon as the API says so.
func status(t testing.TB, s *system.System, id string) (r slipway.Release) {
	t.Helper()
	eventually(t, func() error { return s.Get(t.Context(), "ann", "/releases/"+id, &r) })
	return r
}

// await returns the release when it is in the phase, or past it.
func await(t testing.TB, s *system.System, id string, phase slipway.Phase) (r slipway.Release) {
	t.Helper()
	err := within(t.Context(), 90*time.Second, 50*time.Millisecond, func() error {
		r = slipway.Release{}
		err := s.Get(t.Context(), "ann", "/releases/"+id, &r)
		if err == nil && r.Phase != phase && r.Phase != slipway.Ended {
			err = fmt.Errorf("%s is %s, and was to be %s: %+v", id, r.Phase, phase, r)
		}
		return err
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, s.Standalone.Log())
	}
	return r
}

// awaitCleanup returns when nothing of the release is left to be removed.
func awaitCleanup(t *testing.T, s *system.System, id string) {
	t.Helper()
	err := within(t.Context(), 90*time.Second, 50*time.Millisecond, func() error {
		if status(t, s, id).CleanupPending {
			return fmt.Errorf("%s was never cleaned up", id)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, s.Standalone.Log())
	}
}

// cli runs a command as ann, wants its exit status, and returns what it says.
func cli(t testing.TB, s *system.System, status int, args ...string) string {
	t.Helper()
	return as(t, s, "ann", status, args...).Stdout
}

func decode[T any](t testing.TB, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("not one JSON value: %v\n%s", err, text)
	}
	return v
}

func service(t *testing.T, s *system.System, name, more string) string {
	t.Helper()
	path, err := s.Service(name, more)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func push(t *testing.T, s *system.System, name, tag string, env ...string) {
	t.Helper()
	if _, err := s.Push(t.Context(), "search/"+name, tag, env...); err != nil {
		t.Fatal(err)
	}
}

func ask(t *testing.T, s *system.System, name string) string {
	t.Helper()
	version, err := s.Ask(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// stop ends the traffic and wants none of it lost.
func stop(t *testing.T, traffic *system.Traffic) system.Report {
	t.Helper()
	report := traffic.Stop()
	if report.Failures > 0 {
		t.Errorf("%d of %d requests failed: %s", report.Failures, report.Total, strings.Join(report.Failed, "; "))
	}
	return report
}

// stopped marks a release whose container is there and does not run.
const stopped = " (stopped)"

// wantContainers wants exactly the containers of these releases of the service
// on the host, running unless they are marked.
func wantContainers(t *testing.T, s *system.System, name string, releases ...string) {
	t.Helper()
	wantContainersOn(t, s.Docker(), name, releases...)
}

func wantContainersOn(t *testing.T, host slipway.Host, name string, releases ...string) {
	t.Helper()
	engine, err := docker.Dial(host)
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	found, err := engine.List(t.Context(), slipway.ServiceID{Project: "search", Service: name})
	if err != nil {
		t.Fatal(err)
	}
	have, want := map[string]bool{}, map[string]bool{}
	for _, c := range found {
		have[c.Name] = c.Running
	}
	for _, r := range releases {
		name, isStopped := strings.CutSuffix(r, stopped)
		want[name] = !isStopped
	}
	if fmt.Sprint(have) != fmt.Sprint(want) {
		t.Errorf("containers of %s on %s (and whether they run): %v, want %v", name, host.Name, have, want)
	}
}
