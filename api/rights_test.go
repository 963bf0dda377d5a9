package api_test

import (
	"slices"
	"strings"
	"testing"

	"slipway"
)

func TestRights_OfEachRole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	gated := func(r *slipway.Release) {
		r.Gates = []slipway.GateState{
			{Gate: slipway.Gate{Name: "go", Approvers: slipway.Approvers{Role: slipway.Approver, Quorum: 1}}, State: slipway.GateOpen},
			{Gate: slipway.Gate{Name: "legal", Approvers: slipway.Approvers{Group: "viewers", Quorum: 1}}, State: slipway.GateOpen},
		}
	}
	s.workflows.put(release("search.query-api.50", slipway.AwaitingApproval, gated))
	search := slipway.ServiceID{Project: "search", Service: "query-api"}
	s.workflows.services[search] = slipway.ServiceStatus{ServiceID: search, Held: "search.query-api.50", Queue: []string{}, Good: []slipway.Version{{Release: "search.query-api.0"}}}

	const one = "/api/v1/releases/search.query-api.50"
	reason := map[string]any{"reason": "because"}
	people := []string{"vera", "rita", "abel", "otto", "lea", "shea", "nils"}
	for _, c := range []struct {
		method, path string
		body         any
		want         string // the status of each of the people
	}{
		{"GET", one, nil, "200 200 200 200 200 404 404"},
		{"GET", "/releases/search.query-api.50", nil, "200 200 200 200 200 404 404"},
		{"GET", "/api/v1/services/search/query-api", nil, "200 200 200 200 200 404 404"},
		{"GET", "/services/search/query-api", nil, "200 200 200 200 200 404 404"},
		{"POST", "/api/v1/releases", submission(), "403 202 202 202 202 404 404"},
		{"POST", "/api/v1/plan", submission(), "403 200 200 200 200 404 404"},
		{"POST", "/api/v1/preflight", map[string]string{}, "403 403 403 403 200 403 403"},
		{"POST", one + "/abort", reason, "403 204 204 204 204 404 404"},
		{"POST", one + "/accept", reason, "403 204 204 204 204 404 404"},
		{"POST", "/api/v1/services/search/query-api/rollback", reason, "403 202 202 202 202 404 404"},
		{"POST", "/api/v1/services/search/query-api/lock", reason, "403 204 204 204 204 404 404"},
		{"DELETE", "/api/v1/services/search/query-api/lock?reason=because", nil, "403 204 204 204 204 404 404"},
		{"DELETE", "/api/v1/services/search/query-api/lock", nil, "422 422 422 422 422 422 422"},
		{"POST", one + "/break-glass", reason, "403 204 204 204 204 404 404"},
		{"POST", "/api/v1/projects/search/line", reason, "403 403 204 204 204 404 404"},
		{"DELETE", "/api/v1/projects/search/line?reason=because", nil, "403 403 204 204 204 404 404"},
		{"POST", "/api/v1/line", reason, "403 403 403 403 204 403 403"},
		{"POST", one + "/decisions", map[string]string{"gate": "go", "decision": "approve"}, "403 403 204 204 204 404 404"},
		{"POST", one + "/decisions", map[string]string{"gate": "legal", "decision": "approve"}, "204 403 403 403 403 404 404"},
	} {
		want := strings.Fields(c.want)
		for i, user := range people {
			if a := s.as(user, c.method, c.path, c.body); !strings.HasPrefix(a.Status, want[i]) {
				t.Errorf("%s %s by %s: %s instead of %s: %s", c.method, c.path, user, a.Status, want[i], a.body)
			}
		}
	}
}

// Of hosts, people see those of the projects that they may view.
func TestRights_HostsAreThoseOfOnesProjects(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for user, want := range map[string][]string{"vera": {"h1"}, "otto": {"h1"}, "shea": {"h1"}, "nils": {}} {
		var list struct{ Hosts []slipway.HostStatus }
		s.as(user, "GET", "/api/v1/hosts", nil).into(t, &list)
		got := []string{}
		for _, h := range list.Hosts {
			got = append(got, h.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s sees the hosts %v, want %v", user, got, want)
		}
	}
}

// Somebody must not learn from an answer whether a project has a release, a
// service, or exists at all.
func TestRights_AnswerLikeNothingWhereOneMayNotView(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.workflows.put(release("search.query-api.50", slipway.Holding))
	same := func(method, there, absent string, body func(project string) any) {
		t.Helper()
		a, b := s.as("shea", method, there, body("search")), s.as("shea", method, absent, body("absent"))
		if b.body = strings.ReplaceAll(b.body, "absent", "search"); a.Status != b.Status || a.body != b.body {
			t.Errorf("%s %s\n%s\n%s", a.Status, a.body, b.Status, b.body)
		}
	}
	none := func(string) any { return nil }
	same("GET", "/api/v1/releases/search.query-api.50", "/api/v1/releases/absent.query-api.50", none)
	same("GET", "/api/v1/releases/search.query-api.50/events", "/api/v1/releases/absent.query-api.50/events", none)
	same("GET", "/api/v1/releases?project=search", "/api/v1/releases?project=absent", none)
	same("GET", "/api/v1/services?project=search", "/api/v1/services?project=absent", none)
	same("GET", "/api/v1/services/search/query-api", "/api/v1/services/absent/query-api", none)
	same("POST", "/api/v1/releases", "/api/v1/releases", func(project string) any {
		return map[string]string{"service_file": strings.Replace(serviceFile, "project: search", "project: "+project, 1), "tag": "v1"}
	})
}
