package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/e2e/system"
	"slipway/workflows"
)

// declare writes the fleet file anew, with more at its end, and waits until that
// is what is in force.
func declare(t *testing.T, s *system.System, svc, before, more, says string) {
	t.Helper()
	if err := os.WriteFile(s.FleetFile(), []byte(before+more), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if plan := cli(t, s, 0, "plan", "-f", svc, "--tag", "v2"); says == "" == strings.Contains(plan, "year-end") || !strings.Contains(plan, says) {
			return fmt.Errorf("the plan should say %q:\n%s", says, plan)
		}
		return nil
	})
}

// A freeze is declared, holds a release that is ready, and takes two people to
// be passed; nobody passes it through Temporal, and it holds no way back.
func TestAFreezeHoldsTheSwitchUntilTwoPeopleBreakTheGlass(t *testing.T) {
	s := start(t)
	svc := service(t, s, "windows", "")
	for _, tag := range []string{"v1", "v2"} {
		push(t, s, "windows", tag)
	}
	first := release(t, s, svc, "v1", 0)
	text, err := os.ReadFile(s.FleetFile())
	if err != nil {
		t.Fatal(err)
	}
	before := string(text)
	t.Cleanup(func() {
		if err := os.WriteFile(s.FleetFile(), text, 0o600); err != nil {
			t.Error(err)
		}
	})
	freeze := func(until string) string {
		return "freezes: [{name: year-end, reason: the shops are full, services: [search/windows], time_zone: Europe/Berlin" + until + "}]\n"
	}
	declare(t, s, svc, before, freeze(""), "it will be refused: search/windows may not switch now (freeze year-end (the shops are full)), and nobody knows until when")
	if refused := as(t, s, "ann", 1, "release", "-f", svc, "--tag", "v2"); !strings.Contains(refused.Stderr, "nobody knows until when") {
		t.Errorf("refused with %q", refused.Stderr)
	}
	declare(t, s, svc, before, freeze(", until: "+time.Now().AddDate(0, 0, 2).Format(slipway.DateLayout)), "it would not switch now, but wait: freeze year-end")

	id := submit(t, s, svc, "v2")
	waiting := await(t, s, id, slipway.AwaitingApproval)
	if waiting.Waits == nil || waiting.Waits.For != slipway.WaitsForWindow || waiting.Waits.Until == nil {
		t.Errorf("it waits for %+v", waiting.Waits)
	}
	wantContainers(t, s, "windows", first.ID, id)
	intruder := intrude(t, s)
	for _, name := range []string{"bob", "olga"} {
		forged := slipway.Pass{By: name, Reason: "let me", Decides: true, Digest: waiting.Digest, Settings: waiting.Settings}
		if err := intruder.SignalWorkflow(t.Context(), "release/"+id, "", workflows.Pass, forged); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, func() error {
		if r := status(t, s, id); len(r.Passes) > 0 || !strings.Contains(r.Ignored, "there is no signed pass") {
			return fmt.Errorf("passes are %+v, ignored %q", r.Passes, r.Ignored)
		}
		return nil
	})
	as(t, s, "eve", 1, "break-glass", id, "--reason", "let me")
	if out := as(t, s, "ann", 0, "break-glass", id, "--reason", "orders get lost"); !strings.Contains(out.Stdout, "waits for one more person") {
		t.Errorf("ann was told %q", out.Stdout)
	}
	as(t, s, "ann", 1, "break-glass", id, "--reason", "orders get lost")
	if v := ask(t, s, "windows"); v != "v1" {
		t.Errorf("%s serves", v)
	}
	as(t, s, "bob", 0, "break-glass", id, "--reason", "I see it, too")
	await(t, s, id, slipway.Holding)
	if shown := cli(t, s, 0, "status", id); !strings.Contains(shown, "orders get lost") || !strings.Contains(shown, "I see it, too") {
		t.Errorf("it shows\n%s", shown)
	}
	if log := as(t, s, "bob", 0, "audit", "--action", "release.break_glass").Stdout; strings.Count(log, id) < 3 {
		t.Errorf("the audit log has\n%s", log)
	}
	cli(t, s, 0, "rollback", "search/windows", "--reason", "it was not that", "--wait")
	if r := await(t, s, id, slipway.Ended); *r.Outcome != slipway.RolledBack {
		t.Errorf("outcome %s: %s", *r.Outcome, r.Reason)
	}
	record(t, s, "release/"+id, "glass_broken_rolled_back")

	// What is taken out holds nobody any more.
	id = submit(t, s, svc, "v2")
	await(t, s, id, slipway.AwaitingApproval)
	declare(t, s, svc, before, "", "")
	await(t, s, id, slipway.Holding)
	cli(t, s, 0, "accept", id)
	await(t, s, id, slipway.Ended)
	record(t, s, "release/"+id, "freeze_taken_out")
}

func TestAStoppedLineHoldsReleasesAndNoWayBack(t *testing.T) {
	s := start(t)
	svc := service(t, s, "stops", "")
	for _, tag := range []string{"v1", "v2"} {
		push(t, s, "stops", tag)
	}
	release(t, s, svc, "v1", 0)
	release(t, s, svc, "v2", 0)
	as(t, s, "ann", 4, "line", "stop", "--project", "search", "--reason", "fire")
	as(t, s, "bob", 4, "line", "stop", "--reason", "fire") // of all: that is for operators
	as(t, s, "bob", 0, "line", "stop", "--project", "search", "--reason", "fire")
	waits := submit(t, s, svc, "v1")
	if r := status(t, s, waits); r.Phase != slipway.Queued || r.Waits == nil || !strings.Contains(r.Waits.Reason, "the line of search was stopped by bob: fire") {
		t.Errorf("it is %s and waits for %+v", r.Phase, r.Waits)
	}
	if out := cli(t, s, 0, "services"); !strings.Contains(out, "the line of search was stopped by bob: fire") {
		t.Errorf("services do not show it:\n%s", out)
	}
	if out := cli(t, s, 0, "line"); !strings.Contains(out, "the line of search was stopped by bob: fire") {
		t.Errorf("the line is\n%s", out)
	}
	cli(t, s, 0, "rollback", "search/stops", "--reason", "users see errors", "--wait")
	if v := ask(t, s, "stops"); v != "v1" {
		t.Errorf("%s serves", v)
	}
	as(t, s, "ann", 4, "line", "resume", "--project", "search", "--reason", "out")
	as(t, s, "bob", 0, "line", "resume", "--project", "search", "--reason", "it is out")
	if r := await(t, s, waits, slipway.Ended); *r.Outcome != slipway.Live { // which v1 is already
		t.Errorf("outcome %s: %s", *r.Outcome, r.Reason)
	}
	record(t, s, "line", "line")
	record(t, s, "lane/search.stops", "lane_stopped")
}
