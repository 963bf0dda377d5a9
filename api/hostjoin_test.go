package api_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/spec"
)

// twoHosts is the fleet of these tests with a second host, and an edge on it.
func twoHosts(t *testing.T) *slipway.Fleet {
	t.Helper()
	text := strings.Replace(fleetFile, "ports: 20000-20999}]", `ports: 20000-20999}, {name: h2, docker: "unix:///h2.sock", address: 127.0.0.2, ports: 20000-20999}]`, 1)
	return parseFleet(t, strings.Replace(text, "on: h1}]", `on: h1}, {name: e2, admin: "unix:///e2.sock", on: h2}]`, 1))
}

// serving is a site where search/query-api is live on h1, and h2 is new.
func serving(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	svc, err := spec.ParseService("service.yaml", []byte(serviceFile))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := slipway.NewPlan(s.fleet.Load(), svc)
	if err != nil {
		t.Fatal(err)
	}
	id := slipway.ServiceID{Project: "search", Service: "query-api"}
	s.workflows.services[id] = slipway.ServiceStatus{ServiceID: id, Live: &slipway.Version{
		Release: "search.query-api.3", Tag: "v3", Digest: "sha256:three", Service: svc, Plan: plan, Warrant: warrant(t, svc, "sha256:three"),
		Hosts: []slipway.ReleaseHost{{Name: "h1", Phase: slipway.HostServing}},
	}}
	s.fleet.Store(twoHosts(t))
	return s
}

func TestJoinAsksEachServiceOnceAndSigns(t *testing.T) {
	t.Parallel()
	s := serving(t)
	const path = "/api/v1/hosts/h2/join"
	var got slipway.HostJoin
	s.as("lea", "GET", path, nil).into(t, &got)
	want := []slipway.Joined{{
		Service: slipway.ServiceID{Project: "search", Service: "query-api"}, Release: "search.query-api.3",
		State: slipway.JoinUnasked, Reason: "nobody has asked for it",
	}}
	if diff := cmp.Diff(want, got.Services); diff != "" || len(s.workflows.joinings) != 0 {
		t.Errorf("before anybody asks (-want +got), %d asked:\n%s", len(s.workflows.joinings), diff)
	}
	if a := s.as("otto", "POST", path, map[string]any{"reason": "load"}); a.StatusCode != 403 {
		t.Errorf("an operator of one project: %d %s", a.StatusCode, a.body)
	}
	if a := s.as("lea", "POST", path, map[string]any{"reason": "load"}); a.StatusCode != 202 {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if len(s.workflows.joinings) != 1 {
		t.Fatalf("asked were %+v", s.workflows.joinings)
	}
	j := s.workflows.joinings[0]
	var said slipway.JoinStatement
	if _, err := keys().Open(j.Signature, &said); err != nil {
		t.Fatal(err)
	}
	said.Order = ""
	if diff := cmp.Diff(slipway.JoinStatement{Hosts: []string{"h2"}, Edges: []string{"e2"}, By: "lea", Reason: "load"}, said); diff != "" || j.Release != "search.query-api.3" {
		t.Errorf("for %s was signed (-want +got):\n%s", j.Release, diff)
	}
}

// Whoever can write to Temporal may have changed what is said to be live.
func TestWhatIsNotProvenIsNotJoined(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for _, status := range s.workflows.services {
		status.Live.Service.Container.Environment = map[string]slipway.Value{"DEBUG": {Plain: "1"}}
	}
	var got slipway.HostJoin
	s.as("lea", "POST", "/api/v1/hosts/h2/join", map[string]any{"reason": "load"}).into(t, &got)
	if len(got.Services) != 1 || got.Services[0].State != slipway.JoinRefused || !strings.Contains(got.Services[0].Reason, "it cannot be shown") || len(s.workflows.joinings) != 0 {
		t.Errorf("got %+v, asked %+v", got, s.workflows.joinings)
	}
}

func TestCordonedHostDoesNotJoin(t *testing.T) {
	t.Parallel()
	s := serving(t)
	s.workflows.cordons.Hosts = []slipway.Cordon{{Host: "h2", By: "olga", Reason: "it is old", Drain: true, Remove: true}}
	a := s.as("lea", "POST", "/api/v1/hosts/h2/join", map[string]any{"reason": "load"})
	if a.StatusCode != 409 || !strings.Contains(a.body, "host h2 is removed by olga: it is old: uncordon it first") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// Releases leave out what was removed, also while the fleet file has it, and say
// so where a service cannot do without.
func TestRemovedHostIsNoPartOfPlans(t *testing.T) {
	t.Parallel()
	s := serving(t)
	if a := s.as("lea", "DELETE", "/api/v1/hosts/h2?reason=old", nil); a.StatusCode != 202 {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	var said slipway.RequestStatement
	if _, err := keys().Open(s.workflows.removed[0].Signature, &said); err != nil || said.Act != slipway.ActRemoveHost || said.Host != "h2" || said.Service != "" {
		t.Errorf("signed was %+v: %v", said, err)
	}
	s.workflows.cordons.Hosts = []slipway.Cordon{{Host: "h2", By: "olga", Reason: "it is old", Drain: true, Remove: true}}
	body := map[string]any{"service_file": serviceFile, "tag": "v2"}
	if a := s.as("rita", "POST", "/api/v1/releases", body); a.StatusCode != 202 {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if plan := s.workflows.orders[0].Plan; len(plan.Hosts) != 1 || len(plan.Edges) != 1 {
		t.Errorf("the plan is %+v", plan)
	}
	body["service_file"] = serviceFile + "hosts: [h2]\n"
	if a := s.as("rita", "POST", "/api/v1/releases", body); a.StatusCode < 400 || !strings.Contains(a.body, "(hosts that were removed: h2)") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := s.as("lea", "DELETE", "/api/v1/hosts/h9?reason=burned", nil); a.StatusCode != 404 || !strings.Contains(a.body, "give it up as gone") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := s.as("lea", "DELETE", "/api/v1/hosts/h9?reason=burned&gone=true", nil); a.StatusCode != 202 || !s.workflows.removed[1].Gone {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}
