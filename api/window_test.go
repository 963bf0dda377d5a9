package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"slipway"
)

// frozen makes the fleet of a site one with a freeze until then.
func (s *site) frozen(until time.Time) {
	s.fleet.Store(parseFleet(s.t, fleetFile+"freezes: [{name: year-end, reason: the shops are full, until: "+until.UTC().Format(slipway.MomentLayout)+", time_zone: UTC, projects: [search]}]\n"))
}

func TestPlanSaysWhatAReleaseWouldWaitFor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	until := time.Now().UTC().Truncate(time.Minute).Add(50 * time.Hour)
	s.frozen(until)
	var preview slipway.Preview
	s.as("rita", "POST", "/api/v1/plan", submission()).into(t, &preview)
	want := "it would not switch now, but wait: freeze year-end (the shops are full); until " + until.Format("2006-01-02 15:04 UTC")
	if preview.Waits == nil || !preview.Waits.Until.Equal(until) || len(preview.Warnings) != 1 || preview.Warnings[0] != want {
		t.Errorf("%+v, want %q", preview, want)
	}
	s.frozen(until.AddDate(0, 0, 7))
	s.as("rita", "POST", "/api/v1/plan", submission()).into(t, &preview)
	if !strings.HasPrefix(preview.Warnings[0], "it will be refused: search/query-api may not switch before ") {
		t.Errorf("%q", preview.Warnings)
	}
}

func TestSubmitTakesWhatWaitsAndRefusesWhatWouldWaitForTooLong(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, c := range []struct {
		days   int
		status int
	}{{6, http.StatusAccepted}, {8, http.StatusConflict}} {
		until := time.Now().UTC().Truncate(time.Minute).AddDate(0, 0, c.days)
		s.frozen(until)
		a := s.as("rita", "POST", "/api/v1/releases", submission())
		if a.StatusCode != c.status {
			t.Fatalf("%d days: %d %s", c.days, a.StatusCode, a.body)
		}
		if c.status == http.StatusConflict && !strings.Contains(a.body, until.Format("2006-01-02 15:04 UTC")) {
			t.Errorf("the next opening is not said: %s", a.body)
		}
	}
	s.workflows.change(func(w *workflows) {
		if len(w.orders) != 1 || w.orders[0].Patience.Std() != slipway.WindowPatience {
			t.Fatalf("orders are %+v", w.orders)
		}
		var signed slipway.OrderStatement
		seal, err := keys().Open(w.orders[0].Signature, &signed)
		if lasts := seal.Until.Sub(seal.At); err != nil || lasts != 8*24*time.Hour {
			t.Errorf("it counts for %s: %v", lasts, err)
		}
	})
}

func TestServicesNameOnlyHolidaysThatTheFleetHas(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	file := serviceFile + "freezes: [{name: feasts, on: [bavaria], time_zone: Europe/Berlin}]\n"
	a := s.as("rita", "POST", "/api/v1/releases", map[string]string{"service_file": file, "tag": "v2"})
	if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "the fleet file has no list of holidays bavaria, which windows or freezes of search/query-api name") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	s.fleet.Store(parseFleet(t, fleetFile+"holidays: [{name: bavaria, dates: [2001-01-06]}]\n"))
	if a := s.as("rita", "POST", "/api/v1/releases", map[string]string{"service_file": file, "tag": "v2"}); a.StatusCode != http.StatusAccepted {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// A freeze holds no way back.
func TestRollbackAndRestartAreTakenInAFreeze(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.frozen(time.Now().AddDate(0, 0, 30))
	search := slipway.ServiceID{Project: "search", Service: "query-api"}
	s.workflows.services[search] = slipway.ServiceStatus{ServiceID: search, Held: "search.query-api.50", Queue: []string{}, Good: []slipway.Version{{Release: "search.query-api.0"}}}
	if a := s.as("rita", "POST", "/api/v1/services/search/query-api/rollback", map[string]string{"reason": "slow"}); a.StatusCode != http.StatusAccepted {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestBreakGlassSignsWhoSaysWhatAboutWhat(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.workflows.put(release("search.query-api.7", slipway.AwaitingApproval))
	const path = "/api/v1/releases/search.query-api.7/break-glass"
	for user, decides := range map[string]bool{"rita": false, "abel": true} {
		if a := s.as(user, "POST", path, map[string]string{"reason": "fire"}); a.StatusCode != http.StatusNoContent {
			t.Fatalf("%s: %d %s", user, a.StatusCode, a.body)
		}
		s.workflows.change(func(w *workflows) {
			p := w.passes[len(w.passes)-1]
			var signed slipway.PassStatement
			seal, err := keys().Open(p.Signature, &signed)
			if err != nil || signed.By != user || signed.Decides != decides || signed.Reason != "fire" || signed.Digest != digest || signed.RequestedBy != "rita" || signed.Release != "search.query-api.7" {
				t.Errorf("%s signed %+v: %v", user, signed, err)
			}
			if lasts := seal.Until.Sub(seal.At); lasts != slipway.PassLasts {
				t.Errorf("it counts for %s", lasts)
			}
		})
	}
	if a := s.as("abel", "POST", path, map[string]string{"reason": "fire", "digest": "sha256:other"}); a.StatusCode != http.StatusConflict {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	s.workflows.put(release("search.query-api.7", slipway.AwaitingApproval, func(r *slipway.Release) { r.RequestedBy = "rita" }))
	s.workflows.change(func(w *workflows) {
		r := w.releases["search.query-api.7"]
		r.RequestedBy = "eve" // so that rita could be the second
		w.releases[r.ID] = r
	})
	if a := s.as("rita", "POST", path, map[string]string{"reason": "fire"}); a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "somebody has changed it in Temporal") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestReleaseThatWouldWaitForTooLongIsTakenWithBreakGlass(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.frozen(time.Now().AddDate(0, 0, 30))
	in := map[string]any{"service_file": serviceFile, "tag": "v2", "break_glass": true}
	if a := s.as("rita", "POST", "/api/v1/releases", in); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "says why") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	in["reason"] = "orders get lost"
	if a := s.as("rita", "POST", "/api/v1/releases", in); a.StatusCode != http.StatusAccepted {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	s.workflows.change(func(w *workflows) {
		var signed slipway.OrderStatement
		if _, err := keys().Open(w.orders[0].Signature, &signed); err != nil || !signed.BreakGlass {
			t.Errorf("signed is %+v: %v", signed, err)
		}
	})
	secret := s.made("otto").Secret
	for path, body := range map[string]any{"/api/v1/releases": in, "/api/v1/releases/search.query-api.1/break-glass": map[string]string{"reason": "fire"}} {
		if a := s.with(secret, "POST", path, body); a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "a token breaks no glass") {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
		}
	}
}
