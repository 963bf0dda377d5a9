package api

import (
	"context"

	"slipway"
	"slipway/spec"
)

type submitInput struct {
	Idempotency
	Body struct {
		ServiceFile string `json:"service_file" doc:"the text of a service.yaml"`
		Tag         string `json:"tag" doc:"a tag, or a digest sha256:…"`
		Force       bool   `json:"force,omitempty" doc:"release even if exactly this serves already"`
		Reason      string `json:"reason,omitempty" maxLength:"1000"`
	}
}

type submitOutput struct {
	Location string `header:"Location"`
	Body     slipway.Release
}

func (s *server) submit(ctx context.Context, in *submitInput) (*submitOutput, error) {
	svc, err := spec.ParseService("service.yaml", []byte(in.Body.ServiceFile))
	if err != nil {
		return nil, err
	}
	if err := s.allow(ctx, svc.Project, slipway.RightRelease, "project "+svc.Project); err != nil {
		return nil, err
	}
	if !slipway.ValidTag(in.Body.Tag) {
		return nil, slipway.Errorf(slipway.CodeInvalid, "%q is neither a tag nor a digest: write for example v2, or sha256: and 64 hexadecimal digits", in.Body.Tag)
	}
	plan, err := slipway.NewPlan(s.Fleet(), svc)
	if err != nil {
		return nil, err
	}
	order := slipway.Order{
		Service:     svc,
		Tag:         in.Body.Tag,
		Kind:        slipway.KindRelease,
		Force:       in.Body.Force,
		Reason:      in.Body.Reason,
		RequestedBy: requestOf(ctx).session.User,
		Plan:        plan,
	}
	id, err := s.Releases.Submit(ctx, order, in.key(ctx))
	if err != nil {
		return nil, err
	}
	release, err := s.Releases.Release(ctx, id)
	if err != nil { // it is under way all the same: say what is known
		release = placed(id, order)
		release.StartedAt = s.Now().UTC()
	}
	return &submitOutput{Location: "/api/v1/releases/" + id.String(), Body: release}, nil
}

// placed is a release of which no more is known than its order.
func placed(id slipway.ReleaseID, order slipway.Order) slipway.Release {
	return slipway.Release{
		ID:          id.String(),
		Project:     id.Project,
		Service:     id.Service,
		Tag:         order.Tag,
		Settings:    order.Service.SettingsHash(),
		Kind:        order.Kind,
		Phase:       slipway.Queued,
		Reason:      order.Reason,
		RequestedBy: order.RequestedBy,
		Hosts:       []slipway.ReleaseHost{},
		Edges:       []slipway.ReleaseEdge{},
		Gates:       []slipway.GateState{},
	}
}
