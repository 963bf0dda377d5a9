package api

import (
	"net/http"
	"slices"
	"strings"

	"slipway"
)

// cookie carries the session in a browser. The empty Session takes it away.
func (r *request) cookie(of Session) http.Cookie {
	c := http.Cookie{ //nolint:gosec // without TLS, as on a loopback address, a browser would not send a Secure one back
		Name:     cookieName(r.Request),
		Value:    of.token,
		Path:     "/",
		Expires:  of.ExpiresAt,
		HttpOnly: true,
		Secure:   overTLS(r.Request),
		SameSite: http.SameSiteLaxMode,
	}
	if of.token == "" {
		c.MaxAge = -1
	}
	return c
}

// overTLS reports whether the browser speaks TLS, here or, as a proxy in front
// says, there. Whoever lies about it does so about their own cookie.
func overTLS(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// cookieName is what the cookie is called. Over TLS browsers take one of that
// name only from this very host name: a service at a sibling of it, such as
// Slipway itself releases, cannot plant a session of its own there.
func cookieName(r *http.Request) string {
	if overTLS(r) {
		return "__Host-" + sessionCookie
	}
	return sessionCookie
}

// prolong gives a browser that asks for something more time. It stays the same
// session, which ends when that does.
func (s *server) prolong(w http.ResponseWriter, r *request) {
	c := r.session.claims
	if !slices.Contains(c.Audience, forBrowser) || s.Now().Sub(c.IssuedAt.Time) < renewTime {
		return
	}
	who, err := s.people.find(r.Context(), c.Subject)
	if err != nil {
		return // what the request is about says so better
	}
	if renewed, err := s.tokens.issue(who, c); err == nil && renewed.ExpiresAt.After(r.session.ExpiresAt) {
		cookie := r.cookie(renewed)
		http.SetCookie(w, &cookie)
	}
}

// signOut ends the session, in whatever copies there are of it.
func (s *server) signOut(r *request) error {
	session := r.session
	switch {
	case session.Token != nil:
		return slipway.Errorf(slipway.CodeForbidden, "a token does not sign out: revoke it, with slipway token revoke")
	case session.person == "":
		if slipway.ErrorCode(r.unknown) == slipway.CodeUnavailable {
			return r.unknown // there may be a session that goes on
		}
		return nil // nobody is signed in, or not any more
	}
	err := s.Tokens.EndSession(r.Context(), session.person, session.claims.ID, session.claims.SignedIn.Add(sessionTime).UTC())
	s.tokens.standing.forget()
	return err
}
