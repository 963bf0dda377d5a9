package api

import (
	"context"

	"slipway"
)

// removeInput has its reason in the query, as unlockInput, but does without one:
// scripts take services away that only existed for a test.
type removeInput struct {
	ServicePath
	Idempotency
	Reason string `query:"reason" maxLength:"1000" default:"no reason given"`
}

type removeOutput struct {
	Location string `header:"Location"`
	Body     struct {
		Release string `json:"release" doc:"the id of the removal, which is followed as a release is"`
	}
}

func (s *server) remove(ctx context.Context, in *removeInput) (*removeOutput, error) {
	service, err := s.service(ctx, in.Project, in.Service, slipway.RightOperate)
	if err != nil {
		return nil, err
	}
	status, err := s.Releases.Service(ctx, service)
	if err != nil && slipway.ErrorCode(err) != slipway.CodeNotFound { // its lane says that
		return nil, err
	}
	live := "nothing" // what serves is what is removed, and nothing that comes later
	if status.Live != nil {
		live = status.Live.Release
	}
	request, err := s.request(ctx, "remove", service, live, in.Reason)
	if err != nil {
		return nil, err
	}
	id, err := s.Releases.Remove(ctx, service, request, in.key(ctx))
	if err != nil {
		return nil, err
	}
	var out removeOutput
	out.Location = "/api/v1/releases/" + id.String()
	out.Body.Release = id.String()
	return &out, nil
}
