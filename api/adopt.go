package api

import (
	"context"

	"slipway"
	"slipway/spec"
)

type adoptInput struct {
	Idempotency
	Body struct {
		ServiceFile string `json:"service_file" doc:"the text of a service.yaml"`
		Container   string `json:"container" minLength:"1" maxLength:"200" pattern:"^[a-zA-Z0-9][a-zA-Z0-9_.-]*$" doc:"the name of the container"`
		Host        string `json:"host,omitempty" doc:"where it runs; may be left out where the service runs on one host only"`
		Retire      bool   `json:"retire,omitempty" doc:"stop and remove the container when it is retired; otherwise it is left running, without traffic"`
		Reason      string `json:"reason,omitempty" maxLength:"1000"`
	}
}

func (s *server) adopt(ctx context.Context, in *adoptInput) (*submitOutput, error) {
	svc, err := spec.ParseService("service.yaml", []byte(in.Body.ServiceFile))
	if err != nil {
		return nil, err
	}
	if err := s.allow(ctx, svc.Project, slipway.RightOperate, "project "+svc.Project); err != nil {
		return nil, err
	}
	if len(svc.Healthcheck.Exec) > 0 {
		return nil, slipway.Errorf(slipway.CodeInvalid, "healthcheck.exec: Slipway runs commands only in containers that it has made: ask this one by healthcheck.path or healthcheck.tcp, and release with exec")
	}
	plan, err := s.planOf(ctx, svc)
	if err != nil {
		return nil, err
	}
	adoption := slipway.Adoption{Host: in.Body.Host, Container: in.Body.Container, Retire: in.Body.Retire}
	if plan, err = plan.Adopt(adoption); err != nil {
		return nil, err
	}
	adoption.Host = plan.Hosts[0].Name
	order := slipway.Order{
		Service: svc, Tag: in.Body.Container, Kind: slipway.KindAdopt, Reason: in.Body.Reason,
		RequestedBy: requestOf(ctx).session.User, Plan: plan, Adopt: &adoption,
	}
	if err := s.signOrder(&order); err != nil {
		return nil, err
	}
	id, err := s.Releases.Adopt(ctx, order, in.key(ctx))
	if err != nil {
		return nil, err
	}
	return s.taken(ctx, id, order), nil
}
