package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"slipway"
)

// browse asks as a browser would, with its cookie.
func (s *site) browse(method, path string, cookie *http.Cookie) answer {
	s.t.Helper()
	r := s.request(method, path, nil)
	r.Header.Set("Accept", "text/html")
	if cookie != nil {
		r.AddCookie(cookie)
	}
	return s.send(r)
}

// submitForm signs in by the form.
func (s *site) submitForm(user, password string, header ...string) answer {
	s.t.Helper()
	r := s.request("POST", "/login", url.Values{"user": {user}, "password": {password}}.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return s.send(r)
}

// cookie is that of a browser in which rita has signed in.
func (s *site) cookie() *http.Cookie {
	s.t.Helper()
	return only(s.t, s.submitForm("rita", password))
}

func only(t *testing.T, a answer) *http.Cookie {
	t.Helper()
	cookies := a.Cookies()
	if len(cookies) != 1 {
		t.Fatalf("%d cookies: %d %s", len(cookies), a.StatusCode, a.body)
	}
	return cookies[0]
}

func TestCookie_IsForThisSiteAndNoScript(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for proto, secure := range map[string]bool{"": false, "http": false, "https": true} {
		c := only(t, s.submitForm("rita", password, "X-Forwarded-Proto", proto))
		name := map[bool]string{false: "slipway_session", true: "__Host-slipway_session"}[secure]
		if c.Name != name || !c.HttpOnly || c.Secure != secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("%q: %+v", proto, c)
		}
	}
}

func TestCookie_LastsAsLongAsSomebodyIsThereAndNotForEver(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.later(0)
	c := s.cookie()
	if a := s.browse("GET", "/", c); a.StatusCode != http.StatusOK || len(a.Cookies()) > 0 {
		t.Fatalf("%d %v", a.StatusCode, a.Header)
	}
	s.later(6 * time.Minute)
	c2 := only(t, s.browse("GET", "/", c))
	s.later(57 * time.Minute)
	if a := s.browse("GET", "/", c); a.StatusCode != http.StatusSeeOther {
		t.Errorf("unused for an hour: %d", a.StatusCode)
	}
	signedIn := 63 * time.Minute
	for ; signedIn < 13*time.Hour; signedIn += 40 * time.Minute {
		a := s.browse("GET", "/", c2)
		if a.StatusCode != http.StatusOK {
			break
		}
		if renewed := a.Cookies(); len(renewed) > 0 {
			c2 = renewed[0]
		}
		s.later(40 * time.Minute)
	}
	if signedIn < 12*time.Hour || signedIn > 12*time.Hour+40*time.Minute {
		t.Errorf("used all the time, it lasted %s", signedIn)
	}
}

func TestSigningOut_EndsTheSessionInAllItsCopies(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.later(0)
	first, other := s.cookie(), s.cookie()
	s.later(6 * time.Minute)
	renewed := only(t, s.browse("GET", "/", first))
	out := s.browse("POST", "/logout", renewed)
	if c := only(t, out); out.StatusCode != http.StatusSeeOther || c.MaxAge >= 0 || c.Value != "" {
		t.Errorf("%d %v", out.StatusCode, out.Header)
	}
	for name, c := range map[string]*http.Cookie{"the cookie": renewed, "the one it was before": first} {
		if a := s.browse("GET", "/", c); a.StatusCode != http.StatusSeeOther {
			t.Errorf("%s is good after the sign-out: %d", name, a.StatusCode)
		}
	}
	if a := s.browse("GET", "/", other); a.StatusCode != http.StatusOK {
		t.Errorf("another browser's session ended with it: %d", a.StatusCode)
	}
	token := s.token("rita")
	if a := s.with(token, "POST", "/api/v1/logout", nil); a.StatusCode != http.StatusNoContent {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := s.whoami(token); a.problem(t).Code != slipway.CodeUnauthenticated {
		t.Error(a.body)
	}
}

func TestSigningOut_IsNotSaidToBeDoneWhenItIsNot(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.token("rita")
	s.whoami(token)
	s.ring.err = slipway.Errorf(slipway.CodeUnavailable, "Temporal does not answer")
	if a := s.with(token, "POST", "/api/v1/logout", nil); a.problem(t).Code != slipway.CodeUnavailable {
		t.Error(a.body)
	}
	s.later(time.Minute)
	if a := s.whoami(token); a.problem(t).Code != slipway.CodeUnavailable {
		t.Errorf("nobody knows whether the session is over: %s", a.body)
	}
	if a := s.with(token, "POST", "/api/v1/logout", nil); a.problem(t).Code != slipway.CodeUnavailable {
		t.Errorf("signed out, as if: %s", a.body)
	}
}

func TestACookieIsNoTokenAndATokenNoCookie(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if a := s.whoami(s.cookie().Value); a.problem(t).Code != slipway.CodeUnauthenticated {
		t.Errorf("a cookie as a token: %s", a.body)
	}
	if a := s.browse("GET", "/", &http.Cookie{Name: "slipway_session", Value: s.token("rita")}); !strings.HasPrefix(a.Header.Get("Location"), "/login") {
		t.Errorf("a token as a cookie: %d", a.StatusCode)
	}
}
