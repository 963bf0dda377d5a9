package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"slipway"
)

const (
	shortestToken = time.Minute
	longestToken  = 366 * 24 * time.Hour
)

type createTokenInput struct {
	Idempotency
	Body struct {
		Name    string           `json:"name,omitempty" doc:"unique in the project; default: one that nobody has"`
		Project string           `json:"project,omitempty" doc:"default: the whole fleet"`
		Role    slipway.Role     `json:"role" enum:"viewer,releaser,operator"`
		Expires slipway.Duration `json:"expires" doc:"how long it is good, at most 8784h"`
	}
}

type createTokenOutput struct {
	Body struct {
		slipway.Token
		Secret string `json:"token" doc:"send it as Authorization: Bearer TOKEN. It is shown this once"`
	}
}

// createToken makes a token of what its maker may. It stays bound to them: it
// may what both of them may, at each request, and ends with them.
func (s *server) createToken(ctx context.Context, in *createTokenInput) (*createTokenOutput, error) {
	session, body := requestOf(ctx).session, in.Body
	if session.Token != nil {
		return nil, slipway.Errorf(slipway.CodeForbidden, "a token makes no tokens: a person does")
	}
	if body.Project != "" && !slipway.ValidName(body.Project) {
		return nil, slipway.Errorf(slipway.CodeInvalid, "%q is not the name of a project", body.Project)
	}
	if lasts := body.Expires.Std(); lasts < shortestToken || lasts > longestToken {
		return nil, slipway.Errorf(slipway.CodeInvalid, "a token lasts from %s to %d days, not %s", shortestToken, longestToken/24/time.Hour, lasts)
	}
	id := rand.Text()
	if key := in.key(ctx); key != "" {
		id = key[:26] // the same request makes the same token
	}
	token := slipway.Token{
		ID: id, Name: cmp.Or(body.Name, "t-"+strings.ToLower(id[:8])), Project: body.Project, Role: body.Role, Maker: session.person,
		CreatedAt: s.Now().UTC().Truncate(time.Second),
	}
	token.ExpiresAt = token.CreatedAt.Add(body.Expires.Std()).Truncate(time.Second)
	if !slipway.ValidName(token.Name) {
		return nil, slipway.Errorf(slipway.CodeInvalid, "%q is not a name: write 1 to 40 lower-case letters, digits and hyphens", token.Name)
	}
	if err := s.mayGive(ctx, token); err != nil {
		return nil, err
	}
	who, err := s.people.findNow(ctx, session.person)
	if err != nil {
		return nil, err
	}
	made, err := s.Tokens.CreateToken(ctx, token)
	s.tokens.standing.forget()
	if err != nil {
		return nil, err
	}
	var out createTokenOutput
	out.Body.Token = made
	out.Body.Secret, err = s.tokens.sign(claims{
		RegisteredClaims: jwt.RegisteredClaims{
			ID: made.ID, Issuer: issuer, Subject: made.Maker, Audience: jwt.ClaimStrings{forMachine},
			IssuedAt: jwt.NewNumericDate(made.CreatedAt), ExpiresAt: jwt.NewNumericDate(made.ExpiresAt),
		},
		Credential: s.tokens.credential(who.entry),
		Name:       made.Name, Project: made.Project, Role: made.Role,
	})
	return &out, err
}

// mayGive returns nil if whoever is signed in may all that the token may.
func (s *server) mayGive(ctx context.Context, token slipway.Token) error {
	if token.Project != "" && !s.may(ctx, token.Project, slipway.RightView) {
		return slipway.Errorf(slipway.CodeNotFound, "there is no project %s", token.Project)
	}
	for _, right := range []slipway.Right{slipway.RightView, slipway.RightRelease, slipway.RightOperate} {
		if token.Role.Has(right) && !s.may(ctx, token.Project, right) {
			where := "project " + token.Project
			if token.Project == "" {
				where = "the whole fleet"
			}
			return slipway.Errorf(slipway.CodeForbidden, "%s is no %s in %s, and cannot make a token that is", token.Maker, token.Role, where)
		}
	}
	return nil
}

type listTokensOutput struct {
	Body struct {
		Tokens []slipway.Token `json:"tokens"`
	}
}

func (s *server) listTokens(ctx context.Context, _ *struct{}) (*listTokensOutput, error) {
	standing, err := s.tokens.standing.now(ctx)
	if err != nil {
		return nil, err
	}
	var out listTokensOutput
	out.Body.Tokens = []slipway.Token{}
	for _, token := range standing.Tokens {
		if s.mayRevoke(ctx, token) && s.Now().Before(token.ExpiresAt) {
			out.Body.Tokens = append(out.Body.Tokens, token)
		}
	}
	return &out, nil
}

// mayRevoke reports whether whoever is signed in may see a token and end it:
// whoever made it, the token itself, and operators of where it counts.
func (s *server) mayRevoke(ctx context.Context, token slipway.Token) bool {
	session := requestOf(ctx).session
	if session.Token != nil && session.Token.ID == token.ID || session.Token == nil && session.person == token.Maker {
		return true
	}
	return s.may(ctx, token.Project, slipway.RightOperate)
}

type revokeTokenInput struct {
	ID string `path:"id" doc:"of the token"`
}

func (s *server) revokeToken(ctx context.Context, in *revokeTokenInput) (*struct{}, error) {
	standing, err := s.tokens.standing.now(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(standing.Tokens, func(t slipway.Token) bool { return t.ID == in.ID && s.mayRevoke(ctx, t) })
	if i < 0 {
		return nil, slipway.Errorf(slipway.CodeNotFound, "there is no token %s", in.ID)
	}
	defer s.tokens.standing.forget()
	return nil, s.Tokens.RevokeToken(ctx, in.ID, requestOf(ctx).session.User)
}
