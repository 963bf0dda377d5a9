package slipway

import "slices"

// A Plan is where a release runs and which way its traffic takes: the part of
// the fleet that concerns one service, by name. It holds no users and no
// credentials; those are looked up by name where they are used.
type Plan struct {
	Hosts      []PlanHost `json:"hosts"`
	Edges      []PlanEdge `json:"edges"`      // none for a service without a route
	Source     string     `json:"source"`     // name of the registry that developers push to
	Production string     `json:"production"` // name of the registry that hosts pull from
	Platform   string     `json:"platform"`   // of the hosts: "linux/amd64"
	Fleet      string     `json:"fleet"`      // hash of the fleet file it was made from

	Profiles map[string]Profile `json:"profiles,omitempty"` // by host, of those that have one
	Groups   []PlanGroup        `json:"groups,omitempty"`   // in their order; empty: all hosts at once
}

// A PlanHost is one host that the service runs on.
type PlanHost struct {
	Name    string    `json:"name"`
	Agent   bool      `json:"agent,omitempty"`
	Address string    `json:"address"`
	Remote  bool      `json:"remote,omitempty"`  // whoever works on it is elsewhere, and reaches no container there by its own address
	Publish bool      `json:"publish,omitempty"` // somebody elsewhere, an edge or who probes, needs a port of the host, or may come to need it
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
	if err := fleet.Permit(svc); err != nil {
		return Plan{}, err
	}
	plan := Plan{Hosts: []PlanHost{}, Edges: []PlanEdge{}, Platform: DefaultPlatform, Fleet: fleet.Hash}
	for _, name := range svc.Hosts.Names {
		h, ok := fleet.Host(name)
		if !ok {
			return Plan{}, Errorf(CodeInvalid, "host %q of %s is not in the fleet file", name, svc.ServiceID)
		}
		if err := permitHost(project, h); err != nil {
			return Plan{}, err
		}
	}
	for _, h := range fleet.Hosts {
		if project.Hosts.Selects(h) && svc.Hosts.Selects(h) {
			if err := svc.fixable(h); err != nil {
				return Plan{}, err
			}
			remote := h.Remote()
			if tcp := svc.Healthcheck.TCP; remote && tcp != 0 && tcp != svc.Container.Port {
				return Plan{}, Errorf(CodeInvalid, "healthcheck.tcp: whoever works on host %s is elsewhere, and reaches only container.port there: ask that port, or write exec", h.Name)
			}
			if remote && svc.Container.Port != 0 && h.Ports == (PortRange{}) {
				return Plan{}, Errorf(CodeInvalid, "host %q is reached from elsewhere, so its containers are probed by a port of the host: give it a range, ports: 20000-20999", h.Name)
			}
			plan.Hosts = append(plan.Hosts, PlanHost{Name: h.Name, Agent: h.Agent, Remote: remote, Publish: remote && svc.Container.Port != 0, Address: h.Address, Ports: h.Ports})
			plan.addProfile(fleet, h)
		}
	}
	if len(plan.Hosts) == 0 {
		return Plan{}, Errorf(CodeInvalid, "no host of project %q matches hosts of %s", project.Name, svc.ServiceID)
	}
	if least := svc.Strategy.BlueGreen.MinServing.AtLeast(len(plan.Hosts)); least > len(plan.Hosts) {
		return Plan{}, Errorf(CodeInvalid, "%s runs on %d hosts, but strategy.blue_green.min_serving wants %d: give it more hosts, or ask for fewer", svc.ServiceID, len(plan.Hosts), least)
	}
	if svc.Route != nil { // without one, no edge has to know where it runs
		if err := plan.addEdges(fleet, svc); err != nil {
			return Plan{}, err
		}
	}
	if err := plan.addGroups(fleet, svc); err != nil {
		return Plan{}, err
	}
	if err := plan.fits(svc); err != nil {
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

// Upstreams are the addresses at which an edge reaches a release that has its
// containers at hosts, which are those of the plan, in its order: on the bridge
// of its own host, by a port of the host elsewhere. None at all means that there
// is no way.
func (p Plan) Upstreams(e PlanEdge, hosts []ReleaseHost, port int) []string {
	var all []string
	for _, host := range p.Reached(e, hosts) {
		h := p.Hosts[p.host(host.Name)]
		for _, at := range host.Containers() {
			if e.On == h.Name && slices.Contains(e.Hosts, h.Name) {
				all = append(all, HostPort(at.Address, port))
				continue
			}
			all = append(all, HostPort(h.Address, at.HostPort))
		}
	}
	return all
}

// Reached are the hosts, of those of the plan in its order, to whose containers
// an edge sends requests. While a host is quarantined an edge that has no other is
// sent to those that are not its own, as far as they have a port.
func (p Plan) Reached(e PlanEdge, hosts []ReleaseHost) []ReleaseHost {
	var own, others []ReleaseHost
	for i, h := range p.Hosts {
		switch at := hosts[i]; {
		case at.Phase == HostQuarantined, at.Phase == HostPending: // nothing runs there, or nothing yet
		case slices.Contains(e.Hosts, h.Name):
			own = append(own, at)
		case h.Publish:
			others = append(others, at)
		}
	}
	if len(own) == 0 {
		return others
	}
	return own
}

// fits refuses replicas that are too many: for what is kept of a version, or for
// a host that could never have two versions of them side by side, or one where it
// is stopped first.
func (p Plan) fits(svc Service) error {
	need := svc.PerHost()
	if need == 1 { // it may share what there is with others
		return nil
	}
	if all := need * len(p.Hosts); all > MaxContainers {
		return Errorf(CodeInvalid, "replicas: %d on each of %d hosts are %d containers, but all of a version are at most %d: ask for fewer, or for fewer hosts",
			need, len(p.Hosts), all, MaxContainers)
	}
	if !svc.Strategy.BlueGreen.StopFirst {
		need *= 2
	}
	for _, h := range p.Hosts {
		if have := h.Ports.Last - h.Ports.First + 1; h.Publish && have < need {
			return Errorf(CodeInvalid, "replicas: %d on host %s want %d ports of it while one version takes the place of another, but its range %d-%d has %d: give the host more, or ask for fewer",
				svc.PerHost(), h.Name, need, h.Ports.First, h.Ports.Last, have)
		}
	}
	return nil
}

// HostsOf is a plan of all hosts and of no service: what there is to look at.
func HostsOf(fleet *Fleet) Plan {
	plan := Plan{Hosts: []PlanHost{}, Edges: []PlanEdge{}, Platform: DefaultPlatform, Fleet: fleet.Hash}
	for _, h := range fleet.Hosts {
		plan.Hosts = append(plan.Hosts, PlanHost{Name: h.Name, Agent: h.Agent, Address: h.Address, Ports: h.Ports})
		plan.addProfile(fleet, h)
	}
	return plan
}

// Only is the plan for one of its hosts. The error has CodeNotFound.
func (p Plan) Only(host string) (Plan, error) {
	p.Hosts = slices.DeleteFunc(slices.Clone(p.Hosts), func(h PlanHost) bool { return h.Name != host })
	if len(p.Hosts) == 0 {
		return Plan{}, Errorf(CodeNotFound, "there is no host %s among those that are meant", host)
	}
	return p, nil
}

func (p *Plan) addProfile(fleet *Fleet, h Host) {
	profile, ok := fleet.Profile(h.Profile)
	if !ok {
		return
	}
	if p.Profiles == nil {
		p.Profiles = map[string]Profile{}
	}
	p.Profiles[h.Name] = profile
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
	for i, h := range p.Hosts {
		// The edge of a host that does not answer sends its traffic to the others.
		p.Hosts[i].Publish = h.Publish || len(p.Hosts) > 1 && h.Ports != (PortRange{})
	}
	if len(p.Edges) == 0 {
		return Errorf(CodeInvalid, "%s has a route, but no edge of the fleet file serves a host that it runs on", svc.ServiceID)
	}
	return nil
}
