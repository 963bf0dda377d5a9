package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"slipway"
)

// What a release says of itself comes from Temporal. Nobody is made to decide on
// something else than what was ordered.
func TestNobodyDecidesOnAReleaseThatIsNotWhatWasOrdered(t *testing.T) {
	t.Parallel()
	approvers := slipway.Approvers{Role: slipway.Approver, Quorum: 2}
	for name, c := range map[string]struct {
		change func(*slipway.Release)
		says   string
	}{
		"no order":                {func(r *slipway.Release) { r.Signature = "" }, "there is no signed order"},
		"another's order":         {func(r *slipway.Release) { r.Signature = ordered(release("shop.web.1", slipway.Queued)) }, "somebody has changed it in Temporal"},
		"another tag":             {func(r *slipway.Release) { r.Tag = "v9" }, "shows v9"},
		"other settings":          {func(r *slipway.Release) { r.Settings = "s9" }, "somebody has changed it in Temporal"},
		"another plan":            {func(r *slipway.Release) { r.Plan = "p9" }, "somebody has changed it in Temporal"},
		"another requester":       {func(r *slipway.Release) { r.RequestedBy = "nils" }, "asked for by nils"},
		"their own token's":       {func(r *slipway.Release) { r.RequestedBy = "token:ci of abel"; r.Signature = ordered(*r) }, "abel asked for search.query-api.7 and cannot decide on it"},
		"a gate with less voices": {func(r *slipway.Release) { r.Gates[0].Approvers.Quorum = 1 }, "gate go of search.query-api.7 is not what was ordered"},
		"a gate for others":       {func(r *slipway.Release) { r.Gates[0].Approvers.Role = slipway.Approver; r.Gates[0].Expires = 1 }, "gate go of search.query-api.7 is not what was ordered"},
		"a gate more": {func(r *slipway.Release) {
			r.Gates[0].Name = "stay"
		}, "is not what was ordered"},
	} {
		s := newSite(t)
		r := release("search.query-api.7", slipway.AwaitingApproval, func(r *slipway.Release) {
			r.Gates = []slipway.GateState{{Gate: slipway.Gate{Name: "go", Approvers: approvers}, State: slipway.GateOpen}}
		})
		c.change(&r)
		s.workflows.put(r)
		a := s.as("abel", "POST", "/api/v1/releases/search.query-api.7/decisions", map[string]string{"gate": r.Gates[0].Name, "decision": "approve"})
		if p := a.problem(t); p.Code != slipway.CodeForbidden || !strings.Contains(p.Detail, c.says) {
			t.Errorf("%s: %s", name, a.body)
		}
		if len(s.workflows.decided) != 0 {
			t.Errorf("%s: decided %+v", name, s.workflows.decided)
		}
	}
}

func TestADecisionIsSignedForWhoeverPassesItOnByOtherMeans(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.workflows.put(release("search.query-api.7", slipway.AwaitingApproval, func(r *slipway.Release) {
		r.Gates = []slipway.GateState{{Gate: slipway.Gate{Name: "go", Approvers: slipway.Approvers{Role: slipway.Approver, Quorum: 1}}, State: slipway.GateOpen}}
	}))
	body := map[string]string{"gate": "go", "decision": "approve"}
	const path = "/api/v1/releases/search.query-api.7/decisions/signature"
	a := s.as("abel", "POST", path, body)
	var d slipway.Decision
	if err := json.Unmarshal([]byte(a.body), &d); err != nil || a.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", a.Status, a.body)
	}
	var signed slipway.DecisionStatement
	if _, err := keys().Open(d.Signature, &signed); err != nil || signed.By != "abel" || d.By != "abel" || len(s.workflows.decided) != 0 {
		t.Errorf("%+v by %s, decided %v: %v", signed, d.By, s.workflows.decided, err)
	}
	body["plan"] = "another"
	if p := s.as("abel", "POST", path, body).problem(t); p.Code != slipway.CodeConflict {
		t.Errorf("about another plan: %+v", p)
	}
	delete(body, "plan")
	for user, code := range map[string]slipway.Code{"rita": slipway.CodeForbidden, "vera": slipway.CodeForbidden, "nils": slipway.CodeNotFound} {
		if p := s.as(user, "POST", path, body).problem(t); p.Code != code {
			t.Errorf("for %s: %+v", user, p)
		}
	}
}
