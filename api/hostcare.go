package api

import (
	"context"

	"slipway"
)

// HostPath names a host of the fleet.
type HostPath struct {
	Host string `path:"host"`
}

type cordonInput struct {
	HostPath
	Idempotency
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"1000"`
	}
}

type uncordonInput struct {
	HostPath
	Idempotency
	Reason string `query:"reason" required:"true" minLength:"1" maxLength:"1000"`
}

type hostCareOutput struct{ Body slipway.HostCare }

func (s *server) cordon(ctx context.Context, in *cordonInput) (*struct{}, error) {
	if err := s.known(in.Host); err != nil {
		return nil, err
	}
	return nil, s.Releases.Cordon(ctx, in.Host, requestOf(ctx).session.User, in.Body.Reason, in.key(ctx))
}

func (s *server) drain(ctx context.Context, in *cordonInput) (*struct{}, error) {
	if err := s.known(in.Host); err != nil {
		return nil, err
	}
	return nil, s.Releases.Drain(ctx, in.Host, requestOf(ctx).session.User, in.Body.Reason, in.key(ctx))
}

// uncordon takes hosts, too, that have left the fleet meanwhile.
func (s *server) uncordon(ctx context.Context, in *uncordonInput) (*struct{}, error) {
	return nil, s.Releases.Uncordon(ctx, in.Host, requestOf(ctx).session.User, in.Reason, in.key(ctx))
}

func (s *server) hostCare(ctx context.Context, in *HostPath) (*hostCareOutput, error) {
	care, err := s.Releases.HostCare(ctx, in.Host)
	if err == nil && care.Cordon == nil { // one that is removed may have left the fleet meanwhile
		err = s.known(in.Host)
	}
	return &hostCareOutput{care}, err
}

func (s *server) known(host string) error {
	if _, ok := s.Fleet().Host(host); !ok {
		return slipway.Errorf(slipway.CodeNotFound, "there is no host %s in the fleet", host)
	}
	return nil
}
