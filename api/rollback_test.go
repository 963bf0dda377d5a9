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

func TestRollback_MeansWhatIsSwitching(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	search := slipway.ServiceID{Project: "search", Service: "query-api"}
	for phase, want := range map[slipway.Phase]string{slipway.Switching: `"release":"search.query-api.4","held":true`, slipway.Probing: "nothing to go back to"} {
		s.workflows.put(release("search.query-api.4", phase))
		s.workflows.change(func(w *workflows) {
			w.services[search] = slipway.ServiceStatus{ServiceID: search, Running: "search.query-api.4", Queue: []string{}}
		})
		if a := s.as("rita", "POST", "/api/v1/services/search/query-api/rollback", map[string]any{"reason": "it is slow"}); !strings.Contains(a.body, want) {
			t.Errorf("%s: %s, want %s in it", phase, a.body, want)
		}
	}
}

// The order is for the case that it is live before it can be given up.
func TestRollback_OfWhatIsSwitchingOrdersWhatIsLive(t *testing.T) {
	t.Parallel()
	search := slipway.ServiceID{Project: "search", Service: "query-api"}
	svc, err := spec.ParseService("service.yaml", []byte(serviceFile))
	if err != nil {
		t.Fatal(err)
	}
	live := slipway.Version{Release: "search.query-api.3", Digest: "sha256:three", Service: svc, Warrant: warrant(t, svc, "sha256:three")}
	adoption := release("search.query-api.4", slipway.Switching)
	adoption.Kind = slipway.KindAdopt
	for name, c := range map[string]struct {
		running slipway.Release
		to      int
		tag     string // of the order
	}{
		"to the one before":       {release("search.query-api.4", slipway.Switching), 0, "sha256:three"},
		"to that by its number":   {release("search.query-api.4", slipway.Switching), 3, "sha256:three"},
		"to an older one":         {release("search.query-api.4", slipway.Switching), 2, "sha256:two"},
		"before it switches":      {release("search.query-api.4", slipway.Probing), 0, "sha256:two"},
		"an adoption has no blue": {adoption, 0, "sha256:two"},
	} {
		s := newSite(t)
		s.workflows.put(c.running)
		s.workflows.change(func(w *workflows) {
			w.services[search] = slipway.ServiceStatus{ServiceID: search, Live: &live, Running: c.running.ID, Queue: []string{}, Good: []slipway.Version{
				{Release: "search.query-api.2", Digest: "sha256:two", Service: svc, Warrant: warrant(t, svc, "sha256:two")},
			}}
		})
		body := map[string]any{"reason": "it is slow"}
		if c.to != 0 {
			body["to"] = c.to
		}
		if a := s.as("rita", "POST", "/api/v1/services/search/query-api/rollback", body); a.StatusCode != http.StatusAccepted {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
		if orders := s.workflows.orders; len(orders) != 1 || orders[0].Tag != c.tag {
			t.Errorf("%s: %+v, want one of %s", name, orders, c.tag)
		}
	}
}

func TestRollback(t *testing.T) {
	t.Parallel()
	search := slipway.ServiceID{Project: "search", Service: "query-api"}
	svc, err := spec.ParseService("service.yaml", []byte(serviceFile))
	if err != nil {
		t.Fatal(err)
	}
	good := []slipway.Version{
		{Release: "search.query-api.3", Digest: "sha256:three", Service: svc, Warrant: warrant(t, svc, "sha256:three")},
		{Release: "search.query-api.2", Digest: "sha256:two", Service: svc, Warrant: warrant(t, svc, "sha256:two")},
	}
	forged := []slipway.Version{{Release: "search.query-api.3", Digest: "sha256:evil", Service: svc, Warrant: warrant(t, svc, "sha256:three")}}
	foreign := svc
	foreign.Hosts.Names = []string{"h9"}
	lost := []slipway.Version{{Release: "search.query-api.3", Digest: "sha256:three", Service: foreign}}
	for name, c := range map[string]struct {
		held    string
		good    []slipway.Version
		to      int
		status  int
		release string
		isHeld  bool
		tag     string // of the order that goes with it; empty: none
	}{
		"held: a switch, and an order should the hold end meanwhile": {"search.query-api.4", good, 0, 202, "search.query-api.4", true, "sha256:three"},
		"held, by number":                {"search.query-api.4", good, 3, 202, "search.query-api.4", true, "sha256:three"},
		"held, to an older one":          {"search.query-api.4", good, 2, 202, "search.query-api.99", false, "sha256:two"},
		"held, and its host is gone":     {"search.query-api.4", lost, 0, 202, "search.query-api.4", true, ""},
		"not held":                       {"", good, 0, 202, "search.query-api.99", false, "sha256:three"},
		"not held, to an older one":      {"", good, 2, 202, "search.query-api.99", false, "sha256:two"},
		"not held, and its host is gone": {"", lost, 0, 422, "", false, ""},
		"not held, and no proof":         {"", forged, 0, 403, "", false, ""},
		"held, and no proof":             {"search.query-api.4", forged, 0, 202, "search.query-api.4", true, ""},
		"to one that never served":       {"", good, 7, 404, "", false, ""},
		"to nothing":                     {"", nil, 0, 404, "", false, ""},
	} {
		s := newSite(t)
		s.workflows.services[search] = slipway.ServiceStatus{ServiceID: search, Held: c.held, Queue: []string{}, Good: c.good}
		body := map[string]any{"reason": "it is slow"}
		if c.to != 0 {
			body["to"] = c.to
		}
		a := s.as("rita", "POST", "/api/v1/services/search/query-api/rollback", body)
		var got struct {
			Release string
			Held    bool
		}
		a.into(t, &got)
		if a.StatusCode != c.status || got.Release != c.release || got.Held != c.isHeld {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
		if c.status == http.StatusAccepted && a.Header.Get("Location") != "/api/v1/releases/"+c.release {
			t.Errorf("%s: %v", name, a.Header)
		}
		var want []slipway.Order
		if c.tag != "" {
			plan, err := slipway.NewPlan(s.fleet.Load(), svc)
			if err != nil {
				t.Fatal(err)
			}
			want = []slipway.Order{{Service: svc, Tag: c.tag, Kind: slipway.KindRollback, Reason: "it is slow", RequestedBy: "rita", Plan: plan}}
		}
		if diff := cmp.Diff(want, s.workflows.orders, cmpopts.IgnoreFields(slipway.Order{}, "Signature")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	s := newSite(t)
	if a := s.as("rita", "POST", "/api/v1/services/search/query-api/rollback", map[string]any{}); a.StatusCode != 422 || !strings.Contains(a.body, "reason") {
		t.Errorf("without a reason: %s", a.body)
	}
}

// warrant is what a digest of a service was released by.
func warrant(t *testing.T, svc slipway.Service, digest string) *slipway.Warrant {
	t.Helper()
	seal := func(s slipway.Statement) string {
		token, err := keys().Seal(s, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	order := slipway.Order{Service: svc, Tag: "v1", Kind: slipway.KindRelease, RequestedBy: "rita"}.Statement()
	w := &slipway.Warrant{Order: seal(order)}
	opened, err := keys().Open(w.Order, &order)
	if err != nil {
		t.Fatal(err)
	}
	w.Image = seal(slipway.ImageStatement{Order: opened.ID, Digest: digest})
	return w
}
