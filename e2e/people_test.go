package e2e

import (
	"strings"
	"testing"

	"slipway"
	"slipway/e2e/system"
)

// as runs a command as somebody, who signs in first if that is still to be done,
// and wants its exit status.
func as(t testing.TB, s *system.System, user string, status int, args ...string) system.Result {
	t.Helper()
	in, err := s.Token(user)
	if err == nil && in == "" {
		err = s.SignIn(t.Context(), user)
	}
	var result system.Result
	if err == nil {
		result, err = s.CLI(t.Context(), user, args...)
	}
	if err != nil {
		t.Fatalf("slipway %s by %s: %v", strings.Join(args, " "), user, err)
	}
	if result.Status != status {
		t.Fatalf("slipway %s by %s: exit status %d, want %d\nstdout: %s\nstderr: %s\nstandalone: %s",
			strings.Join(args, " "), user, result.Status, status, result.Stdout, result.Stderr, s.Standalone.Log())
	}
	return result
}

func TestALockKeepsReleasesAwayAndNoWayBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	svc := service(t, s, "lock", "")
	push(t, s, "lock", "v1")
	push(t, s, "lock", "v2")
	release(t, s, svc, "v1", 0)
	second := release(t, s, svc, "v2", 0)
	as(t, s, "bob", 0, "lock", "search/lock", "--reason", "the database moves")
	refused := as(t, s, "ann", 1, "release", "-f", svc, "--tag", "v1")
	if want := "search/lock is locked by bob: the database moves"; !strings.Contains(refused.Stderr, want) {
		t.Errorf("refused with %q, want %q", refused.Stderr, want)
	}
	if out := cli(t, s, 0, "services"); !strings.Contains(out, "locked by bob: the database moves") {
		t.Errorf("services do not show the lock:\n%s", out)
	}
	cli(t, s, 0, "rollback", "search/lock", "--reason", "users see errors", "--wait")
	if r := await(t, s, second.ID, slipway.Ended); *r.Outcome != slipway.RolledBack {
		t.Errorf("outcome %s: %s", *r.Outcome, r.Reason)
	}
	if v := ask(t, s, "lock"); v != "v1" {
		t.Errorf("%s serves", v)
	}
	cli(t, s, 0, "unlock", "search/lock", "--reason", "it has moved")
	release(t, s, svc, "v2", 0)
}

func TestANewerReleaseTakesThePlaceOfOneThatWaits(t *testing.T) {
	t.Parallel()
	s := start(t)
	push(t, s, "newer", "v1")
	push(t, s, "newer", "v2")
	push(t, s, "newer", "v3")
	first := release(t, s, service(t, s, "newer", ""), "v1", 0)
	svc := service(t, s, "newer", gated)
	second := submit(t, s, svc, "v2")
	await(t, s, second, slipway.AwaitingApproval)
	third := submit(t, s, svc, "v3")
	replaced := await(t, s, second, slipway.Ended)
	if *replaced.Outcome != slipway.Superseded || !strings.Contains(replaced.Reason, third) {
		t.Fatalf("outcome %s, reason %q: want superseded by %s", *replaced.Outcome, replaced.Reason, third)
	}
	await(t, s, third, slipway.AwaitingApproval)
	if v := ask(t, s, "newer"); v != "v1" {
		t.Errorf("%s serves", v)
	}
	wantContainers(t, s, "newer", first.ID, third)
	as(t, s, "ann", 4, "approve", third) // no approver, and she asked for it
	approved := as(t, s, "bob", 0, "approve", third, "--reason", "looks good")
	if seen := status(t, s, third); !strings.Contains(approved.Stdout, slipway.ShortDigest(seen.Digest)) || !strings.Contains(approved.Stdout, "asked for by ann") {
		t.Errorf("bob was shown %q, the digest is %s", approved.Stdout, seen.Digest)
	}
	if r := await(t, s, third, slipway.Holding); r.Phase != slipway.Holding {
		t.Errorf("%s: %s", r.Phase, r.Reason)
	}
	record(t, s, "release/"+second, "superseded_at_gate")
}

func TestAReleaseInTheQueueIsAbortedOrSupersededWhereEverybodySeesIt(t *testing.T) {
	t.Parallel()
	s := start(t)
	svc := service(t, s, "queue", "")
	push(t, s, "queue", "v1", "READY_MS=never")
	first := submit(t, s, svc, "v1")
	await(t, s, first, slipway.Probing)
	second, third := submit(t, s, svc, "v1"), submit(t, s, svc, "v1")
	if r := await(t, s, second, slipway.Ended); *r.Outcome != slipway.Superseded || !strings.Contains(r.Reason, third) {
		t.Errorf("outcome %s, reason %q: want superseded by %s", *r.Outcome, r.Reason, third)
	}
	if r := status(t, s, third); r.Phase != slipway.Queued {
		t.Errorf("the third is %s", r.Phase)
	}
	cli(t, s, 0, "abort", third, "--reason", "wrong branch")
	if r := await(t, s, third, slipway.Ended); *r.Outcome != slipway.Aborted || !strings.Contains(r.Reason, "wrong branch") {
		t.Errorf("outcome %s, reason %q", *r.Outcome, r.Reason)
	}
	cli(t, s, 0, "abort", first)
	await(t, s, first, slipway.Ended)
	wantContainers(t, s, "queue")
	record(t, s, "release/"+second, "superseded_in_queue")
	record(t, s, "lane/search.queue", "lane_queue_superseded_aborted")
}
