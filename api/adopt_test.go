package api_test

import (
	"strings"
	"testing"

	"slipway"
)

func TestAdoptAndRemoveTakeTheRoleOperator(t *testing.T) {
	t.Parallel()
	for user, want := range map[string][2]int{"rita": {403, 403}, "otto": {202, 202}} {
		s := newSite(t)
		adopted := s.as(user, "POST", "/api/v1/adoptions", map[string]any{"service_file": serviceFile, "container": "legacy", "host": "h1", "retire": true})
		removed := s.as(user, "DELETE", "/api/v1/services/search/query-api?reason=end+of+life", nil)
		if adopted.StatusCode != want[0] || removed.StatusCode != want[1] {
			t.Errorf("%s: adopt %d, remove %d\n%s\n%s", user, adopted.StatusCode, removed.StatusCode, adopted.body, removed.body)
		}
		if want[0] == 403 {
			if !strings.Contains(removed.body, "may not adopt or remove services") {
				t.Errorf("%s", removed.body)
			}
			continue
		}
		order := s.workflows.orders[0]
		if order.Kind != slipway.KindAdopt || order.Adopt == nil || *order.Adopt != (slipway.Adoption{Host: "h1", Container: "legacy", Retire: true}) || len(order.Plan.Hosts) != 1 {
			t.Errorf("the order is %+v", order)
		}
		if got := s.workflows.acts; len(got) != 1 || got[0] != "remove search/query-api otto end of life" {
			t.Errorf("acts: %q", got)
		}
	}
	s := newSite(t)
	if a := s.as("otto", "DELETE", "/api/v1/services/search/query-api", nil); a.StatusCode != 202 || s.workflows.acts[0] != "remove search/query-api otto no reason given" {
		t.Errorf("without a reason: %d %s %q", a.StatusCode, a.body, s.workflows.acts)
	}
	byCommand := serviceFile + "\nhealthcheck: {exec: [check]}\n"
	if a := s.as("otto", "POST", "/api/v1/adoptions", map[string]any{"service_file": byCommand, "container": "legacy", "host": "h1"}); !strings.Contains(a.body, "healthcheck.exec: Slipway runs commands only in containers that it has made") {
		t.Errorf("asked by a command: %d %s", a.StatusCode, a.body)
	}
	if a := s.as("otto", "POST", "/api/v1/adoptions", map[string]any{"service_file": serviceFile, "container": "../etc"}); a.StatusCode != 422 {
		t.Errorf("a name that is none: %d %s", a.StatusCode, a.body)
	}
}
