package api

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
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
	sessionTime = 12 * time.Hour  // from the sign-in, however it is used
	idleTime    = time.Hour       // of a browser that asks for nothing
	renewTime   = 5 * time.Minute // after which a browser that asks gets another idleTime

	sessionCookie = "slipway_session"
	issuer        = "slipway"
)

// Who a token is for. One is never taken for another: a cookie that leaks does
// not work in a program, and nobody's browser can be made to use what was
// given to a program.
const (
	forBrowser = "browser"
	forProgram = "program"
	forMachine = "machine"
)

// A Session is somebody who is signed in, with the groups that they have now.
type Session struct {
	User      string         `json:"user"` // for a machine, as slipway.Token.By has it
	Groups    []string       `json:"groups"`
	ExpiresAt time.Time      `json:"expires_at"`
	Token     *slipway.Token `json:"token,omitempty"` // that a machine signed in with

	person string
	token  string // as it was sent
	claims claims
}

// tokens issues and reads what people and machines carry between requests.
type tokens struct {
	key      []byte
	now      func() time.Time
	people   *people
	standing *standing
}

// claims say who somebody is, and by what they were recognised: a changed
// password, or another entry under the same name, ends the sessions before.
type claims struct {
	jwt.RegisteredClaims
	Credential string           `json:"cred"`
	SignedIn   *jwt.NumericDate `json:"auth_time,omitempty"`
	Name       string           `json:"name,omitempty"`    // of the token of a machine
	Project    string           `json:"project,omitempty"` // as Name
	Role       slipway.Role     `json:"role,omitempty"`    // as Name
}

func newTokens(c Config, people *people, standing *standing) (tokens, error) {
	if len(c.SigningKey) < keySize {
		return tokens{}, fmt.Errorf("the signing key has %d bytes; it needs at least %d", len(c.SigningKey), keySize)
	}
	// A key for this purpose alone: what else is signed with the secret can
	// never pass for a token.
	key, err := hkdf.Key(sha256.New, c.SigningKey, nil, "slipway session", keySize)
	return tokens{key: key, now: c.Now, people: people, standing: standing}, err
}

// begin starts a session, for a browser or a program.
func (t tokens) begin(who account, use string) (Session, error) {
	return t.issue(who, claims{
		RegisteredClaims: jwt.RegisteredClaims{ID: rand.Text(), Audience: jwt.ClaimStrings{use}},
		SignedIn:         jwt.NewNumericDate(t.now()),
	})
}

// issue signs a token of a session that began as the claims say.
func (t tokens) issue(who account, c claims) (Session, error) {
	now := t.now()
	expires := c.SignedIn.Add(sessionTime)
	if idle := now.Add(idleTime); slices.Contains(c.Audience, forBrowser) && idle.Before(expires) {
		expires = idle
	}
	c.Issuer, c.Subject, c.Credential = issuer, who.Name, t.credential(who.credential)
	c.IssuedAt, c.ExpiresAt = jwt.NewNumericDate(now), jwt.NewNumericDate(expires.Truncate(time.Second))
	text, err := t.sign(c)
	return sessionOf(who, c, text), err
}

func (t tokens) sign(c claims) (string, error) {
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(t.key)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return text, nil
}

// read says whose token it is, if that is still somebody and the token is
// still good, with the groups that they have now. Errors: CodeUnauthenticated,
// CodeUnavailable, and what people.find has.
func (t tokens) read(ctx context.Context, text string, uses ...string) (Session, error) {
	var c claims
	_, err := jwt.ParseWithClaims(text, &c, func(*jwt.Token) (any, error) { return t.key, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(issuer), jwt.WithAudience(uses...),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(t.now))
	if errors.Is(err, jwt.ErrTokenExpired) {
		return Session{}, slipway.Errorf(slipway.CodeUnauthenticated, "the sign-in has expired: sign in again")
	}
	if err != nil {
		return Session{}, errNoSession
	}
	standing, err := t.standing.now(ctx)
	if err != nil {
		return Session{}, err
	}
	who, err := t.people.find(ctx, c.Subject)
	switch {
	case slipway.ErrorCode(err) == slipway.CodeNotFound:
		return Session{}, errNoSession
	case err != nil:
		return Session{}, err
	case slices.Contains(c.Audience, forMachine):
		return t.machine(who, c, text, standing)
	case c.SignedIn == nil, standing.Over(c.Subject, c.ID, c.SignedIn.Time), !t.same(c, who.credential):
		return Session{}, errNoSession
	}
	return sessionOf(who, c, text), nil
}

// machine is the session of a token that has been made and not revoked. What
// it may is in what was signed: the list of tokens can only end it.
func (t tokens) machine(who account, c claims, text string, standing slipway.Standing) (Session, error) {
	if known, good := standing.Token(c.ID); !good || !known.CreatedAt.Equal(c.IssuedAt.Time) || !t.same(c, who.entry) {
		return Session{}, slipway.Errorf(slipway.CodeUnauthenticated, "the token is not valid, or not any more: make another with slipway token create")
	}
	session := sessionOf(who, c, text)
	session.Token = &slipway.Token{
		ID: c.ID, Name: c.Name, Project: c.Project, Role: c.Role, Maker: c.Subject,
		CreatedAt: c.IssuedAt.Time.UTC(), ExpiresAt: c.ExpiresAt.Time.UTC(),
	}
	session.User = session.Token.By()
	return session, nil
}

var errNoSession = slipway.Errorf(slipway.CodeUnauthenticated, "the sign-in is not valid, or not any more: sign in again")

// credential stands for what somebody is recognised by, without telling
// anything of it.
func (t tokens) credential(of string) string {
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte(of))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

func (t tokens) same(c claims, credential string) bool {
	return hmac.Equal([]byte(c.Credential), []byte(t.credential(credential)))
}

func sessionOf(who account, c claims, text string) Session {
	groups := append([]string{}, who.Groups...) // never null
	return Session{User: who.Name, Groups: groups, ExpiresAt: c.ExpiresAt.UTC(), person: who.Name, token: text, claims: c}
}

// may reports whether the session has the right in the project: its person, and
// for a machine its token, too.
func (s Session) may(fleet *slipway.Fleet, project string, right slipway.Right) bool {
	return (s.Token == nil || s.Token.Covers(project, right)) && fleet.May(s.Groups, project, right)
}

// identify says who sent the request. An Authorization header counts alone:
// what is wrong with it is not made good by a cookie.
func (s *server) identify(r *http.Request) (Session, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return Session{}, slipway.Errorf(slipway.CodeUnauthenticated, "the Authorization header is not \"Bearer TOKEN\"")
		}
		return s.tokens.read(r.Context(), strings.TrimSpace(token), forProgram, forMachine)
	}
	cookie, err := r.Cookie(cookieName(r))
	if err != nil {
		return Session{}, slipway.Errorf(slipway.CodeUnauthenticated, "nobody is signed in: send a token as \"Authorization: Bearer TOKEN\"; POST /api/v1/login gives one")
	}
	return s.tokens.read(r.Context(), cookie.Value, forBrowser)
}
