package api

import (
	"context"
	"net/http"

	"slipway"
)

type loginInput struct {
	Body struct {
		User     string `json:"user" maxLength:"64"`
		Password string `json:"password" maxLength:"1024"`
	}
}

type loginOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      struct {
		Token string `json:"token" doc:"send it as Authorization: Bearer TOKEN"`
		Session
	}
}

func (s *server) login(ctx context.Context, in *loginInput) (*loginOutput, error) {
	signedIn, err := s.signIn(ctx, in.Body.User, in.Body.Password)
	if err != nil {
		return nil, err
	}
	var out loginOutput
	out.SetCookie = requestOf(ctx).cookie(signedIn)
	out.Body.Token, out.Body.Session = signedIn.token, signedIn
	return &out, nil
}

// signIn is the one way in, for programs and for the page.
func (s *server) signIn(ctx context.Context, name, password string) (Session, error) {
	request := requestOf(ctx)
	user, err := s.passwords.check(ctx, name, password, peer(request.Request))
	switch slipway.ErrorCode(err) {
	case "":
		s.metrics.signIns.WithLabelValues("ok").Inc()
		request.session.User = user.Name // for the log
		return s.tokens.issue(user)
	case slipway.CodeTooMany:
		s.metrics.signIns.WithLabelValues("delayed").Inc()
	case slipway.CodeUnauthenticated:
		s.metrics.signIns.WithLabelValues("wrong").Inc()
	}
	return Session{}, err
}

type logoutOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

// logout takes the cookie away. The token itself is not kept anywhere, so it
// stays good until it expires.
func (s *server) logout(ctx context.Context, _ *struct{}) (*logoutOutput, error) {
	return &logoutOutput{SetCookie: requestOf(ctx).cookie(Session{})}, nil
}

type whoamiOutput struct{ Body Session }

func (s *server) whoami(ctx context.Context, _ *struct{}) (*whoamiOutput, error) {
	return &whoamiOutput{Body: requestOf(ctx).session}, nil
}
