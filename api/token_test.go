package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/api"
)

// machine asks for a token, as somebody.
func (s *site) machine(user string, body map[string]string) answer {
	s.t.Helper()
	return s.as(user, "POST", "/api/v1/tokens", body)
}

type made struct {
	slipway.Token
	Secret string `json:"token"`
}

// made makes a token of a releaser of project search.
func (s *site) made(user string) made {
	s.t.Helper()
	a := s.machine(user, map[string]string{"name": "ci", "project": "search", "role": "releaser", "expires": "720h"})
	var m made
	if a.into(s.t, &m); a.StatusCode != http.StatusCreated || m.Secret == "" {
		s.t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	return m
}

func TestToken_IsForWhatItSaysAndNoMore(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.workflows.put(release("search.query-api.50", slipway.AwaitingApproval, gated))
	m := s.made("otto")
	if lasts := time.Until(m.ExpiresAt); m.Name != "ci" || m.Maker != "otto" || lasts < 719*time.Hour || lasts > 720*time.Hour {
		t.Errorf("%+v", m)
	}
	a := s.with(m.Secret, "POST", "/api/v1/releases", submission())
	if a.StatusCode != http.StatusAccepted || s.workflows.orders[0].RequestedBy != "token:ci of otto" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	for path, want := range map[string]int{
		"GET /api/v1/releases/search.query-api.50":            200,
		"POST /api/v1/releases/search.query-api.50/decisions": 403, // a token decides nothing
		"GET /api/v1/releases/shop.web.1":                     404,
		"POST /api/v1/tokens":                                 403,
		"GET /temporal/":                                      403,
		"POST /api/v1/logout":                                 403,
	} {
		method, path, _ := strings.Cut(path, " ")
		var body any
		switch {
		case strings.HasSuffix(path, "decisions"):
			body = map[string]string{"gate": "go", "decision": "approve"}
		case strings.HasSuffix(path, "tokens"):
			body = map[string]string{"role": "viewer", "expires": "1h", "project": "search"}
		}
		if a := s.with(m.Secret, method, path, body); a.StatusCode != want {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
		}
	}
}

func TestToken_MayNeverDoMoreThanItsMaker(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, c := range []struct {
		user, project, role string
		want                int
	}{
		{"vera", "search", "viewer", 201},
		{"vera", "search", "releaser", 403},
		{"vera", "", "viewer", 403},
		{"vera", "shop", "viewer", 404},
		{"rita", "search", "operator", 403},
		{"rita", "search", "approver", 422},
		{"rita", "search", "admin", 422},
		{"otto", "search", "operator", 201},
		{"otto", "", "operator", 403},
		{"lea", "", "operator", 201},
		{"nils", "search", "viewer", 404},
		{"lea", "Search", "viewer", 422},
	} {
		a := s.machine(c.user, map[string]string{"project": c.project, "role": c.role, "expires": "1h"})
		if a.StatusCode != c.want {
			t.Errorf("%+v: %d %s", c, a.StatusCode, a.body)
		}
	}
	for _, expires := range []string{"1s", "8785h", "-1h", "30d", ""} {
		if a := s.machine("lea", map[string]string{"role": "viewer", "expires": expires}); a.StatusCode != 422 {
			t.Errorf("expires %q: %d %s", expires, a.StatusCode, a.body)
		}
	}
	m := s.made("rita")
	fleet := *s.fleet.Load()
	users := append([]slipway.User{}, fleet.Directory.Users...)
	users[1].Groups = []string{"viewers"}
	users[1].PasswordBcrypt = users[0].PasswordBcrypt
	fleet.Directory.Users = users
	s.fleet.Store(&fleet)
	if a := s.with(m.Secret, "POST", "/api/v1/releases", submission()); a.StatusCode != http.StatusForbidden {
		t.Errorf("its maker has lost the right: %d %s", a.StatusCode, a.body)
	}
	fleet.Directory.Users = users[:1]
	s.fleet.Store(&fleet)
	if a := s.with(m.Secret, "GET", "/api/v1/whoami", nil); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("its maker has left: %d %s", a.StatusCode, a.body)
	}
}

