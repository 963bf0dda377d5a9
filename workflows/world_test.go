package workflows_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway"
	"slipway/activities"
	"slipway/drivers/signing"
)

// world is what a fleet looks like to the activities, which are the real ones:
// each edge a slipway.Table, each host a set of containers, one registry with
// two names. It watches itself: what must never happen is noted as a fault of
// the test while it happens.
type world struct {
	t *testing.T

	mu          sync.Mutex
	fleet       *slipway.Fleet
	edges       map[string]slipway.Table
	hosts       map[string]map[string]slipway.ContainerState // by name of the host, then of the container
	tags        map[string]string                            // tag → digest
	sick        map[string]bool                              // containers that answer no probe
	away        map[string]bool                              // hosts and edges that nobody reaches
	missed      map[string]bool                              // those that nobody reached at some time
	evidence    []string                                     // containers of which it was kept
	ports       []int                                        // that containers have, as far as hosts say
	facts       map[string]slipway.HostFacts                 // what hosts say besides
	broken      func(context.Context) bool                   // an activity was cancelled, which real ones hear in time
	unstartable map[string]string                            // by host and image: why its container cannot be started there
	ran         []string                                     // containers that ran a command
	exit        int                                          // the status they end with
	shape       func(*slipway.Service)                       // what all its orders are for; nil: a service with a route, side by side
	lastIP      byte
	foreign     map[string]slipway.Found // containers that somebody else started
	keys        *signing.Keys            // see authority
	endings     []slipway.AuditEntry     // of releases, as they were written down
	clock       func() time.Time         // virtual time
}

var service = slipway.ServiceID{Project: "search", Service: "api"}

// newWorld is a fleet of as many hosts as edges. Each edge runs on a host of
// its own and reaches the others by their ports.
func newWorld(t *testing.T, size int) *world {
	w := &world{
		t: t,
		fleet: &slipway.Fleet{
			Registries: []slipway.Registry{
				{Name: "internal", Roles: []slipway.RegistryRole{slipway.SourceRegistry}},
				{Name: "production", Roles: []slipway.RegistryRole{slipway.ProductionRegistry}},
			},
			Projects: []slipway.Project{{Name: service.Project}},
		},
		edges: map[string]slipway.Table{},
		hosts: map[string]map[string]slipway.ContainerState{},
		tags:  map[string]string{},
		sick:  map[string]bool{},
		away:  map[string]bool{}, missed: map[string]bool{},
		facts: map[string]slipway.HostFacts{}, unstartable: map[string]string{},
	}
	var names []string
	for i := range size {
		names = append(names, fmt.Sprintf("h%d", i+1))
	}
	for i, name := range names {
		w.fleet.Hosts = append(w.fleet.Hosts, slipway.Host{
			Name: name, Address: fmt.Sprintf("192.0.2.%d", i+1), Ports: slipway.PortRange{First: 20000, Last: 20999},
		})
		w.hosts[name] = map[string]slipway.ContainerState{}
		edge := fmt.Sprintf("e%d", i+1)
		w.fleet.Edges = append(w.fleet.Edges, slipway.Edge{Name: edge, On: name, Hosts: names})
		w.edges[edge] = slipway.Table{}
	}
	for _, tag := range []string{"v1", "v2", "v3", "v4"} {
		w.tags[tag] = digest(tag)
	}
	return w
}

func digest(text string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text))) }

// order asks for a tag of the service, with a minute of hold.
func (w *world) order(tag string, change ...func(*slipway.Order)) slipway.Order {
	o := slipway.Order{
		Service: slipway.Service{
			ServiceID:   service,
			Image:       "search/api",
			Container:   slipway.Container{Port: 8080, StopGracePeriod: slipway.DefaultStopGracePeriod},
			Route:       &slipway.Route{Host: "api.example.com", Path: "/"},
			Healthcheck: slipway.Healthcheck{Path: "/", Interval: slipway.Duration(time.Millisecond), Timeout: slipway.DefaultTimeout, Successes: 2},
			Strategy: slipway.Strategy{BlueGreen: slipway.BlueGreen{
				Hold: slipway.Duration(time.Minute), DrainTimeout: slipway.DefaultDrainTimeout,
				DeployTimeout: slipway.DefaultDeployTimeout, SwitchTimeout: slipway.DefaultSwitchTimeout,
				Unreachable: slipway.DefaultUnreachable, MinServing: slipway.DefaultMinServing,
			}},
		},
		Tag:         tag,
		Kind:        slipway.KindRelease,
		RequestedBy: "ann",
		Quotas:      w.fleet.Projects[0].Quotas,
	}
	if w.shape != nil {
		w.shape(&o.Service)
	}
	plan, err := slipway.NewPlan(w.fleet, o.Service)
	if err != nil {
		w.t.Fatal(err)
	}
	o.Plan = plan
	for _, f := range change {
		f(&o)
	}
	return o
}

