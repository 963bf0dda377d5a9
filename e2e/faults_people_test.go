package e2e

import (
	"testing"

	"slipway"
)

func TestDecisionsThatCannotBeTakenSayWhy(t *testing.T) {
	s := startProxied(t)
	if err := s.SignIn(t.Context(), "olga"); err != nil {
		t.Fatal(err)
	}
	file := service(t, s, "decisions", "gates: [{name: go, approvers: {role: approver, quorum: 2}}]\n")
	push(t, s, "decisions", "v1")
	push(t, s, "decisions", "never", "READY_MS=never")

	early := submit(t, s, file, "never")
	await(t, s, early, slipway.Probing)
	told(t, "decision on a gate that is not open yet", bob(t, s, 1, "approve", early, "--gate", "go").Stderr, "unchanged")
	cli(t, s, 0, "abort", early, "--reason", "seen enough")
	await(t, s, early, slipway.Ended)
	told(t, "decision on a gate that is closed", bob(t, s, 1, "approve", early, "--gate", "go").Stderr, "unchanged")

	result, err := s.CLI(t.Context(), "olga", "release", "-f", file, "--tag", "v1", "-o", "json")
	if err != nil || result.Status != 0 {
		t.Fatalf("release: %v: %s", err, result.Stderr)
	}
	id := decode[slipway.Release](t, result.Stdout).ID
	await(t, s, id, slipway.AwaitingApproval)
	told(t, "decision on another release's gate", bob(t, s, 1, "approve", id, "--gate", "legal").Stderr, "unchanged")
	bob(t, s, 0, "approve", id)
	told(t, "decision twice by the same person", bob(t, s, 1, "approve", id).Stderr, "unchanged")
	result, err = s.CLI(t.Context(), "ann", "approve", id)
	if err != nil || result.Status != 4 {
		t.Errorf("approve without the role: %v, status %d, want 4", err, result.Status)
	}
	told(t, "decision by somebody who is no approver", result.Stderr, "unchanged")
	if r := status(t, s, id); r.Phase != slipway.AwaitingApproval {
		t.Errorf("%s is %s: the gate was not to open", id, r.Phase)
	}
	cli(t, s, 0, "abort", id, "--reason", "seen enough")
	await(t, s, id, slipway.Ended)
	wantContainers(t, s, "decisions")
}

func TestTwoReleasesAtOnceGoOneAfterTheOther(t *testing.T) {
	s := startProxied(t)
	file := service(t, s, "twoatonce", "strategy: {blue_green: {hold: 0s, drain_timeout: 1s}}\n")
	push(t, s, "twoatonce", "v1", "READY_MS=500")
	push(t, s, "twoatonce", "v2")
	first, second := submit(t, s, file, "v1"), submit(t, s, file, "v2")
	told(t, "two releases at once", status(t, s, second).Reason, "live")
	for _, id := range []string{first, second} {
		if ended := await(t, s, id, slipway.Ended); *ended.Outcome != slipway.Live {
			t.Errorf("%s ended %s (%s), want live", id, *ended.Outcome, ended.Reason)
		}
	}
	if got := ask(t, s, "twoatonce"); got != "v2" {
		t.Errorf("%s serves, want v2", got)
	}
	wantContainers(t, s, "twoatonce", second)
}
