package api_test

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"slipway"
	"slipway/api"
)

func (s *site) whoami(token string) answer {
	r := s.request("GET", "/api/v1/whoami", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return s.send(r)
}

func TestLogin_AnswersWhoAndWithAToken(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.send(s.request("POST", "/api/v1/login", map[string]string{"user": "rita", "password": password}))
	var in struct {
		Token, User string
		Groups      []string
		ExpiresAt   time.Time `json:"expires_at"`
	}
	a.into(t, &in)
	if in.User != "rita" || len(in.Groups) != 1 || in.Groups[0] != "releasers" || time.Until(in.ExpiresAt) < 11*time.Hour || time.Until(in.ExpiresAt) > 12*time.Hour {
		t.Error(a.body)
	}
	if len(a.Cookies()) > 0 {
		t.Errorf("a program was given a cookie: %v", a.Header)
	}
	if a := s.whoami(in.Token); a.StatusCode != http.StatusOK || !strings.Contains(a.body, `"user":"rita"`) || strings.Contains(a.body, in.Token) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := s.as("nils", "GET", "/api/v1/whoami", nil); !strings.Contains(a.body, `"groups":[]`) {
		t.Error(a.body)
	}
}

func TestLogin_TellsAnUnknownUserNothingElse(t *testing.T) {
	virtually(t, func(t *testing.T, s *site) {
		var bodies []string
		for _, in := range [][2]string{{"rita", "wrong"}, {"nobody", "wrong"}, {"nobody", password}, {"rita", ""}, {"", ""}} {
			a := s.send(s.request("POST", "/api/v1/login", map[string]string{"user": in[0], "password": in[1]}))
			if p := a.problem(t); p.Code != slipway.CodeUnauthenticated || len(a.Cookies()) > 0 {
				t.Errorf("%q: %s", in, a.body)
			}
			bodies = append(bodies, a.body)
		}
		for _, body := range bodies {
			if body != bodies[0] {
				t.Errorf("%q differs from %q", body, bodies[0])
			}
		}
		for _, secret := range []string{password, "wrong"} {
			if strings.Contains(strings.ReplaceAll(s.log.String(), "password is wrong", ""), secret) {
				t.Errorf("the log holds %q", secret)
			}
		}
	})
}

func TestLogin_SlowsDownWhoGuesses(t *testing.T) {
	virtually(t, func(t *testing.T, s *site) {
		now := time.Now()
		s.clock.Store(&now)
		guess := func(word string) answer {
			return s.send(s.request("POST", "/api/v1/login", map[string]string{"user": "rita", "password": word}))
		}
		for range 5 {
			if a := guess("wrong"); a.StatusCode != http.StatusUnauthorized {
				t.Fatal(a.body)
			}
		}
		if a := guess(password); a.problem(t).Code != slipway.CodeTooMany || a.Header.Get("Retry-After") != "1" {
			t.Errorf("%v %s", a.Header, a.body)
		}
		if a := s.send(s.request("POST", "/api/v1/login", map[string]string{"user": "vera", "password": password})); a.StatusCode != http.StatusOK {
			t.Errorf("somebody else waits, too: %s", a.body)
		}
		later := now.Add(time.Second)
		s.clock.Store(&later)
		if a := guess("wrong"); a.StatusCode != http.StatusUnauthorized {
			t.Error(a.body)
		}
		if a := guess(password); a.Header.Get("Retry-After") != "2" {
			t.Errorf("the wait does not grow: %v %s", a.Header, a.body)
		}
		later = later.Add(2 * time.Second)
		s.clock.Store(&later)
		if a := guess(password); a.StatusCode != http.StatusOK {
			t.Error(a.body)
		}
		if a := guess("wrong"); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("a success did not clear the slate: %s", a.body)
		}
	})
}

func TestToken_HoldsOnlyAsItWasIssued(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	good := s.token("rita")
	if a := s.whoami(good); a.StatusCode != http.StatusOK {
		t.Fatal(a.body)
	}
	key, err := hkdf.Key(sha256.New, make([]byte, 32), nil, "slipway session", 32)
	if err != nil {
		t.Fatal(err)
	}
	part := strings.Split(good, ".")
	payload, err := base64.RawURLEncoding.DecodeString(part[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims jwt.MapClaims
	if _, _, err := jwt.NewParser().ParseUnverified(good, &claims); err != nil {
		t.Fatal(err)
	}
	sign := func(method jwt.SigningMethod, key any) string {
		token, err := jwt.NewWithClaims(method, claims).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for name, token := range map[string]string{
		"another user":       part[0] + "." + encode(strings.Replace(string(payload), "rita", "lea", 1)) + "." + part[2],
		"no signature":       part[0] + "." + part[1] + ".",
		"alg none":           sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType),
		"another algorithm":  sign(jwt.SigningMethodHS512, key),
		"another key":        sign(jwt.SigningMethodHS256, key),
		"the bare secret":    sign(jwt.SigningMethodHS256, []byte(strings.Repeat("\x07", 32))),
		"not a token at all": "let me in",
		"nothing":            "",
	} {
		if a := s.whoami(token); a.problem(t).Code != slipway.CodeUnauthenticated {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	r := s.request("GET", "/api/v1/whoami", nil)
	r.SetBasicAuth("rita", password)
	r.AddCookie(&http.Cookie{Name: "slipway_session", Value: good})
	if a := s.send(r); a.problem(t).Code != slipway.CodeUnauthenticated {
		t.Errorf("a cookie made up for another Authorization header: %s", a.body)
	}
}

func TestToken_EndsWithTimePasswordAndUser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.token("rita")
	late := time.Now().Add(12*time.Hour + time.Second)
	s.clock.Store(&late)
	if a := s.whoami(token); a.problem(t).Code != slipway.CodeUnauthenticated || !strings.Contains(a.body, "expired") {
		t.Errorf("12 h later: %s", a.body)
	}
	s.clock.Store(nil)

	fleet := *s.fleet.Load()
	users := append([]slipway.User{}, fleet.Directory.Users...)
	users[1].Groups = []string{"viewers"}
	fleet.Directory.Users = users
	s.fleet.Store(&fleet)
	if a := s.whoami(token); !strings.Contains(a.body, `"groups":["viewers"]`) {
		t.Errorf("groups are not those of now: %s", a.body)
	}

	s.fleet.Store(parseFleet(t, fleetFile)) // hashes the passwords anew
	if a := s.whoami(token); a.problem(t).Code != slipway.CodeUnauthenticated {
		t.Errorf("after the password was changed: %s", a.body)
	}

	token = s.token("rita")
	s.fleet.Store(parseFleet(t, strings.Replace(fleetFile, "name: rita", "name: rika", 1)))
	if a := s.whoami(token); a.problem(t).Code != slipway.CodeUnauthenticated {
		t.Errorf("after the user was removed: %s", a.body)
	}
}

func TestNew_RefusesAShortKey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if _, err := api.New(api.Config{Releases: s.workflows, Tokens: s.ring, Fleet: s.fleet.Load, Audit: s.audit, Signatures: keys(), Registry: s.registry, SigningKey: make([]byte, 31)}); err == nil {
		t.Error("it was taken")
	}
}