// local makes each edge serve the host that it is on, and no other.
func (w *world) local() {
	for i := range w.fleet.Edges {
		w.fleet.Edges[i].Hosts = []string{w.fleet.Edges[i].On}
	}
}

// upstreams are the hosts that an edge sends a release's traffic to.
func (w *world) upstreams(edge, release string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := []string{}
	for _, upstream := range w.edges[edge][service.Key()].Targets[release].Upstreams {
		host, _ := w.container(upstream, release)
		out = append(out, host)
	}
	return out
}

func holding(d time.Duration) func(*slipway.Order) {
	return func(o *slipway.Order) { o.Service.Strategy.BlueGreen.Hold = slipway.Duration(d) }
}

// apart reports whether two versions of the service must never run at once.
func (w *world) apart() bool {
	var s slipway.Service
	if w.shape != nil {
		w.shape(&s)
	}
	return s.Strategy.BlueGreen.StopFirst
}

// together reports whether two edges are to switch at the same time: not where
// each is in a group of its own, as those that serve one host each are.
func (w *world) together(a, b string) bool {
	if a == b || w.shape == nil {
		return true
	}
	var s slipway.Service
	w.shape(&s)
	return len(s.Strategy.BlueGreen.Groups) == 0
}

// routeless is a service without a route: the version before is stopped when the
// next one is proven.
func routeless(s *slipway.Service) {
	s.Route, s.Container.Port = nil, 0
	s.Healthcheck.Path, s.Healthcheck.Exec = "", []string{"true"}
}

// lonely is a worker of which no two versions may run at once.
func lonely(s *slipway.Service) {
	routeless(s)
	s.Strategy.BlueGreen.StopFirst = true
}

// twice is a service of two containers on each host.
func twice(shape func(*slipway.Service)) func(*slipway.Service) {
	return func(s *slipway.Service) {
		if shape != nil {
			shape(s)
		}
		s.Replicas = 2
	}
}

// exclusive is a service with a route of which no two versions may run at once.
func exclusive(s *slipway.Service) { s.Strategy.BlueGreen.StopFirst = true }

func forced(o *slipway.Order) { o.Force = true }

func rollingBack(o *slipway.Order) { o.Kind = slipway.KindRollback }

// serving is what each edge serves, in the order of the fleet.
func (w *world) serving() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, e := range w.fleet.Edges {
		out = append(out, w.edges[e.Name][service.Key()].Active)
	}
	return out
}

// serve is what serving returns when every edge serves the same.
func (w *world) serve(release string) []string {
	return slices.Repeat([]string{release}, len(w.fleet.Edges))
}

// running are the containers of all hosts; of those that are stopped it says so.
func (w *world) running() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := []string{}
	for _, h := range w.fleet.Hosts {
		for name, c := range w.hosts[h.Name] {
			if !c.Running {
				name += stopped
			}
			out = append(out, h.Name+"/"+name)
		}
	}
	slices.Sort(out)
	return out
}

const stopped = " (stopped)"

// run is what running returns when each host runs the containers of each release.
func (w *world) run(releases ...string) []string {
	out := []string{}
	for _, h := range w.fleet.Hosts {
		for _, release := range releases {
			out = append(out, h.Name+"/"+release)
			for n := 1; n < w.order("v1").Service.PerHost(); n++ {
				name, state, _ := strings.Cut(release, " ")
				id, err := slipway.ParseReleaseID(name)
				if err != nil {
					w.t.Fatal(err)
				}
				out = append(out, h.Name+"/"+strings.TrimSuffix(id.ContainerName(n)+" "+state, " "))
			}
		}
	}
	slices.Sort(out)
	return out
}

