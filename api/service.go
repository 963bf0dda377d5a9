package api

import (
	"context"

	"slipway"
)

// A ServicePath names a service in a path.
type ServicePath struct {
	Project string `path:"project"`
	Service string `path:"service"`
}

type serviceOutput struct{ Body slipway.ServiceStatus }

func (s *server) getService(ctx context.Context, in *ServicePath) (*serviceOutput, error) {
	id, err := s.service(ctx, in.Project, in.Service, slipway.RightView)
	if err != nil {
		return nil, err
	}
	status, err := s.Releases.Service(ctx, id)
	if err != nil {
		return nil, err
	}
	return &serviceOutput{Body: status}, nil
}

type listServicesInput struct {
	Project string `query:"project"`
}

type listServicesOutput struct {
	Body struct {
		Services []slipway.ServiceStatus `json:"services"`
	}
}

func (s *server) listServices(ctx context.Context, in *listServicesInput) (*listServicesOutput, error) {
	if in.Project != "" && !slipway.ValidName(in.Project) {
		return nil, slipway.Errorf(slipway.CodeInvalid, "%q is not the name of a project", in.Project)
	}
	services, err := s.services(ctx, in.Project)
	if err != nil {
		return nil, err
	}
	var out listServicesOutput
	out.Body.Services = services
	return &out, nil
}

// services lists those of a project (empty: of all) that whoever is signed in
// may view.
func (s *server) services(ctx context.Context, project string) ([]slipway.ServiceStatus, error) {
	projects, all := s.viewed(ctx)
	switch {
	case project != "" && !s.may(ctx, project, slipway.RightView):
		projects = nil
	case project != "":
		projects = []string{project}
	case all:
		projects = []string{""}
	}
	services := []slipway.ServiceStatus{}
	for _, p := range projects {
		found, err := s.Releases.Overview(ctx, p)
		if err != nil {
			return nil, err
		}
		services = append(services, found...)
	}
	return services, nil
}
