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
	return s.act(ctx, in, s.Releases.Abort)
}

func (s *server) accept(ctx context.Context, in *actInput) (*struct{}, error) {
	return s.act(ctx, in, s.Releases.Accept)
}

func (s *server) act(ctx context.Context, in *actInput, do func(ctx context.Context, id slipway.ReleaseID, by, reason, key string) error) (*struct{}, error) {
	id, err := s.release(ctx, in.ID, slipway.RightRelease)
	if err != nil {
		return nil, err
	}
	reason := ""
	if in.Body != nil {
		reason = in.Body.Reason
	}
	return nil, do(ctx, id, requestOf(ctx).session.User, reason, in.key(ctx))
}
