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
