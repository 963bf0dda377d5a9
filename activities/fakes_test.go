package activities_test

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"slipway"
	"slipway/activities"
)

// run executes an activity as a worker would, and decodes its result into out.
func run(t *testing.T, activity, in, out any) error {
	t.Helper()
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(activity)
	result, err := env.ExecuteActivity(activity, in)
	if err == nil && out != nil {
		err = result.Get(out)
	}
	return err
}

// failed checks the code of an activity's error, whether it will be tried
// again, and a part of what it says.
func failed(t *testing.T, err error, code slipway.Code, again bool, text string) {
	t.Helper()
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	if !ok {
		t.Fatalf("got %v, want an application error", err)
	}
	if app.Type() != string(code) || app.NonRetryable() == again || !strings.Contains(app.Message(), text) {
		t.Errorf("got %s (again: %t) %q, want %s (again: %t) …%s…", app.Type(), !app.NonRetryable(), app.Message(), code, again, text)
	}
}

// machine is a host with its registry, its secrets, and whoever probes it.
type machine struct {
	activities.Engine // what no test needs panics

	mu      sync.Mutex
	answers map[string][]error // by address: what the next probes say, the last one again and again
	probes  map[string]int     // by address
	exit    chan slipway.Exit
	logs    string
	image   string // that it runs, whatever it was asked for
	spec    slipway.ContainerSpec
	secrets map[string]string

	states      []slipway.ContainerState // what the next looks see, the last one again and again
	others      []slipway.ContainerState // of the service on the host
	did         []string                 // stops and starts
	environment map[string]string        // that its container was made with; nil: there is none
	question    string                   // that its container is to be asked; empty: GET /healthz
	greenAt     string                   // the address of search.api.2; empty: that of all
	foreign     bool                     // somebody else made its containers
	startError  error
	unmet       []slipway.Unmet // what containers do not reach
	reachError  error
	stuck       chan struct{} // as hung, from when it is asked what containers reach
	pullError   error
	fetch       func(ctx context.Context, progress func(slipway.Progress)) (string, error) // instead
	hung        chan struct{}                                                              // until it is closed, the engine takes requests and says nothing; nil: it answers
	connecting  time.Duration                                                              // how long a client waits for it; 0: as long as its context lasts
	pings       []error                                                                    // what the next pings get, before it answers
	refusal     error                                                                      // of the rules
	kept        slipway.Evidence
	keptAs      string
	removed     []string
}

func newMachine() (*machine, *activities.Host) {
	m := &machine{answers: map[string][]error{}, probes: map[string]int{}, exit: make(chan slipway.Exit, 1), secrets: map[string]string{}}
	return m, &activities.Host{Authority: authority(), Engines: machines{"h1": m}, Registries: registry{}, Prober: m, Rules: m, Secrets: m, Evidence: m}
}

type machines map[string]*machine

func (m machines) Engine(name string) (activities.Engine, error) {
	if _, ok := m[name]; !ok {
		return nil, slipway.Errorf(slipway.CodeNotFound, "no host %q", name)
	}
	return m[name], nil
}

// answer makes the next probes of an address say so.
func (m *machine) answer(address string, answers ...error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answers[address] = answers
}

func (m *machine) probed(address string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.probes[address]
}

func (m *machine) Probe(_ context.Context, url string, _ time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	address := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/healthz")
	m.probes[address]++
	answers := m.answers[address]
	if len(answers) == 0 {
		return nil
	}
	if len(answers) > 1 {
		m.answers[address] = answers[1:]
	}
	return answers[0]
}

// reply waits as a client of an engine that may be hung.
func (m *machine) reply(ctx context.Context) error {
	if m.hung == nil {
		return nil
	}
	if m.connecting > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, m.connecting)
		defer cancel()
	}
	select {
	case <-m.hung:
		return nil
	case <-ctx.Done():
		return slipway.Errorf(slipway.CodeUnavailable, "no answer in time: %w", ctx.Err())
	}
}

