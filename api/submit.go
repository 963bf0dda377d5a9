package api

import (
	"context"

	"slipway"
)

type submitInput struct {
	Idempotency
	Body struct {
		ServiceFile string `json:"service_file" doc:"the text of a service.yaml"`
		Tag         string `json:"tag" doc:"a tag, or a digest sha256:…"`
		Force       bool   `json:"force,omitempty" doc:"release even if exactly this serves already"`
		BreakGlass  bool   `json:"break_glass,omitempty" doc:"it is to switch in spite of windows and freezes, if a second person says so; it takes a reason"`
		Reason      string `json:"reason,omitempty" maxLength:"1000"`
	}
}

type submitOutput struct {
	Location string `header:"Location"`
	Body     slipway.Release
}

func (s *server) submit(ctx context.Context, in *submitInput) (*submitOutput, error) {
	order, err := s.order(ctx, in.Body.ServiceFile, in.Body.Tag)
	if err != nil {
		return nil, err
	}
	order.Force, order.Reason, order.BreakGlass = in.Body.Force, in.Body.Reason, in.Body.BreakGlass
	if order.BreakGlass {
		err = s.mayBreak(ctx, order.Reason)
	} else {
		err = s.tooLong(order)
	}
	if err != nil {
		return nil, err
	}
	if err := s.signOrder(&order); err != nil {
		return nil, err
	}
	id, err := s.Releases.Submit(ctx, order, in.key(ctx))
	if err != nil {
		return nil, err
	}
	return s.taken(ctx, id, order), nil
}

// taken shows an order that has its place in the queue.
func (s *server) taken(ctx context.Context, id slipway.ReleaseID, order slipway.Order) *submitOutput {
	release, err := s.Releases.Release(ctx, id)
	if err != nil { // it is under way all the same: say what is known
		release = placed(id, order)
		release.StartedAt = s.Now().UTC()
	}
	return &submitOutput{Location: "/api/v1/releases/" + id.String(), Body: release}
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
		Plan:        order.Plan.Identity(),
		Signature:   order.Signature,
		Differences: []slipway.Difference{},
		Phase:       slipway.Queued,
		Reason:      order.Reason,
		BreakGlass:  order.BreakGlass,
		RequestedBy: order.RequestedBy,
		Hosts:       []slipway.ReleaseHost{},
		Edges:       []slipway.ReleaseEdge{},
		Gates:       []slipway.GateState{},
	}
}
