package api

import (
	"context"
	"slices"

	"slipway"
)

type listHostsOutput struct {
	Body struct {
		Hosts []slipway.HostStatus `json:"hosts"`
	}
}

// listHosts asks the hosts of the projects that whoever is signed in may view.
func (s *server) listHosts(ctx context.Context, _ *struct{}) (*listHostsOutput, error) {
	projects, all := s.viewed(ctx)
	fleet := s.Fleet()
	var hosts []slipway.Host
	for _, h := range fleet.Hosts {
		if all || slices.ContainsFunc(projects, func(name string) bool {
			p, ok := fleet.Project(name)
			return ok && p.Hosts.Selects(h)
		}) {
			hosts = append(hosts, h)
		}
	}
	var out listHostsOutput
	out.Body.Hosts = []slipway.HostStatus{}
	if len(hosts) == 0 {
		return &out, nil
	}
	services, err := s.viewedServices(ctx)
	if err != nil {
		return nil, err
	}
	out.Body.Hosts, err = s.Releases.Hosts(ctx, hosts)
	for i := range out.Body.Hosts {
		out.Body.Hosts[i].Count(services)
	}
	return &out, err
}

// viewedServices are those of the projects that whoever is signed in may view.
func (s *server) viewedServices(ctx context.Context) ([]slipway.ServiceStatus, error) {
	projects, all := s.viewed(ctx)
	services, err := s.Releases.Overview(ctx, "")
	return slices.DeleteFunc(services, func(status slipway.ServiceStatus) bool {
		return !all && !slices.Contains(projects, status.Project)
	}), err
}
