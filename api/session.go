package api

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
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
	key []byte
	now func() time.Time
}

// claims say who somebody is, and by which password they said so: a changed
// password ends the sessions of the old one.
type claims struct {
	jwt.RegisteredClaims
	Credential string `json:"cred"`
}

func newTokens(secret []byte, now func() time.Time) (tokens, error) {
	if len(secret) < keySize {
		return tokens{}, fmt.Errorf("the signing key has %d bytes; it needs at least %d", len(secret), keySize)
	}
	// A key for this purpose alone: what else is signed with the secret can
	// never pass for a token.
	key, err := hkdf.Key(sha256.New, secret, nil, "slipway session", keySize)
	return tokens{key: key, now: now}, err
}

func (t tokens) issue(user slipway.User) (Session, error) {
	now := t.now()
	expires := now.Add(sessionTime).Truncate(time.Second) // as the token has it
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    issuer,
			Subject:   user.Name,
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(expires),
		},
		Credential: t.credential(user),
	}).SignedString(t.key)
	if err != nil {
		return Session{}, fmt.Errorf("sign a token: %w", err)
	}
	return sessionOf(user, expires, token), nil
}

// read says whose token it is, if that user is still in the fleet.
func (t tokens) read(token string, fleet *slipway.Fleet) (Session, error) {
	var c claims
	_, err := jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return t.key, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(issuer),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(t.now))
	if errors.Is(err, jwt.ErrTokenExpired) {
		return Session{}, slipway.Errorf(slipway.CodeUnauthenticated, "the sign-in has expired: sign in again")
	}
	user, there := findUser(fleet, c.Subject)
	if err != nil || !there || !hmac.Equal([]byte(c.Credential), []byte(t.credential(user))) {
		return Session{}, slipway.Errorf(slipway.CodeUnauthenticated, "the sign-in is not valid, or not any more: sign in again")
	}
	return sessionOf(user, c.ExpiresAt.Time, token), nil
}

// credential stands for the user's password without telling anything of it.
func (t tokens) credential(user slipway.User) string {
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte(user.PasswordBcrypt))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

func sessionOf(user slipway.User, expires time.Time, token string) Session {
	groups := append([]string{}, user.Groups...) // never null
	return Session{User: user.Name, Groups: groups, ExpiresAt: expires.UTC(), token: token}
}

func findUser(fleet *slipway.Fleet, name string) (slipway.User, bool) {
	i := slices.IndexFunc(fleet.Directory.Users, func(u slipway.User) bool { return u.Name == name })
	if i < 0 {
		return slipway.User{}, false
	}
	return fleet.Directory.Users[i], true
}

// identify says who sent the request. An Authorization header counts alone:
// what is wrong with it is not made good by a cookie.
func (s *server) identify(r *http.Request) (Session, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return Session{}, slipway.Errorf(slipway.CodeUnauthenticated, "the Authorization header is not \"Bearer TOKEN\"")
		}
		return s.tokens.read(strings.TrimSpace(token), s.Fleet())
	}
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return Session{}, slipway.Errorf(slipway.CodeUnauthenticated, "nobody is signed in: send a token as \"Authorization: Bearer TOKEN\"; POST /api/v1/login gives one")
	}
	return s.tokens.read(cookie.Value, s.Fleet())
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
