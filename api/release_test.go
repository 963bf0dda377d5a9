package api_test

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway"
)

// list reads all pages.
func (s *site) list(user, query string) (ids []string) {
	s.t.Helper()
	for page := ""; ; {
		a := s.as(user, "GET", "/api/v1/releases?"+query+"&page="+url.QueryEscape(page), nil)
		var got struct {
			Releases []slipway.Release
			NextPage string `json:"next_page"`
		}
		a.into(s.t, &got)
		for _, r := range got.Releases {
			ids = append(ids, r.ID)
		}
		if page = got.NextPage; page == "" {
			return ids
		}
	}
}

func TestList_ShowsWhatOneMayView(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, id := range []string{"gone.thing.1", "search.query-api.1", "search.query-api.2", "shop.cart.1"} {
		s.workflows.put(release(id, slipway.Ended))
	}
	s.workflows.put(release("search.suggest.1", slipway.Holding))
	for _, c := range []struct {
		user, query string
		want        []string
	}{
		{"lea", "", []string{"gone.thing.1", "search.query-api.1", "search.query-api.2", "search.suggest.1", "shop.cart.1"}},
		{"vera", "", []string{"search.query-api.1", "search.query-api.2", "search.suggest.1"}},
		{"vera", "project=search&phase=holding", []string{"search.suggest.1"}},
		{"vera", "service=search/query-api", []string{"search.query-api.1", "search.query-api.2"}},
		{"vera", "phase=stuck", nil},
		{"vera", "project=shop", nil},
		{"shea", "", []string{"shop.cart.1"}},
		{"nils", "", nil},
	} {
		if diff := cmp.Diff(c.want, s.list(c.user, c.query)); diff != "" {
			t.Errorf("%s %q: %s", c.user, c.query, diff)
		}
	}
	both := *s.fleet.Load()
	both.Directory.Users = append([]slipway.User{}, both.Directory.Users...)
	both.Directory.Users[0].Groups = []string{"viewers", "shoppers"}
	s.fleet.Store(&both)
	want := []string{"search.query-api.1", "search.query-api.2", "search.suggest.1", "shop.cart.1"}
	if diff := cmp.Diff(want, s.list("vera", "")); diff != "" {
		t.Errorf("in two projects: %s", diff)
	}
}

func TestList_SaysNothingOfHowMuchOthersRelease(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for n := range 50 {
		s.workflows.put(release(fmt.Sprintf("search.query-api.%d", n+1), slipway.Ended))
	}
	for _, query := range []string{"", "?project=search", "?service=search/query-api&limit=1"} {
		if a := s.as("shea", "GET", "/api/v1/releases"+query, nil); a.body != `{"releases":[],"next_page":""}`+"\n" {
			t.Errorf("%q: %s", query, a.body)
		}
	}
}

func TestDecide_CarriesWhoAndWhatTheySaw(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.workflows.put(release("search.query-api.1", slipway.AwaitingApproval, func(r *slipway.Release) {
		r.Gates = []slipway.GateState{{Gate: slipway.Gate{Name: "go", Approvers: slipway.Approvers{Role: slipway.Approver, Quorum: 1}}, State: slipway.GateOpen}}
	}))
	const path = "/api/v1/releases/search.query-api.1/decisions"
	if a := s.as("abel", "POST", path, map[string]string{"gate": "go", "decision": "reject", "reason": "not today"}); a.StatusCode != 204 {
		t.Fatal(a.body)
	}
	got := s.workflows.decided[0]
	if got.At.IsZero() {
		t.Error("at no time")
	}
	want := slipway.Decision{Gate: "go", Verdict: slipway.Reject, Reason: "not today", By: "abel", Groups: []string{"approvers"}, Digest: digest, Settings: "s1", At: got.At, Signature: got.Signature}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var signed slipway.DecisionStatement
	if _, err := keys().Open(got.Signature, &signed); err != nil {
		t.Error(err)
	}
	statement := slipway.DecisionStatement{
		Release: "search.query-api.1", Order: signed.Order, Gate: "go", Verdict: slipway.Reject, Reason: "not today", By: "abel",
		Digest: digest, Settings: "s1", RequestedBy: "rita",
	}
	if diff := cmp.Diff(statement, signed); diff != "" || signed.Order == "" {
		t.Errorf("signed for order %q: %s", signed.Order, diff)
	}
	if a := s.as("abel", "POST", path, map[string]string{"gate": "stop", "decision": "approve"}); a.problem(t).Code != slipway.CodeNotFound {
		t.Error(a.body)
	}
}

func TestAbort_NeedsNoBody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, body := range []any{nil, map[string]string{"reason": "wrong tag"}} {
		if a := s.as("rita", "POST", "/api/v1/releases/search.query-api.1/abort", body); a.StatusCode != 204 {
			t.Error(a.body)
		}
	}
	if diff := cmp.Diff([]string{"abort search.query-api.1 rita ", "abort search.query-api.1 rita wrong tag"}, s.workflows.acts); diff != "" {
		t.Error(diff)
	}
}
