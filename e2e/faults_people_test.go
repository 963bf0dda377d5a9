package e2e

import (
	"testing"

	"slipway"
)

func TestDecisionsThatCannotBeTakenSayWhy(t *testing.T) {
	t.Parallel()
	s := start(t)
	file := service(t, s, "decisions", "gates: [{name: go, approvers: {role: approver, quorum: 2}}]\n")
	push(t, s, "decisions", "v1")
	push(t, s, "decisions", "never", "READY_MS=never")

	early := submit(t, s, file, "never")
	await(t, s, early, slipway.Probing)
	told(t, "decision on a gate that is not open yet", as(t, s, "bob", 1, "approve", early, "--gate", "go").Stderr, "unchanged")
	cli(t, s, 0, "abort", early, "--reason", "seen enough")
	await(t, s, early, slipway.Ended)
	told(t, "decision on a gate that is closed", as(t, s, "bob", 1, "approve", early, "--gate", "go").Stderr, "unchanged")

	id := decode[slipway.Release](t, as(t, s, "olga", 0, "release", "-f", file, "--tag", "v1", "-o", "json").Stdout).ID
	await(t, s, id, slipway.AwaitingApproval)
	told(t, "decision on another release's gate", as(t, s, "bob", 1, "approve", id, "--gate", "legal").Stderr, "unchanged")
	as(t, s, "bob", 0, "approve", id)
	told(t, "decision twice by the same person", as(t, s, "bob", 1, "approve", id).Stderr, "unchanged")
	told(t, "decision by somebody who is no approver", as(t, s, "ann", 4, "approve", id).Stderr, "unchanged")
	if r := status(t, s, id); r.Phase != slipway.AwaitingApproval {
		t.Errorf("%s is %s: the gate was not to open", id, r.Phase)
	}
	cli(t, s, 0, "abort", id, "--reason", "seen enough")
	await(t, s, id, slipway.Ended)
	wantContainers(t, s, "decisions")
}

func TestTwoReleasesAtOnceGoOneAfterTheOther(t *testing.T) {
	t.Parallel()
	s := start(t)
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
