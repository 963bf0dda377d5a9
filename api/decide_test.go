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
	for _, c := range []struct{ digest, settings, wantDigest, wantSettings string }{
		{"", "", digest, "s1"},                     // as it is now
		{"sha256:seen", "s0", "sha256:seen", "s0"}, // the workflow refuses it
	} {
		a := s.as("abel", "POST", "/api/v1/releases/search.query-api.7/decisions",
			map[string]string{"gate": "go", "decision": "approve", "digest": c.digest, "settings": c.settings})
		if a.StatusCode != http.StatusNoContent {
			t.Fatalf("%s: %s", a.Status, a.body)
		}
		if d := s.workflows.decided[len(s.workflows.decided)-1]; d.Digest != c.wantDigest || d.Settings != c.wantSettings {
			t.Errorf("decided on %q with %q, want %q with %q", d.Digest, d.Settings, c.wantDigest, c.wantSettings)
		}
	}
}
