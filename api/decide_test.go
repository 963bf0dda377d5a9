package api_test

import (
	"net/http"
	"testing"

	"slipway"
)

func TestDecide_IsAboutWhatWasSeen(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.workflows.put(release("search.query-api.7", slipway.AwaitingApproval, func(r *slipway.Release) {
		r.Gates = []slipway.GateState{{Gate: slipway.Gate{Name: "go", Approvers: slipway.Approvers{Role: slipway.Approver, Quorum: 1}}, State: slipway.GateOpen}}
	}))
	for _, c := range []struct {
		digest, settings string
		want             int
	}{
		{"", "", http.StatusNoContent}, // as it is now
		{"sha256:seen", "", http.StatusConflict},
		{digest, "s0", http.StatusConflict},
		{digest, "s1", http.StatusNoContent},
	} {
		a := s.as("abel", "POST", "/api/v1/releases/search.query-api.7/decisions",
			map[string]string{"gate": "go", "decision": "approve", "digest": c.digest, "settings": c.settings})
		if a.StatusCode != c.want {
			t.Errorf("seen %q with %q: %s: %s", c.digest, c.settings, a.Status, a.body)
		}
	}
	for _, d := range s.workflows.decided {
		if d.Digest != digest || d.Settings != "s1" {
			t.Errorf("decided on %q with %q", d.Digest, d.Settings)
		}
	}
}

// When the answer to a decision is lost, the command sends it once more: the
// release knows its own, by the key. Nobody else decides on what is decided.
func TestDecide_IsPassedOnAgainToAGateThatItHasDecided(t *testing.T) {
	t.Parallel()
	for by, heard := range map[string]int{"abel": 1, "somebody": 0} {
		s := newSite(t)
		s.workflows.put(release("search.query-api.7", slipway.AwaitingApproval, func(r *slipway.Release) {
			r.Gates = []slipway.GateState{{
				Gate:  slipway.Gate{Name: "go", Approvers: slipway.Approvers{Role: slipway.Approver, Quorum: 1}},
				State: slipway.GateApproved, Decisions: []slipway.Decision{{Gate: "go", By: by, Verdict: slipway.Approve}},
			}}
		}))
		s.as("abel", "POST", "/api/v1/releases/search.query-api.7/decisions", map[string]string{"gate": "go", "decision": "approve"})
		if s.workflows.heard != heard {
			t.Errorf("decided by %s, the release heard of abel's decision %d times, want %d", by, s.workflows.heard, heard)
		}
	}
}