// fall makes a release's containers answer no probe any more.
func (w *world) fall(release string, sick bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sick[release] = sick
}

// override is what a person does on the machine of an edge.
func (w *world) override(edge, release string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	req := slipway.OverrideRequest{ServiceID: service, Release: release, By: "operator:ops", Reason: "it is on fire"}
	if _, err := w.edges[edge].Override(req, time.Time{}); err != nil {
		w.t.Errorf("override: %v", err)
	}
}

// The drivers.

type drivers struct{ *world }

func (d drivers) Engine(name string) (activities.Engine, error) {
	if _, ok := d.fleet.Host(name); !ok {
		return nil, slipway.Errorf(slipway.CodeNotFound, "no host %s", name)
	}
	return engine{d.world, name}, nil
}

func (d drivers) Edge(name string) (activities.EdgeAdmin, error) {
	if _, ok := d.fleet.Edge(name); !ok {
		return nil, slipway.Errorf(slipway.CodeNotFound, "no edge %s", name)
	}
	return admin{d.world, name}, nil
}

func (d drivers) Resolve(_ context.Context, _, repository, tag, platform string) (slipway.Image, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	found, ok := d.tags[tag]
	if slipway.IsDigest(tag) {
		found, ok = tag, true
	}
	if !ok {
		return slipway.Image{}, slipway.Errorf(slipway.CodeNotFound, "there is no %s:%s", repository, tag)
	}
	return slipway.Image{
		Repository: repository, Tag: tag, Digest: found, Manifest: found, Config: found, Platform: platform,
		Labels: map[string]string{"revision": found[7:14]},
	}, nil
}

func (d drivers) Copy(context.Context, string, string, string, slipway.Image, func(slipway.Progress)) error {
	return nil
}

func (d drivers) PullRef(_ context.Context, _ string, image slipway.Image) (string, slipway.RegistryAuth, error) {
	return image.Digest, slipway.RegistryAuth{}, nil
}

func (d drivers) Permit(service slipway.Service, host string) error {
	return d.fleet.PermitOn(service, host)
}

func (d drivers) Secret(context.Context, string) (string, error) { return "", nil }

func (d drivers) Keep(_ context.Context, release, host string, _ slipway.Evidence) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.evidence = append(d.evidence, host+"/"+release)
	return "/evidence/" + release, nil
}

func (d drivers) Probe(context.Context, string, time.Duration) error { return nil }

func (d drivers) Connect(context.Context, string, time.Duration) error { return nil }

func (d drivers) AwaitEnd(context.Context, slipway.ReleaseID) (slipway.Release, bool, error) {
	panic("it is awaited in virtual time: see watch")
}

func (d drivers) Ended(_ context.Context, e slipway.AuditEntry, _ bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.endings = append(d.endings, e)
	return nil
}

func (d drivers) Lanes(context.Context, string) ([]slipway.ServiceID, error) {
	return []slipway.ServiceID{service}, nil
}

type engine struct {
	*world
	host string
}

func (e engine) Ping(context.Context) error { return nil }

func (e engine) Facts(context.Context) (slipway.HostFacts, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	facts := e.facts[e.host]
	facts.Platform, facts.Ports, facts.Unmet = slipway.DefaultPlatform, e.ports, nil
	return facts, nil
}

// Reach finds what the world says is out of reach of a host.
func (e engine) Reach(_ context.Context, _ string, dependencies []string) ([]slipway.Unmet, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(e.facts[e.host].Unmet), func(u slipway.Unmet) bool { return !slices.Contains(dependencies, u.To) }), nil
}

func (e engine) TryOut(_ context.Context, _ string, spec slipway.ContainerSpec) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if why := e.unstartable[e.host+"/"+spec.Image]; why != "" {
		return slipway.Errorf(slipway.CodeInvalid, "host %s: the container cannot be started: %s", e.host, why)
	}
	return nil
}

func (e engine) HasImage(context.Context, string) (bool, error) { return true, nil }

func (e engine) Pull(_ context.Context, ref string, _ slipway.RegistryAuth, _ func(slipway.Progress)) (string, error) {
	return ref, nil
}

