package api_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"slipway"
	"slipway/spec"
)

func TestRestart(t *testing.T) {
	t.Parallel()
	const path = "/api/v1/services/search/query-api/restart"
	search := slipway.ServiceID{Project: "search", Service: "query-api"}
	svc, err := spec.ParseService("service.yaml", []byte(serviceFile))
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	body := map[string]any{"reason": "it leaks"}
	s.workflows.services[search] = slipway.ServiceStatus{ServiceID: search}
	if a := s.as("rita", "POST", path, body); a.StatusCode != 409 || !strings.Contains(a.body, "nothing is live") {
		t.Errorf("before anything is live: %d %s", a.StatusCode, a.body)
	}
	s.workflows.services[search] = slipway.ServiceStatus{ServiceID: search, Live: &slipway.Version{Release: "search.query-api.3", Tag: "v3", Digest: "sha256:three", Service: svc, Warrant: warrant(t, svc, "sha256:three")}}
	a := s.as("rita", "POST", path, body)
	var got struct{ Release string }
	a.into(t, &got)
	if a.StatusCode != 202 || got.Release != "search.query-api.1" || a.Header.Get("Location") != "/api/v1/releases/search.query-api.1" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	plan, err := slipway.NewPlan(s.fleet.Load(), svc)
	if err != nil {
		t.Fatal(err)
	}
	want := []slipway.Order{{Service: svc, Tag: "sha256:three", Kind: slipway.KindRestart, Force: true, Reason: "it leaks", RequestedBy: "rita", Plan: plan}}
	if diff := cmp.Diff(want, s.workflows.orders, cmpopts.IgnoreFields(slipway.Order{}, "Signature")); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if a := s.as("rita", "POST", path, map[string]any{}); a.StatusCode != 422 || !strings.Contains(a.body, "reason") {
		t.Errorf("without a reason: %s", a.body)
	}
}
