package api

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"slipway"
)

const (
	sessionTime   = 12 * time.Hour
	sessionCookie = "slipway_session"
	issuer        = "slipway"
)

// A Session is somebody who is signed in, with the groups that they have now.
type Session struct {
	User      string    `json:"user"`
	Groups    []string  `json:"groups"`
	ExpiresAt time.Time `json:"expires_at"`

	token string
}

// tokens issues and reads what people carry between requests.
type tokens struct {
	key    []byte
	now    func() time.Time
	people *people
}

// claims say who somebody is, and by what they were recognised: a changed
// password, or another entry under the same name, ends the sessions before.
type claims struct {
	jwt.RegisteredClaims
	Credential string `json:"cred"`
}

func newTokens(secret []byte, people *people, now func() time.Time) (tokens, error) {
	if len(secret) < keySize {
		return tokens{}, fmt.Errorf("the signing key has %d bytes; it needs at least %d", len(secret), keySize)
	}
	// A key for this purpose alone: what else is signed with the secret can
	// never pass for a token.
	key, err := hkdf.Key(sha256.New, secret, nil, "slipway session", keySize)
	return tokens{key: key, now: now, people: people}, err
}

func (t tokens) issue(who account) (Session, error) {
	now := t.now()
	expires := now.Add(sessionTime).Truncate(time.Second) // as the token has it
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    issuer,
			Subject:   who.Name,
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(expires),
		},
		Credential: t.credential(who),
	}).SignedString(t.key)
	if err != nil {
		return Session{}, fmt.Errorf("sign a token: %w", err)
	}
	return sessionOf(who, expires, token), nil
}

// read says whose token it is, if that is still somebody, with the groups that
// they have now. Errors: CodeUnauthenticated, and what people.find has.
func (t tokens) read(ctx context.Context, token string) (Session, error) {
	var c claims
	_, err := jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return t.key, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(issuer),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(t.now))
	if errors.Is(err, jwt.ErrTokenExpired) {
		return Session{}, slipway.Errorf(slipway.CodeUnauthenticated, "the sign-in has expired: sign in again")
	}
	if err != nil {
		return Session{}, errNoSession
	}
	who, err := t.people.find(ctx, c.Subject)
	switch {
	case slipway.ErrorCode(err) == slipway.CodeNotFound:
		return Session{}, errNoSession
	case err != nil:
		return Session{}, err
	case !hmac.Equal([]byte(c.Credential), []byte(t.credential(who))):
		return Session{}, errNoSession
	}
	return sessionOf(who, c.ExpiresAt.Time, token), nil
}

var errNoSession = slipway.Errorf(slipway.CodeUnauthenticated, "the sign-in is not valid, or not any more: sign in again")

// credential stands for what somebody is recognised by, without telling
// anything of it.
func (t tokens) credential(who account) string {
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte(who.credential))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

func sessionOf(who account, expires time.Time, token string) Session {
	groups := append([]string{}, who.Groups...) // never null
	return Session{User: who.Name, Groups: groups, ExpiresAt: expires.UTC(), token: token}
}

// identify says who sent the request. An Authorization header counts alone:
// what is wrong with it is not made good by a cookie.
func (s *server) identify(r *http.Request) (Session, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return Session{}, slipway.Errorf(slipway.CodeUnauthenticated, "the Authorization header is not \"Bearer TOKEN\"")
		}
		return s.tokens.read(r.Context(), strings.TrimSpace(token))
	}
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return Session{}, slipway.Errorf(slipway.CodeUnauthenticated, "nobody is signed in: send a token as \"Authorization: Bearer TOKEN\"; POST /api/v1/login gives one")
	}
	return s.tokens.read(r.Context(), cookie.Value)
}

// cookie carries the session in a browser. The empty Session takes it away.
func (r *request) cookie(of Session) http.Cookie {
	c := http.Cookie{ //nolint:gosec // without TLS, as on a loopback address, a browser would not send a Secure one back
		Name:     sessionCookie,
		Value:    of.token,
		Path:     "/",
		Expires:  of.ExpiresAt,
		HttpOnly: true,
		Secure:   r.TLS != nil,
		SameSite: http.SameSiteLaxMode,
	}
	if of.token == "" {
		c.MaxAge = -1
	}
	return c
}
