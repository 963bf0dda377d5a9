package api

import (
	"context"

	"slipway"
)

type preflightInput struct {
	Body struct {
		ServiceFile string `json:"service_file,omitempty" doc:"the text of a service.yaml; without one the hosts of the whole fleet are looked at"`
		Tag         string `json:"tag,omitempty" doc:"with service_file: a tag, or a digest sha256:…"`
		Host        string `json:"host,omitempty" doc:"only this host"`
	}
}

type preflightOutput struct{ Body slipway.PreflightReport }

// preflight looks at the hosts of a service on behalf of somebody who may
// release it, and at any for those who operate the fleet.
func (s *server) preflight(ctx context.Context, in *preflightInput) (*preflightOutput, error) {
	plan, order, err := s.lookedAt(ctx, in.Body.ServiceFile, in.Body.Tag)
	if err != nil {
		return nil, err
	}
	if in.Body.Host != "" {
		if plan, err = plan.Only(in.Body.Host); err != nil {
			return nil, err
		}
	}
	who := "the whole fleet"
	if order != nil {
		who = "project " + order.Service.Project
	}
	done, err := s.looks.take(who)
	if err != nil {
		return nil, err
	}
	defer done()
	report, err := s.Releases.Preflight(ctx, plan, order)
	if err != nil {
		return nil, err
	}
	return &preflightOutput{report}, nil
}

// lookedAt is what a preflight is about; the order is nil without a service.
func (s *server) lookedAt(ctx context.Context, file, tag string) (slipway.Plan, *slipway.Order, error) {
	if file != "" {
		order, err := s.order(ctx, file, tag)
		return order.Plan, &order, err
	}
	if tag != "" {
		return slipway.Plan{}, nil, slipway.Errorf(slipway.CodeInvalid, "a tag says nothing without the service file that it is for")
	}
	if !s.may(ctx, "", slipway.RightOperate) {
		return slipway.Plan{}, nil, slipway.Errorf(slipway.CodeForbidden, "%s may not %s of the whole fleet: that takes the role %s there; give the file of a service that you may release",
			requestOf(ctx).session.User, needs[slipway.RightOperate].act, needs[slipway.RightOperate].role)
	}
	return slipway.HostsOf(s.Fleet()), nil, nil
}
