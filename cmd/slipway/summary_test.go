package main

import (
	"errors"
	"testing"

	"slipway"
)

func TestColourAddsToTheFirstLineOfASummaryOnly(t *testing.T) {
	release := slipway.Release{ID: "search.query-api.2"}
	ended(slipway.RolledBack, "it died:\npanic")(&release)
	want := "\x1b[33msearch.query-api.2 was rolled back: it died:\x1b[0m\n    panic"
	if got := colored(release, summary(release)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestExitStatusIsTheOutcome(t *testing.T) {
	for outcome, want := range map[slipway.Outcome]error{
		slipway.Live:       nil,
		slipway.Refused:    verdict(1),
		slipway.RolledBack: verdict(3),
		slipway.Rejected:   verdict(3),
		slipway.Aborted:    verdict(3),
		slipway.Superseded: verdict(3),
		slipway.Failed:     verdict(1),
	} {
		if got := judge(slipway.Release{Outcome: &outcome}); !errors.Is(got, want) {
			t.Errorf("%s: got %v, want %v", outcome, got, want)
		}
	}
}

func TestExitStatusOfErrors(t *testing.T) {
	for code, want := range map[slipway.Code]int{
		slipway.CodeInvalid:         2,
		slipway.CodeUnauthenticated: 4,
		slipway.CodeForbidden:       4,
		slipway.CodeNotFound:        1,
		slipway.CodeConflict:        1,
		slipway.CodeTooMany:         1,
		slipway.CodeUnavailable:     5,
		slipway.CodeInternal:        1,
	} {
		if got := exitStatus(slipway.Errorf(code, "no")); got != want {
			t.Errorf("%s: got %d, want %d", code, got, want)
		}
	}
}
