package slipway

import (
	"path"
	"slices"
	"strings"
)

// A Plan is where a release runs and which way its traffic takes: the part of
// the fleet that concerns one service, by name. It holds no users and no
// credentials; those are looked up by name where they are used.
type Plan struct {
	Hosts      []PlanHost `json:"hosts"`
	Edges      []PlanEdge `json:"edges"`
	Source     string     `json:"source"`     // name of the registry that developers push to
	Production string     `json:"production"` // name of the registry that hosts pull from
	Platform   string     `json:"platform"`   // of the hosts: "linux/amd64"
	Fleet      string     `json:"fleet"`      // hash of the fleet file it was made from
}

// A PlanHost is one host that the service runs on.
type PlanHost struct {
	Name    string    `json:"name"`
	Agent   bool      `json:"agent,omitempty"`
	Address string    `json:"address"`
	Publish bool      `json:"publish,omitempty"` // an edge elsewhere needs a port of the host
	Ports   PortRange `json:"ports"`
}

// A PlanEdge is one edge that holds the service's route.
type PlanEdge struct {
	Name  string   `json:"name"`
	On    string   `json:"on,omitempty"` // the host whose bridge network it can reach
	Hosts []string `json:"hosts"`        // those of the plan that it sends traffic to
}

// DefaultPlatform is what the hosts of a fleet run on. An image without it is
// refused when it is verified, a host of another kind at preflight.
const DefaultPlatform = "linux/amd64"

// NewPlan works out where svc runs on fleet. It is pure: the same fleet and
// service give the same plan, with hosts and edges in the order of the fleet
// file. It also applies the rules of the project: which hosts, which host names
// in routes, and what a container may ask of its host. Its errors have
// CodeInvalid or CodeForbidden and say which rule of the fleet file they come
// from.
func NewPlan(fleet *Fleet, svc Service) (Plan, error) {
	project, ok := fleet.Project(svc.Project)
	if !ok {
		return Plan{}, Errorf(CodeInvalid, "project %q is not in the fleet file", svc.Project)
	}
	if svc.Route == nil {
		return Plan{}, Errorf(CodeInvalid, "%s has no route: write route: {host: NAME}; services without one cannot be released yet", svc.ServiceID)
	}
	if err := permit(fleet, project, svc); err != nil {
		return Plan{}, err
	}
	plan := Plan{Hosts: []PlanHost{}, Edges: []PlanEdge{}, Platform: DefaultPlatform, Fleet: fleet.Hash}
	for _, name := range svc.Hosts.Names {
		h, ok := fleet.Host(name)
		if !ok {
			return Plan{}, Errorf(CodeInvalid, "host %q of %s is not in the fleet file", name, svc.ServiceID)
		}
		if !project.Hosts.Selects(h) {
			return Plan{}, Errorf(CodeForbidden, "host %q is not one of project %q: hosts of the project in the fleet file decide", name, project.Name)
		}
	}
	for _, h := range fleet.Hosts {
		if project.Hosts.Selects(h) && svc.Hosts.Selects(h) {
			plan.Hosts = append(plan.Hosts, PlanHost{Name: h.Name, Agent: h.Agent, Address: h.Address, Ports: h.Ports})
		}
	}
	if len(plan.Hosts) == 0 {
		return Plan{}, Errorf(CodeInvalid, "no host of project %q matches hosts of %s", project.Name, svc.ServiceID)
	}
	if err := plan.addEdges(fleet, svc); err != nil {
		return Plan{}, err
	}
	source, ok := fleet.RegistryFor(SourceRegistry)
	if !ok {
		return Plan{}, Errorf(CodeInvalid, "no registry of the fleet file has the role source")
	}
	production, ok := fleet.RegistryFor(ProductionRegistry)
	if !ok {
		return Plan{}, Errorf(CodeInvalid, "no registry of the fleet file has the role production")
	}
	plan.Source, plan.Production = source.Name, production.Name
	return plan, nil
}

