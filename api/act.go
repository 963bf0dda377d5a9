package api

import (
	"context"

	"slipway"
)

type actInput struct {
	ReleasePath
	Idempotency
	Body *struct { // may be left out
		Reason string `json:"reason,omitempty" maxLength:"1000"`
	}
}

func (s *server) abort(ctx context.Context, in *actInput) (*struct{}, error) {
	return s.act(ctx, in, "abort", s.Releases.Abort)
}

func (s *server) accept(ctx context.Context, in *actInput) (*struct{}, error) {
	return s.act(ctx, in, "accept", s.Releases.Accept)
}

func (s *server) act(ctx context.Context, in *actInput, act string, do func(ctx context.Context, id slipway.ReleaseID, request slipway.Request, key string) error) (*struct{}, error) {
	id, err := s.release(ctx, in.ID, slipway.RightRelease)
	if err != nil {
		return nil, err
	}
	reason := ""
	if in.Body != nil {
		reason = in.Body.Reason
	}
	request, err := s.request(ctx, act, id.ServiceID, id.String(), reason)
	if err != nil {
		return nil, err
	}
	return nil, do(ctx, id, request, in.key(ctx))
}