func (m *machine) Ping(ctx context.Context) error {
	m.mu.Lock()
	pings := m.pings
	if len(pings) > 0 {
		m.pings = pings[1:]
	}
	m.mu.Unlock()
	if len(pings) > 0 {
		return pings[0]
	}
	return m.reply(ctx)
}

func (m *machine) HasImage(_ context.Context, id string) (bool, error) { return id == m.image, nil }

func (m *machine) Facts(ctx context.Context) (slipway.HostFacts, error) {
	return slipway.HostFacts{Platform: slipway.DefaultPlatform}, m.reply(ctx)
}

func (m *machine) AwaitExit(ctx context.Context, _ string) (slipway.Exit, error) {
	select {
	case exit := <-m.exit:
		return exit, nil
	case <-ctx.Done():
		return slipway.Exit{}, ctx.Err()
	}
}

func (m *machine) Evidence(_ context.Context, name string) (slipway.Evidence, error) {
	labels := m.written(name)
	labels["last"] = m.logs
	return slipway.Evidence{
		Container: slipway.ContainerState{Name: name, Labels: labels, Exit: &slipway.Exit{Code: 1, Error: m.logs}, Environment: m.environment},
		Logs:      m.logs,
		Inspect:   m.logs,
	}, nil
}

func (m *machine) Connect(ctx context.Context, address string, timeout time.Duration) error {
	return m.Probe(ctx, address, timeout)
}

// Exec is what the next probe of the container says.
func (m *machine) Exec(ctx context.Context, name string, command []string) (slipway.Executed, error) {
	if err := m.Probe(ctx, name+": "+strings.Join(command, " "), 0); err != nil {
		return slipway.Executed{Code: 3, Output: err.Error() + "\n"}, nil
	}
	return slipway.Executed{}, nil
}

func (m *machine) RunOnce(_ context.Context, spec slipway.ContainerSpec) error {
	m.did, m.spec = append(m.did, "run "+spec.Name), spec
	return nil
}

func (m *machine) Stop(_ context.Context, name string, _ time.Duration) error {
	m.did = append(m.did, "stop "+name)
	select {
	case m.exit <- slipway.Exit{Code: 143}:
	default:
	}
	return nil
}

func (m *machine) Resume(_ context.Context, name string) (slipway.ContainerState, error) {
	m.did = append(m.did, "start "+name)
	return slipway.ContainerState{}, nil
}

func (m *machine) List(context.Context, slipway.ServiceID) ([]slipway.ContainerState, error) {
	return m.others, nil
}

func (m *machine) Inspect(_ context.Context, name string) (slipway.ContainerState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.states) > 0 {
		state := m.states[0]
		if len(m.states) > 1 {
			m.states = m.states[1:]
		}
		state.Name, state.Labels = name, m.written(name)
		return state, nil
	}
	if m.environment == nil {
		return slipway.ContainerState{}, slipway.Errorf(slipway.CodeNotFound, "there is no container %s", name)
	}
	address := "10.0.0.1"
	if name == "search.api.2" && m.greenAt != "" {
		address = m.greenAt
	}
	return slipway.ContainerState{Name: name, Labels: m.written(name), Environment: m.environment, Address: address, HostPort: 20001}, nil
}

// written are the labels of a container: those of a release, unless it is
// somebody else's.
func (m *machine) written(name string) map[string]string {
	if m.foreign {
		return map[string]string{}
	}
	labels := map[string]string{
		slipway.LabelRelease: strings.TrimSuffix(name, ".pre"), slipway.LabelQuestion: cmp.Or(m.question, "GET /healthz"), slipway.LabelSecrets: "",
	}
	if m.environment["DB_PASSWORD"] != "" {
		labels[slipway.LabelSecrets] = `{"DB_PASSWORD":"env://DB"}`
	}
	return labels
}

