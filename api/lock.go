package api

import (
	"context"

	"slipway"
)

type lockInput struct {
	ServicePath
	Idempotency
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"1000"`
	}
}

// unlockInput has its reason in the query: the body of a DELETE means nothing
// to HTTP, and may be lost on the way.
type unlockInput struct {
	ServicePath
	Idempotency
	Reason string `query:"reason" required:"true" minLength:"1" maxLength:"1000"`
}

func (s *server) lock(ctx context.Context, in *lockInput) (*struct{}, error) {
	return s.turn(ctx, in.ServicePath, in.Body.Reason, in.key(ctx), s.Releases.Lock)
}

func (s *server) unlock(ctx context.Context, in *unlockInput) (*struct{}, error) {
	return s.turn(ctx, in.ServicePath, in.Reason, in.key(ctx), s.Releases.Unlock)
}

func (s *server) turn(ctx context.Context, at ServicePath, reason, key string, do func(ctx context.Context, service slipway.ServiceID, by, reason, key string) error) (*struct{}, error) {
	service, err := s.service(ctx, at.Project, at.Service, slipway.RightRelease)
	if err != nil {
		return nil, err
	}
	return nil, do(ctx, service, requestOf(ctx).session.User, reason, key)
}
