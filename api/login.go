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
	Body struct {
		Token string `json:"token" doc:"send it as Authorization: Bearer TOKEN"`
		Session
	}
}

func (s *server) login(ctx context.Context, in *loginInput) (*loginOutput, error) {
	signedIn, err := s.signIn(ctx, in.Body.User, in.Body.Password, forProgram)
	if err != nil {
		return nil, err
	}
	var out loginOutput
	out.Body.Token, out.Body.Session = signedIn.token, signedIn
	return &out, nil
}

// signIn is the one way in, for programs and for the page.
func (s *server) signIn(ctx context.Context, name, password, use string) (Session, error) {
	request := requestOf(ctx)
	request.tried = name
	user, err := s.passwords.check(ctx, name, password, origin(request.Request))
	switch slipway.ErrorCode(err) {
	case "":
		s.metrics.signIns.WithLabelValues("ok").Inc()
		request.session.User = user.Name // for the log
		if err := request.signedIn(); err != nil {
			return Session{}, err
		}
		return s.tokens.begin(user, use)
	case slipway.CodeTooMany:
		s.metrics.signIns.WithLabelValues("delayed").Inc()
	case slipway.CodeUnauthenticated:
		s.metrics.signIns.WithLabelValues("wrong").Inc()
	case slipway.CodeUnavailable:
		s.metrics.signIns.WithLabelValues("unavailable").Inc()
	}
	return Session{}, err
}

type logoutOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

// logout ends the session, and takes the cookie away.
func (s *server) logout(ctx context.Context, _ *struct{}) (*logoutOutput, error) {
	if err := s.signOut(requestOf(ctx)); err != nil {
		return nil, err
	}
	return &logoutOutput{SetCookie: requestOf(ctx).cookie(Session{})}, nil
}

type whoamiOutput struct{ Body Session }

func (s *server) whoami(ctx context.Context, _ *struct{}) (*whoamiOutput, error) {
	return &whoamiOutput{Body: requestOf(ctx).session}, nil
}