func (p *Plan) addEdges(fleet *Fleet, svc Service) error {
	for _, e := range fleet.Edges {
		edge := PlanEdge{Name: e.Name, On: e.On, Hosts: []string{}}
		for i, h := range p.Hosts {
			if !e.Serves(h.Name) {
				continue
			}
			edge.Hosts = append(edge.Hosts, h.Name)
			if e.On != h.Name {
				p.Hosts[i].Publish = true
				if h.Ports == (PortRange{}) {
					return Errorf(CodeInvalid, "edge %q reaches host %q by a port of the host: give the host a range, ports: 20000-20999", e.Name, h.Name)
				}
			}
		}
		if len(edge.Hosts) > 0 {
			p.Edges = append(p.Edges, edge)
		}
	}
	if len(p.Edges) == 0 {
		return Errorf(CodeInvalid, "%s has a route, but no edge of the fleet file serves a host that it runs on", svc.ServiceID)
	}
	return nil
}

// permit applies what the project may ask of routes, hosts and secrets.
func permit(fleet *Fleet, project Project, svc Service) error {
	if err := permitRoute(fleet, project, svc.Route.Host); err != nil {
		return err
	}
	for _, v := range svc.Container.Volumes {
		if !slices.ContainsFunc(project.Allow.Volumes, func(pattern string) bool { return matchPath(pattern, v.Source) }) {
			return Errorf(CodeForbidden, "volume %q is not allowed: allow.volumes of project %q in the fleet file lists %s", v, project.Name, orNothing(project.Allow.Volumes))
		}
	}
	names := make([]string, 0, len(svc.Container.Environment))
	for name := range svc.Container.Environment {
		names = append(names, name)
	}
	slices.Sort(names) // the same error every time
	for _, name := range names {
		ref := svc.Container.Environment[name].Secret
		if ref != "" && !slices.ContainsFunc(project.Allow.Secrets, func(pattern string) bool { return matchSecret(pattern, ref) }) {
			return Errorf(CodeForbidden, "secret %q of %s is not allowed: allow.secrets of project %q in the fleet file lists %s", ref, name, project.Name, orNothing(project.Allow.Secrets))
		}
	}
	return nil
}

func permitRoute(fleet *Fleet, project Project, host string) error {
	claims := func(p Project) bool {
		return slices.ContainsFunc(p.Routes, func(pattern string) bool { return matchHost(pattern, host) })
	}
	if claims(project) {
		return nil
	}
	if len(project.Routes) > 0 {
		return Errorf(CodeForbidden, "route host %q is not allowed: routes of project %q in the fleet file lists %s", host, project.Name, orNothing(project.Routes))
	}
	for _, other := range fleet.Projects {
		if other.Name != project.Name && claims(other) {
			return Errorf(CodeForbidden, "route host %q belongs to project %q: see its routes in the fleet file", host, other.Name)
		}
	}
	return nil
}

// matchHost matches "a.example.com" exactly and "*.example.com" for one or
// more labels in front.
func matchHost(pattern, host string) bool {
	if suffix, ok := strings.CutPrefix(pattern, "*"); ok {
		return strings.HasSuffix(host, suffix) && len(host) > len(suffix)
	}
	return pattern == host
}

// matchPath matches a cleaned absolute path exactly, or below "/dir/**", and
// the name of a volume exactly: a named volume may be another project's.
func matchPath(pattern, name string) bool {
	if path.Clean(name) != name {
		return false // "/data/search/../../etc" is no way out
	}
	if dir, ok := strings.CutSuffix(pattern, "/**"); ok {
		return name == dir || strings.HasPrefix(name, dir+"/")
	}
	return path.Clean(pattern) == name
}

// matchSecret matches a reference exactly, or any continuation of a prefix
// before "*".
func matchSecret(pattern, ref string) bool {
	if file, ok := strings.CutPrefix(ref, "file://"); ok && path.Clean(file) != file {
		return false // "file:///secrets/search/../shop/key" is no way out
	}
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(ref, prefix)
	}
	return pattern == ref
}

func orNothing(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}
