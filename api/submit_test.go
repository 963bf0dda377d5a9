package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"slipway"
	"slipway/spec"
)

func TestSubmit_OrdersWhatTheFileSays(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.as("rita", "POST", "/api/v1/releases", map[string]any{"service_file": serviceFile, "tag": "v2", "force": true, "reason": "why not"})
	var got slipway.Release
	if a.into(t, &got); a.StatusCode != http.StatusAccepted || a.Header.Get("Location") != "/api/v1/releases/search.query-api.1" ||
		got.ID != "search.query-api.1" || got.Phase != slipway.Verifying {
		t.Errorf("%d %v %s", a.StatusCode, a.Header, a.body)
	}
	svc, err := spec.ParseService("service.yaml", []byte(serviceFile))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := slipway.NewPlan(s.fleet.Load(), svc)
	if err != nil {
		t.Fatal(err)
	}
	want := []slipway.Order{{Service: svc, Tag: "v2", Kind: slipway.KindRelease, Force: true, Reason: "why not", RequestedBy: "rita", Plan: plan}}
	if diff := cmp.Diff(want, s.workflows.orders, cmpopts.IgnoreFields(slipway.Order{}, "Signature")); diff != "" {
		t.Error(diff)
	}
	var signed slipway.OrderStatement
	seal, err := keys().Open(s.workflows.orders[0].Signature, &signed)
	if err != nil || !cmp.Equal(signed, want[0].Statement()) {
		t.Errorf("signed is %+v: %v", signed, err)
	}
	if lasts := seal.Until.Sub(seal.At); lasts != 24*time.Hour {
		t.Errorf("it counts for %s", lasts)
	}
	if got := s.as("rita", "GET", a.Header.Get("Location"), nil); got.StatusCode != http.StatusOK {
		t.Errorf("what Location names answers %d", got.StatusCode)
	}
}

func TestSubmit_SaysEachProblemOfTheFile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.as("rita", "POST", "/api/v1/releases", map[string]any{"service_file": strings.Replace(serviceFile, "port: 8080", "prot: 8080", 1), "tag": "v2"})
	p := a.problem(t)
	if p.Status != http.StatusUnprocessableEntity || p.Code != slipway.CodeInvalid || len(p.Errors) == 0 {
		t.Fatal(a.body)
	}
	if e := p.Errors[0]; e.File != "service.yaml" || e.Line != 4 || e.Field != "container.prot" || !strings.Contains(e.Message, "port") {
		t.Errorf("%+v", e)
	}
	if a := s.as("rita", "POST", "/api/v1/releases", map[string]any{"service_file": serviceFile, "tag": "v2 "}); a.problem(t).Code != slipway.CodeInvalid {
		t.Error(a.body)
	}
}

func TestIdempotencyKey_IsOnePersonsAtOnePath(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.workflows.put(release("search.query-api.7", slipway.Holding))
	send := func(user, path string, body any, key string) {
		t.Helper()
		if a := s.as(user, "POST", path, body, "Idempotency-Key", key); a.StatusCode > 299 {
			t.Fatal(a.body)
		}
	}
	send("rita", "/api/v1/releases", submission(), "k1")
	send("rita", "/api/v1/releases", submission(), "k1")
	send("rita", "/api/v1/releases", submission(), "k2")
	send("lea", "/api/v1/releases", submission(), "k1")
	send("rita", "/api/v1/releases/search.query-api.7/abort", map[string]any{}, "k1")
	send("rita", "/api/v1/releases/search.query-api.7/accept", map[string]any{}, "k1")
	send("rita", "/api/v1/releases", submission(), "")
	keys := s.workflows.keys
	if len(keys) != 7 || keys[0] != keys[1] || keys[6] != "" {
		t.Fatalf("%q", keys)
	}
	seen := map[string]bool{}
	for _, key := range keys[1:6] {
		if seen[key] || len(key) != 64 {
			t.Errorf("key %q in %q", key, keys)
		}
		seen[key] = true
	}
	if a := s.as("rita", "POST", "/api/v1/releases", submission(), "Idempotency-Key", strings.Repeat("k", 201)); a.problem(t).Code != slipway.CodeInvalid {
		t.Error("an endless key was taken")
	}
}