func (e engine) Start(ctx context.Context, spec slipway.ContainerSpec) (slipway.ContainerState, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.broken(ctx) {
		return slipway.ContainerState{}, context.Canceled
	}
	if have, ok := e.hosts[e.host][spec.Name]; ok {
		return have, nil
	}
	e.lastIP++
	state := slipway.ContainerState{
		Name: spec.Name, Image: spec.Image, Running: true, Labels: spec.Labels,
		Address: net.IPv4(10, 0, 0, e.lastIP).String(), HostPort: 20000 + int(e.lastIP),
	}
	e.hosts[e.host][spec.Name] = state
	e.alone(spec.Name)
	return state, nil
}

// alone notes what must never happen: that two versions run at once.
func (e engine) alone(started string) {
	for host, containers := range e.hosts {
		for name, c := range containers {
			if e.apart() && c.Running && releaseOf(name) != releaseOf(started) {
				e.t.Errorf("%s is started on %s while %s runs on %s", started, e.host, name, host)
			}
		}
	}
}

// Stop notes what must never happen: that nothing runs, where two versions may
// run at once.
func (e engine) Stop(_ context.Context, name string, _ time.Duration) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	state, ok := e.hosts[e.host][name]
	if !ok {
		return nil
	}
	state.Running = false
	e.hosts[e.host][name] = state
	for _, c := range e.hosts[e.host] {
		if c.Running {
			return nil
		}
	}
	if !e.apart() {
		e.t.Errorf("%s is stopped on %s, and nothing runs there", name, e.host)
	}
	return nil
}

func (e engine) Resume(_ context.Context, name string) (slipway.ContainerState, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	state, ok := e.hosts[e.host][name]
	if !ok {
		return state, slipway.Errorf(slipway.CodeNotFound, "container %s is gone", name)
	}
	state.Running = true
	e.hosts[e.host][name] = state
	e.alone(name)
	return state, nil
}

func (e engine) Exec(_ context.Context, name string, _ []string) (slipway.Executed, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.hosts[e.host][name].Running {
		return slipway.Executed{}, slipway.Errorf(slipway.CodeConflict, "container %s does not run", name)
	}
	return slipway.Executed{}, nil
}

func (e engine) Inspect(_ context.Context, name string) (slipway.ContainerState, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.hosts[e.host][name], nil
}

// RunOnce notes what must never happen: that a command runs twice.
func (e engine) RunOnce(ctx context.Context, spec slipway.ContainerSpec) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.broken(ctx) {
		return context.Canceled
	}
	if _, ok := e.hosts[e.host][spec.Name]; ok {
		return nil
	}
	if slices.Contains(e.ran, spec.Name) {
		e.t.Errorf("%s runs twice", spec.Name)
	}
	e.ran = append(e.ran, spec.Name)
	e.hosts[e.host][spec.Name] = slipway.ContainerState{Name: spec.Name, Image: spec.Image, Labels: spec.Labels}
	return nil
}

func (e engine) AwaitExit(ctx context.Context, name string) (slipway.Exit, error) {
	if strings.HasSuffix(name, ".pre") {
		return slipway.Exit{Code: e.exit}, nil
	}
	<-ctx.Done()
	return slipway.Exit{}, ctx.Err()
}

func (e engine) Evidence(_ context.Context, name string) (slipway.Evidence, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slipway.Evidence{Container: e.hosts[e.host][name], Logs: "panic: no such table\n"}, nil
}

// Remove notes what must never happen: that a container goes while an edge
// still sends it traffic.
func (e engine) Remove(_ context.Context, name string, _ time.Duration) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for edge, table := range e.edges {
		route := table[service.Key()]
		if route.Active != releaseOf(name) {
			continue
		}
		for _, upstream := range route.Targets[route.Active].Upstreams {
			if host, to := e.container(upstream, route.Active); host == e.host && to == name {
				e.t.Errorf("%s is removed from %s while %s sends it traffic", name, e.host, edge)
			}
		}
	}
	delete(e.hosts[e.host], name)
	return nil
}

// releaseOf is the release that a container is of.
func releaseOf(container string) string {
	id, err := slipway.ParseContainerName(container)
	if err != nil {
		return container
	}
	return id.String()
}

