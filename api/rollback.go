package api

import (
	"context"
	"slices"

	"slipway"
	"slipway/starter"
)

type rollbackInput struct {
	ServicePath
	Idempotency
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"1000"`
		To     int    `json:"to,omitempty" minimum:"1" doc:"the number of a release that served before; without it the last one"`
	}
}

type rollbackOutput struct {
	Location string `header:"Location"`
	Body     struct {
		Release string `json:"release" doc:"the id of the release that goes back"`
		Held    bool   `json:"held" doc:"what served before still runs: going back is only a switch"`
	}
}

func (s *server) rollback(ctx context.Context, in *rollbackInput) (*rollbackOutput, error) {
	service, err := s.service(ctx, in.Project, in.Service, slipway.RightRelease)
	if err != nil {
		return nil, err
	}
	status, err := s.Releases.Service(ctx, service)
	if err != nil {
		return nil, err
	}
	request, err := s.request(ctx, "rollback", service, "", in.Body.Reason)
	if err != nil {
		return nil, err
	}
	order, err := s.wayBack(ctx, status, in.Body.To, request.By, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	back := starter.WayBack{Request: request, To: in.Body.To, Order: order, Switching: s.switching(ctx, status)}
	id, err := s.Releases.Rollback(ctx, service, back, in.key(ctx))
	if err != nil {
		return nil, err
	}
	var out rollbackOutput
	out.Location = "/api/v1/releases/" + id.String()
	out.Body.Release, out.Body.Held = id.String(), id.String() == status.Held || id.String() == status.Running // it is undone itself
	return &out, nil
}

// switching is the number of the release that edges are just being pointed at:
// whoever goes back at such a moment means that one, and not what it takes the
// place of. 0: there is none, or nobody can say.
func (s *server) switching(ctx context.Context, status slipway.ServiceStatus) int {
	id, err := slipway.ParseReleaseID(status.Running)
	if err != nil {
		return 0
	}
	release, err := s.Releases.Release(ctx, id)
	if err != nil || release.Phase != slipway.Switching {
		return 0
	}
	return id.Number
}

// wayBack orders what served before once more, with the settings it had. While
// it is held the order is only for the case that the hold ends meanwhile, so
// that a fleet which would not take it any more, or a proof that does not count
// any more, does not bar the way. Without anything to go back to there is no
// order; the lane says so.
func (s *server) wayBack(ctx context.Context, status slipway.ServiceStatus, to int, by, reason string) (*slipway.Order, error) {
	i := 0
	if to != 0 {
		id := slipway.ReleaseID{ServiceID: status.ServiceID, Number: to}.String()
		i = slices.IndexFunc(status.Good, func(v slipway.Version) bool { return v.Release == id })
	}
	if i < 0 || i >= len(status.Good) {
		return nil, nil
	}
	version := status.Good[i]
	if version.Adopted != nil {
		return nil, nil // going back to it is a switch while it is held, and nothing else
	}
	order, err := s.again(ctx, version, by, reason)
	if err != nil && i == 0 && (status.Held != "" || len(status.Stuck) > 0) {
		return nil, nil
	}
	return order, err
}

// again orders a version that was live once more. Its gates are skipped, which
// is only for what went through them before.
func (s *server) again(ctx context.Context, version slipway.Version, by, reason string) (*slipway.Order, error) {
	plan, err := s.planOf(ctx, version.Service)
	if err != nil {
		return nil, err
	}
	if err := s.proven(version); err != nil {
		return nil, err
	}
	order := &slipway.Order{
		Service:     version.Service,
		Tag:         version.Digest,
		Kind:        slipway.KindRollback,
		Reason:      reason,
		RequestedBy: by,
		Plan:        plan,
	}
	if err := s.signOrder(order); err != nil {
		return nil, err
	}
	return order, nil
}