// Every API process that has the same signing key takes the same tokens.
func TestToken_IsRevokedAtOnceAndEverywhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	second := newSite(t, func(c *api.Config) { c.Tokens = s.ring })
	second.fleet.Store(s.fleet.Load())
	m := s.made("rita")
	second.later(0)
	if a := second.with(m.Secret, "GET", "/api/v1/whoami", nil); a.StatusCode != http.StatusOK || !strings.Contains(a.body, `"user":"token:ci of rita"`) {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	for user, want := range map[string]int{"rita": 1, "otto": 1, "lea": 1, "vera": 0, "shea": 0} {
		a := s.as(user, "GET", "/api/v1/tokens", nil)
		if got := strings.Count(a.body, m.ID); got != want || strings.Contains(a.body, m.Secret) {
			t.Errorf("%s is shown %s", user, a.body)
		}
	}
	for _, user := range []string{"vera", "abel", "shea"} {
		if a := s.as(user, "DELETE", "/api/v1/tokens/"+m.ID, nil); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d %s", user, a.StatusCode, a.body)
		}
	}
	if a := s.as("otto", "DELETE", "/api/v1/tokens/"+m.ID, nil); a.StatusCode != http.StatusNoContent {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if a := s.with(m.Secret, "GET", "/api/v1/whoami", nil); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("where it was revoked: %d %s", a.StatusCode, a.body)
	}
	second.later(time.Second)
	if a := second.with(m.Secret, "GET", "/api/v1/whoami", nil); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("elsewhere, a second later: %d %s", a.StatusCode, a.body)
	}
}

func TestToken_TheSameRequestMakesItOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	body := map[string]string{"project": "search", "role": "viewer", "expires": "1h"}
	a := s.as("rita", "POST", "/api/v1/tokens", body, "Idempotency-Key", "k")
	s.later(time.Second)
	if b := s.as("rita", "POST", "/api/v1/tokens", body, "Idempotency-Key", "k"); a.StatusCode != 201 || a.body != b.body || len(s.ring.standing.Tokens) != 1 {
		t.Errorf("%s\n%s", a.body, b.body)
	}
	other := s.as("vera", "POST", "/api/v1/tokens", body, "Idempotency-Key", "k")
	if other.StatusCode != 201 || len(s.ring.standing.Tokens) != 2 {
		t.Errorf("the same key of somebody else: %s", other.body)
	}
}

func TestToken_ExpiresAndIsOfThisKey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.made("rita")
	foreign := newSite(t, func(c *api.Config) { c.Tokens, c.SigningKey = s.ring, make([]byte, 32) })
	foreign.fleet.Store(s.fleet.Load())
	if a := foreign.with(m.Secret, "GET", "/api/v1/whoami", nil); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("under another key: %d", a.StatusCode)
	}
	s.later(721 * time.Hour)
	if a := s.with(m.Secret, "GET", "/api/v1/whoami", nil); a.StatusCode != http.StatusUnauthorized || !strings.Contains(a.body, "expired") {
		t.Errorf("after it has expired: %d %s", a.StatusCode, a.body)
	}
}

func TestToken_TheLastListCountsForAWhileWhenNobodyAnswers(t *testing.T) {
	virtually(t, func(t *testing.T, s *site) {
		s.later(0)
		m := s.made("rita")
		s.with(m.Secret, "GET", "/api/v1/whoami", nil)
		s.ring.hangs.Store(true)
		s.later(2 * time.Second)
		begin := time.Now()
		if a := s.with(m.Secret, "GET", "/api/v1/whoami", nil); a.StatusCode != http.StatusOK || time.Since(begin) > 3*time.Second {
			t.Errorf("after %s: %d %s", time.Since(begin), a.StatusCode, a.body)
		}
		s.later(30 * time.Second)
		if a := s.with(m.Secret, "GET", "/api/v1/whoami", nil); a.problem(t).Code != slipway.CodeUnavailable {
			t.Errorf("half a minute later: %d %s", a.StatusCode, a.body)
		}
		s.ring.hangs.Store(false)
		s.later(2 * time.Second)
		if a := s.with(m.Secret, "GET", "/api/v1/whoami", nil); a.StatusCode != http.StatusOK {
			t.Errorf("when Temporal is back: %d %s", a.StatusCode, a.body)
		}
	})
}
