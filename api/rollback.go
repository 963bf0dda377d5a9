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
	back := starter.WayBack{Request: request, To: in.Body.To, Switching: s.switching(ctx, status)}
	if back.Order, err = s.wayBack(ctx, status, back); err != nil {
		return nil, err
	}
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
	if err != nil || release.Phase != slipway.Switching || release.Kind == slipway.KindAdopt { // which takes nothing's place
		return 0
	}
	return id.Number
}

// wayBack orders what served before once more, with the settings it had: before
// what is switching, that is what is live. While it is held, or still serves, the
// order is only for the case that this ends meanwhile, so
// that a fleet which would not take it any more, or a proof that does not count
// any more, does not bar the way. Without anything to go back to there is no
// order; the lane says so.
func (s *server) wayBack(ctx context.Context, status slipway.ServiceStatus, back starter.WayBack) (*slipway.Order, error) {
	good := status.Good
	if back.Switching != 0 && status.Live != nil {
		good = slices.Insert(slices.Clone(good), 0, *status.Live)
	}
	i := 0
	if back.To != 0 {
		id := slipway.ReleaseID{ServiceID: status.ServiceID, Number: back.To}.String()
		i = slices.IndexFunc(good, func(v slipway.Version) bool { return v.Release == id })
	}
	if i < 0 || i >= len(good) {
		return nil, nil
	}
	version := good[i]
	if version.Adopted != nil {
		return nil, nil // going back to it is a switch while it is held, and nothing else
	}
	order, err := s.again(ctx, version, back.By, back.Reason)
	if err != nil && i == 0 && (status.Held != "" || len(status.Stuck) > 0 || back.Switching != 0) {
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
