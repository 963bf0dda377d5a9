package api

import (
	"context"

	"slipway"
)

type restartInput struct {
	ServicePath
	Idempotency
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"1000"`
	}
}

type restartOutput struct {
	Location string `header:"Location"`
	Body     struct {
		Release string `json:"release" doc:"the id of the release that restarts it"`
	}
}

// restart releases once more exactly what is live. The lane makes sure that it
// still is when the restart has its turn.
func (s *server) restart(ctx context.Context, in *restartInput) (*restartOutput, error) {
	service, err := s.service(ctx, in.Project, in.Service, slipway.RightRelease)
	if err != nil {
		return nil, err
	}
	status, err := s.Releases.Service(ctx, service)
	if err != nil {
		return nil, err
	}
	if status.Live == nil {
		return nil, slipway.Errorf(slipway.CodeConflict, "%s has nothing to restart: nothing is live", service)
	}
	if status.Live.Adopted != nil {
		return nil, slipway.Errorf(slipway.CodeConflict, "%s was adopted, so its settings are not known: release it instead", status.Live.Release)
	}
	plan, err := s.planOf(ctx, status.Live.Service)
	if err != nil {
		return nil, err
	}
	if err := s.proven(*status.Live); err != nil {
		return nil, err
	}
	order := slipway.Order{
		Service:     status.Live.Service,
		Tag:         status.Live.Digest,
		Kind:        slipway.KindRestart,
		Force:       true,
		Reason:      in.Body.Reason,
		RequestedBy: requestOf(ctx).session.User,
		Plan:        plan,
	}
	if err := s.signOrder(&order); err != nil {
		return nil, err
	}
	id, err := s.Releases.Submit(ctx, order, in.key(ctx))
	if err != nil {
		return nil, err
	}
	var out restartOutput
	out.Location = "/api/v1/releases/" + id.String()
	out.Body.Release = id.String()
	return &out, nil
}