func (m *machine) Keep(_ context.Context, _, as string, evidence slipway.Evidence) (string, error) {
	m.kept, m.keptAs = evidence, as
	return "/evidence", nil
}

func (m *machine) Permit(slipway.Service, string) error { return m.refusal }

func (m *machine) Start(_ context.Context, spec slipway.ContainerSpec) (slipway.ContainerState, error) {
	m.spec = spec
	if m.startError != nil {
		return slipway.ContainerState{}, m.startError
	}
	return slipway.ContainerState{Name: spec.Name, Image: m.image, Running: true, Labels: spec.Labels, Address: "10.0.0.1"}, nil
}

func (m *machine) Pull(ctx context.Context, _ string, _ slipway.RegistryAuth, progress func(slipway.Progress)) (string, error) {
	if m.fetch != nil {
		return m.fetch(ctx, progress)
	}
	if m.pullError != nil {
		return "", m.pullError
	}
	return m.image, m.reply(ctx)
}

func (m *machine) Remove(_ context.Context, name string, _ time.Duration) error {
	m.removed = append(m.removed, name)
	return nil
}

func (m *machine) Secret(_ context.Context, ref string) (string, error) {
	secret, ok := m.secrets[ref]
	if !ok {
		return "", slipway.Errorf(slipway.CodeNotFound, "there is no secret %s", ref)
	}
	return secret, nil
}

type registry struct{ activities.Registries }

func (registry) PullRef(_ context.Context, name string, image slipway.Image) (string, slipway.RegistryAuth, error) {
	return name + "/" + image.Repository + "@" + image.Digest, slipway.RegistryAuth{}, nil
}

func (registry) Resolve(_ context.Context, _, _, tag, _ string) (slipway.Image, error) {
	resolved := image
	resolved.Tag = tag
	return resolved, nil
}

// gateway is an edge.
type gateway struct {
	activities.EdgeAdmin
	mu       sync.Mutex
	table    slipway.Table
	silent   int   // so many requests are not answered
	inFlight []int // what the next drains find
	waits    []time.Duration
}

func newGateway() (*gateway, *activities.Central) {
	g := &gateway{table: slipway.Table{}}
	return g, &activities.Central{Authority: authority(), Edges: gateways{"e1": g}}
}

type gateways map[string]*gateway

func (g gateways) Edge(name string) (activities.EdgeAdmin, error) {
	if _, ok := g[name]; !ok {
		return nil, slipway.Errorf(slipway.CodeNotFound, "no edge %q", name)
	}
	return g[name], nil
}

func (g *gateway) Route(_ context.Context, id slipway.ServiceID) (slipway.RouteState, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.silent > 0 {
		g.silent--
		return slipway.RouteState{}, slipway.Errorf(slipway.CodeUnavailable, "no answer")
	}
	if route, ok := g.table[id.Key()]; ok {
		return route, nil
	}
	return slipway.RouteState{ServiceID: id}, nil
}

func (g *gateway) Stage(_ context.Context, req slipway.StageRequest) (slipway.RouteState, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.table.Stage(req)
}

func (g *gateway) Commit(_ context.Context, req slipway.CommitRequest) (slipway.RouteState, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.table.Commit(req, time.Now())
}

func (g *gateway) Restore(_ context.Context, req slipway.RestoreRequest) (slipway.RouteState, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.table.Restore(req, time.Time{})
}

func (g *gateway) Amend(_ context.Context, req slipway.AmendRequest) (slipway.RouteState, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.table.Amend(req)
}

func (g *gateway) Drain(_ context.Context, req slipway.DrainRequest) (int, error) {
	g.waits = append(g.waits, req.Timeout)
	n := g.inFlight[0]
	g.inFlight = g.inFlight[1:]
	return n, nil
}

func (g *gateway) Remove(_ context.Context, id slipway.ServiceID, generation uint64) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.table.Remove(id, generation)
}
