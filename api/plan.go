package api

import (
	"context"
	"strings"

	"slipway"
	"slipway/spec"
)

type planInput struct {
	Body struct {
		ServiceFile string `json:"service_file" doc:"the text of a service.yaml"`
		Tag         string `json:"tag" doc:"a tag, or a digest sha256:…"`
		Force       bool   `json:"force,omitempty" doc:"as if released although exactly this serves already"`
	}
}

type planOutput struct{ Body slipway.Preview }

// plan asks hosts, edges and registries on somebody's behalf, so it takes the
// right to release.
func (s *server) plan(ctx context.Context, in *planInput) (*planOutput, error) {
	order, err := s.order(ctx, in.Body.ServiceFile, in.Body.Tag)
	if err != nil {
		return nil, err
	}
	order.Force = in.Body.Force
	done, err := s.looks.take("project " + order.Service.Project)
	if err != nil {
		return nil, err
	}
	defer done()
	preview, err := s.Releases.Plan(ctx, order)
	if err != nil {
		return nil, err
	}
	if preview.Waits = s.shut(order); preview.Waits != nil {
		text := "it would not switch now, but wait: " + preview.Waits.String()
		if err := s.tooLong(order); err != nil {
			text = "it will be refused: " + err.Error()
		}
		preview.Warnings = append(preview.Warnings, text)
	}
	return &planOutput{preview}, nil
}

// planOf is where a service runs by the fleet file, but for hosts that were taken
// out for good and are still there.
func (s *server) planOf(ctx context.Context, svc slipway.Service) (slipway.Plan, error) {
	fleet, removed, err := s.fleet(ctx)
	if err != nil {
		return slipway.Plan{}, err
	}
	plan, err := slipway.NewPlan(fleet, svc)
	if err != nil && len(removed) > 0 {
		err = slipway.Errorf(slipway.ErrorCode(err), "%w (hosts that were removed: %s)", err, strings.Join(removed, ", "))
	}
	return plan, err
}

func (s *server) fleet(ctx context.Context) (fleet *slipway.Fleet, removed []string, err error) {
	cordons, err := s.Releases.Cordons(ctx)
	if err != nil {
		return nil, nil, err
	}
	return s.Fleet().Without(cordons.Removed()...), cordons.Removed(), nil
}

// order makes an order of a service file and a tag, if whoever is signed in may
// release it.
func (s *server) order(ctx context.Context, file, tag string) (slipway.Order, error) {
	svc, err := spec.ParseService("service.yaml", []byte(file))
	if err != nil {
		return slipway.Order{}, err
	}
	if err := s.allow(ctx, svc.Project, slipway.RightRelease, "project "+svc.Project); err != nil {
		return slipway.Order{}, err
	}
	if !slipway.ValidTag(tag) {
		return slipway.Order{}, slipway.Errorf(slipway.CodeInvalid, "%q is neither a tag nor a digest: write for example v2, or sha256: and 64 hexadecimal digits", tag)
	}
	plan, err := s.planOf(ctx, svc)
	if err != nil {
		return slipway.Order{}, err
	}
	order := slipway.Order{Service: svc, Tag: tag, Kind: slipway.KindRelease, RequestedBy: requestOf(ctx).session.User, Plan: plan, Quotas: s.quotas(svc.Project)}
	calendar := s.calendar(svc, plan)
	if unknown := calendar.Unknown(); unknown != "" {
		return slipway.Order{}, slipway.Errorf(slipway.CodeInvalid, "the fleet file has no %s, which windows or freezes of %s name", unknown, svc.ServiceID)
	}
	if !calendar.Empty() {
		order.Patience = slipway.Duration(slipway.WindowPatience)
	}
	return order, nil
}

// quotas are those of a project, as the fleet file has them now.
func (s *server) quotas(project string) slipway.Quotas {
	p, _ := s.Fleet().Project(project)
	return p.Quotas
}
