package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/e2e/system"
)

// workers writes the service file of a service without a route, which notes in
// a file of the host when it works, and returns the paths of both.
func workers(t *testing.T, s *system.System, name, more string) (svc, worked string) {
	t.Helper()
	dir := filepath.Join(s.Dir, "data", name)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	svc = filepath.Join(s.Dir, name+".yaml")
	text := fmt.Sprintf(`project: search
service: %s
image: search/%[1]s
container: {volumes: [%q], environment: {WORK_FILE: /work/done}, stop_grace_period: 3s}
healthcheck: {exec: [/app, check]}
%s`, name, dir+":/work", more)
	if err := os.WriteFile(svc, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return svc, filepath.Join(dir, "done")
}

// gaps are the longest time without any work, and the version that worked last.
func gaps(t *testing.T, path string) (longest time.Duration, last string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before := int64(0)
	for line := range strings.Lines(string(text)) {
		at, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		ms, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if before > 0 {
			longest = max(longest, time.Duration(ms-before)*time.Millisecond)
		}
		before, last = ms, version
	}
	return longest, last
}

func TestAConsumerOfAQueueIsNeverAway(t *testing.T) {
	t.Parallel()
	s := start(t)
	svc, worked := workers(t, s, "consumer", "strategy: {blue_green: {hold: 10m}}\n")
	push(t, s, "consumer", "v1")
	push(t, s, "consumer", "v2", "READY_MS=300")
	push(t, s, "consumer", "v3", "READY_MS=never")
	first := release(t, s, svc, "v1", 0)
	second := release(t, s, svc, "v2", 0)
	if second.Phase != slipway.Holding || !second.RollbackReady || second.Gap != 0 {
		t.Fatalf("phase %s, rollback ready %t, gap %s", second.Phase, second.RollbackReady, second.Gap)
	}
	wantContainers(t, s, "consumer", first.ID+stopped, second.ID)
	if _, last := gaps(t, worked); last != "v2" {
		t.Errorf("%s works, want v2", last)
	}
	cli(t, s, 0, "rollback", "search/consumer", "--reason", "it skips messages", "--wait")
	ended := await(t, s, second.ID, slipway.Ended)
	if *ended.Outcome != slipway.RolledBack || !strings.Contains(ended.Reason, first.ID+" runs again after") {
		t.Errorf("outcome %s, reason %q", *ended.Outcome, ended.Reason)
	}
	wantContainers(t, s, "consumer", first.ID)
	short := strings.Replace(read(t, svc), "hold: 10m", "hold: 0s, deploy_timeout: 2s", 1)
	if err := os.WriteFile(svc, []byte(short), 0o600); err != nil {
		t.Fatal(err)
	}
	failed := release(t, s, svc, "v3", 3)
	if !strings.Contains(failed.Reason, "was not ready within 2s: exec /app: it ended with status 1: not ready") {
		t.Errorf("reason %q", failed.Reason)
	}
	fourth := await(t, s, release(t, s, svc, "v2", 0).ID, slipway.Ended)
	wantContainers(t, s, "consumer", fourth.ID)
	if longest, last := gaps(t, worked); longest > time.Second || last != "v2" {
		t.Errorf("nothing worked for %s, and then %s", longest, last)
	}
	record(t, s, "release/"+second.ID, "worker_rolled_back_while_held")
	record(t, s, "release/"+fourth.ID, "worker_live")
}

func TestVersionsThatMustNotRunAtOnceDoNot(t *testing.T) {
	t.Parallel()
	s := start(t)
	const alone = "strategy: {blue_green: {order: stop_first, hold: 10m, deploy_timeout: 5s}}\n"
	svc, worked := workers(t, s, "alone", alone)
	for _, tag := range []string{"v1", "v2"} {
		push(t, s, "alone", tag, "ALONE=1") // status 9 if another one has the file
	}
	push(t, s, "alone", "v3", "ALONE=1", "READY_MS=never")
	first := release(t, s, svc, "v1", 0)
	second := release(t, s, svc, "v2", 0)
	longest, last := gaps(t, worked)
	if took := second.Gap.Std(); last != "v2" || took == 0 || longest > took+time.Second {
		t.Errorf("%s works, after a gap of %s; told was %s", last, longest, took)
	}
	planned := decode[slipway.Preview](t, cli(t, s, 0, "plan", "-f", svc, "--tag", "v3", "-o", "json"))
	if want := "when " + second.ID + " took over it was " + second.Gap.String(); !strings.Contains(strings.Join(planned.Warnings, "\n"), want) {
		t.Errorf("warnings %q do not say %q", planned.Warnings, want)
	}
	cli(t, s, 0, "rollback", "search/alone", "--reason", "it skips messages", "--wait")
	ended := await(t, s, second.ID, slipway.Ended)
	wantContainers(t, s, "alone", first.ID)
	failed := release(t, s, svc, "v3", 3)
	if !strings.Contains(failed.Reason, "was not ready within 5s") || !strings.Contains(failed.Reason, first.ID+" runs again after") {
		t.Errorf("reason %q", failed.Reason)
	}
	wantContainers(t, s, "alone", first.ID)
	if _, last := gaps(t, worked); last != "v1" {
		t.Errorf("%s works, want v1", last)
	}
	record(t, s, "release/"+ended.ID, "stop_first_rolled_back_while_held")
	record(t, s, "release/"+failed.ID, "stop_first_rolled_back_never_ready")
}

// A service with a route may ask for the same.
func TestAServiceBehindARouteIsStoppedFirst(t *testing.T) {
	t.Parallel()
	s := start(t)
	svc := service(t, s, "exclusive", "strategy: {blue_green: {order: stop_first, hold: 10m}}\n")
	push(t, s, "exclusive", "v1")
	push(t, s, "exclusive", "v2")
	first := release(t, s, svc, "v1", 0)
	second := release(t, s, svc, "v2", 0)
	if got := ask(t, s, "exclusive"); got != "v2" || second.Gap == 0 {
		t.Errorf("%s serves, after a gap of %s", got, second.Gap)
	}
	cli(t, s, 0, "rollback", "search/exclusive", "--reason", "users see errors", "--wait")
	await(t, s, second.ID, slipway.Ended)
	if got := ask(t, s, "exclusive"); got != "v1" {
		t.Errorf("%s serves, want v1", got)
	}
	wantContainers(t, s, "exclusive", first.ID)
	record(t, s, "release/"+second.ID, "exclusive_rolled_back_while_held")
}

func TestARestartTakesThePlaceOfWhatServesUnderTraffic(t *testing.T) {
	t.Parallel()
	s := start(t)
	svc := service(t, s, "restart", "strategy: {blue_green: {hold: 0s}}\n")
	push(t, s, "restart", "v1")
	release(t, s, svc, "v1", 0)
	traffic := s.StartTraffic(t.Context(), "restart", rate)
	cli(t, s, 0, "restart", "search/restart", "--reason", "it leaks", "--wait")
	stop(t, traffic)
	second := await(t, s, "search.restart.2", slipway.Ended)
	if second.Kind != slipway.KindRestart || *second.Outcome != slipway.Live {
		t.Errorf("%s ended %s (%s)", second.Kind, *second.Outcome, second.Reason)
	}
	wantContainers(t, s, "restart", second.ID)
	record(t, s, "release/"+second.ID, "restart")
	record(t, s, "lane/search.restart", "lane_restart")
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