// container finds a release's container at an address, and the host that runs it.
func (w *world) container(address, release string) (host, name string) {
	for _, h := range w.fleet.Hosts {
		_, adopted := w.hosts[h.Name]["legacy"]
		if adopted && release == service.Key()+".0" && address == slipway.HostPort(h.Address, 80) {
			return h.Name, "legacy"
		}
		for name, c := range w.hosts[h.Name] {
			if releaseOf(name) == release && (address == slipway.HostPort(c.Address, 8080) || address == slipway.HostPort(h.Address, c.HostPort)) {
				return h.Name, name
			}
		}
	}
	return "", ""
}

// points notes where an edge is pointed at a container that is not there.
func (a admin) points(release string) {
	for _, upstream := range a.edges[a.edge][service.Key()].Targets[release].Upstreams {
		if _, name := a.container(upstream, release); name == "" {
			a.t.Errorf("%s is pointed at %s of %s, where nothing runs", a.edge, upstream, release)
		}
	}
}

func (e engine) Find(_ context.Context, name string) (slipway.Found, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	found, ok := e.foreign[name]
	if !ok {
		return found, slipway.Errorf(slipway.CodeNotFound, "host %s: there is no container %s", e.host, name)
	}
	return found, nil
}

func (e engine) Retire(_ context.Context, id string, _ time.Duration) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for edge, table := range e.edges {
		if _, known := table[service.Key()].Targets[service.Key()+".0"]; known {
			e.t.Errorf("%s is removed from %s while %s knows it", id, e.host, edge)
		}
	}
	delete(e.hosts[e.host], e.foreign["legacy"].Name)
	return nil
}

func (e engine) List(context.Context, slipway.ServiceID) ([]slipway.ContainerState, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Collect(maps.Values(e.hosts[e.host])), nil
}

type admin struct {
	*world
	edge string
}

func (a admin) locked(f func(slipway.Table) (slipway.RouteState, error)) (slipway.RouteState, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return f(a.edges[a.edge])
}

func (a admin) Route(_ context.Context, id slipway.ServiceID) (slipway.RouteState, error) {
	return a.locked(func(t slipway.Table) (slipway.RouteState, error) { return t[id.Key()], nil })
}

func (a admin) Stage(_ context.Context, req slipway.StageRequest) (slipway.RouteState, error) {
	return a.locked(func(t slipway.Table) (slipway.RouteState, error) { return t.Stage(req) })
}

func (a admin) Commit(_ context.Context, req slipway.CommitRequest) (slipway.RouteState, error) {
	return a.locked(func(t slipway.Table) (slipway.RouteState, error) {
		if t[req.Key()].Generation != req.Generation {
			return t.Commit(req, time.Now()) // it comes too late: a restore was first
		}
		for name, other := range a.edges {
			if _, staged := other[service.Key()].Targets[req.Release]; !staged && !a.missed[name] && a.together(name, a.edge) {
				a.t.Errorf("%s is committed on %s before it is staged everywhere", req.Release, a.edge)
			}
		}
		a.points(req.Release)
		return t.Commit(req, time.Now())
	})
}

func (a admin) Restore(_ context.Context, req slipway.RestoreRequest) (slipway.RouteState, error) {
	return a.locked(func(t slipway.Table) (slipway.RouteState, error) { return t.Restore(req, time.Now()) })
}

func (a admin) Amend(_ context.Context, req slipway.AmendRequest) (slipway.RouteState, error) {
	return a.locked(func(t slipway.Table) (slipway.RouteState, error) {
		route, err := t.Amend(req)
		if err == nil {
			a.points(req.Release)
		}
		return route, err
	})
}

func (a admin) Drain(context.Context, slipway.DrainRequest) (int, error) {
	return 0, nil
}

func (a admin) Unstage(_ context.Context, id slipway.ServiceID, release string) (slipway.RouteState, error) {
	return a.locked(func(t slipway.Table) (slipway.RouteState, error) { return t.Unstage(id, release) })
}

func (a admin) Remove(_ context.Context, id slipway.ServiceID, generation uint64) error {
	_, err := a.locked(func(t slipway.Table) (slipway.RouteState, error) {
		if active := t[id.Key()].Active; active != "" {
			a.t.Errorf("the route is removed from %s while it serves %s", a.edge, active)
		}
		return slipway.RouteState{}, t.Remove(id, generation)
	})
	return err
}
