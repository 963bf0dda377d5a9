package spec

import (
	"os"
	"strings"
	"time"

	"slipway"
)

// LoadService reads a service file. Its errors are Errors, or of CodeInvalid
// where the file cannot be read.
func LoadService(path string) (slipway.Service, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return slipway.Service{}, slipway.Errorf(slipway.CodeInvalid, "read the service file: %w", err)
	}
	return ParseService(path, text)
}

// ParseService reads the text of a service file; name is how problems call it.
// Its errors are Errors. What the file leaves out has its default.
func ParseService(name string, text []byte) (slipway.Service, error) {
	f := newServiceFile()
	if err := parse(name, text, "a service file has at least project, service, image, container: {port: 8080} and route: {host: …}", f.read); err != nil {
		return slipway.Service{}, err
	}
	return f.Service, nil
}

// A serviceFile is a service while its file is read.
type serviceFile struct {
	slipway.Service
	container, health given
}

// newServiceFile is one that says nothing yet.
func newServiceFile() *serviceFile {
	return &serviceFile{Service: slipway.Service{
		Container: slipway.Container{Restart: slipway.DefaultRestart, StopGracePeriod: slipway.DefaultStopGracePeriod},
		Healthcheck: slipway.Healthcheck{
			Interval:    slipway.DefaultInterval,
			Timeout:     slipway.DefaultTimeout,
			Successes:   slipway.DefaultSuccesses,
			StartPeriod: slipway.DefaultStartPeriod,
		},
		Strategy: slipway.Strategy{BlueGreen: slipway.BlueGreen{
			Hold:          slipway.DefaultHold,
			DrainTimeout:  slipway.DefaultDrainTimeout,
			DeployTimeout: slipway.DefaultDeployTimeout,
			SwitchTimeout: slipway.DefaultSwitchTimeout,
			Unreachable:   slipway.Unreachable{UnreachableRule: slipway.UnreachableRule{Max: slipway.DefaultUnreachable.Max}, Edges: slipway.DefaultUnreachable.Edges},
			MinServing:    slipway.DefaultMinServing,
		}},
	}}
}

func (f *serviceFile) read(v value) {
	g := serviceKeys.decode(v, f, "{project: search, service: query-api, image: search/query-api}", serviceRefused)
	g.need([2]string{"project", "search"}, [2]string{"service", "query-api"}, [2]string{"image", "search/query-api"})
	f.check(g)
}

var serviceKeys = object[serviceFile]{
	"project": func(f *serviceFile, v value) { f.Project = v.name() },
	"service": func(f *serviceFile, v value) { f.ServiceID.Service = v.name() },
	"image":   func(f *serviceFile, v value) { f.Image = v.repository() },
	"hosts":   func(f *serviceFile, v value) { f.Hosts = v.selector() },
	"replicas": func(f *serviceFile, v value) {
		if f.Replicas = v.integer(1, slipway.MaxReplicas); f.Replicas == 1 {
			f.Replicas = 0 // which means the same
		}
	},
	"container":   func(f *serviceFile, v value) { f.container = v.container(&f.Container) },
	"route":       func(f *serviceFile, v value) { f.Route = v.route() },
	"healthcheck": func(f *serviceFile, v value) { f.health = v.healthcheck(&f.Healthcheck) },
	"strategy": func(f *serviceFile, v value) {
		strategyKeys.decode(v, &f.Strategy, "{blue_green: {hold: 10m}}", strategyRefused)
	},
	"requires":   func(f *serviceFile, v value) { f.Requires = v.requires() },
	"pre_deploy": func(f *serviceFile, v value) { f.PreDeploy = v.preDeploy() },
	"gates":      func(f *serviceFile, v value) { f.Gates = v.gates() },
	"windows":    func(f *serviceFile, v value) { f.Windows = v.windows(ownWindowKeys) },
	"freezes":    func(f *serviceFile, v value) { f.Freezes = v.windows(ownWindowKeys) },
}

var serviceRefused = map[string]string{
	"services": "this is a Compose file; a service file describes one service, with what Compose calls its keys under container",
	"version":  "a service file has no version; the tag comes with each release",
	"tag":      "the tag comes with each release: slipway release --tag",
}

var strategyKeys = object[slipway.Strategy]{
	"blue_green": func(s *slipway.Strategy, v value) { blueGreenKeys.decode(v, &s.BlueGreen, "{hold: 10m}", nil) },
}

var strategyRefused = map[string]string{
	"canary":     "is not available in this version; write blue_green",
	"rolling":    "is not available in this version; write blue_green",
	"stop_first": "is an order of blue_green: write blue_green: {order: stop_first}",
}

var blueGreenKeys = object[slipway.BlueGreen]{
	"order": func(b *slipway.BlueGreen, v value) {
		b.StopFirst = v.oneOf("start_first", "stop_first") == "stop_first"
	},
	"hold":           func(b *slipway.BlueGreen, v value) { b.Hold = v.duration(0, 7*24*time.Hour) },
	"drain_timeout":  func(b *slipway.BlueGreen, v value) { b.DrainTimeout = v.duration(time.Millisecond, time.Hour) },
	"deploy_timeout": func(b *slipway.BlueGreen, v value) { b.DeployTimeout = v.duration(time.Second, 24*time.Hour) },
	"switch_timeout": func(b *slipway.BlueGreen, v value) {
		b.SwitchTimeout = v.duration(100*time.Millisecond, 10*time.Minute)
	},
	"max_parallel": func(b *slipway.BlueGreen, v value) { b.MaxParallel = v.share(1) },
	"delay":        func(b *slipway.BlueGreen, v value) { b.Delay = v.duration(0, time.Hour) },
	"groups":       func(b *slipway.BlueGreen, v value) { b.Groups = v.hostGroups() },
	"on_failure": func(b *slipway.BlueGreen, v value) {
		b.OnFailure = slipway.OnFailure(v.oneOf(allGoBack, string(slipway.GroupGoesBack)))
	},
	"unreachable": func(b *slipway.BlueGreen, v value) {
		unreachableKeys.decode(v, &b.Unreachable, unreachableExample, nil)
	},
	"min_serving": func(b *slipway.BlueGreen, v value) { b.MinServing = v.share(1) },
}

const unreachableExample = "{action: quarantine, max: 1}"

var unreachableKeys = object[slipway.Unreachable]{
	"action": func(u *slipway.Unreachable, v value) { u.Action = v.unreachableAction() },
	"max":    func(u *slipway.Unreachable, v value) { u.Max = v.share(0) },
	"edges": func(u *slipway.Unreachable, v value) {
		unreachableEdgeKeys.decode(v, &u.Edges, unreachableExample, nil)
	},
}

var unreachableEdgeKeys = object[slipway.UnreachableRule]{
	"action": func(r *slipway.UnreachableRule, v value) { r.Action = v.unreachableAction() },
	"max":    func(r *slipway.UnreachableRule, v value) { r.Max = v.share(0) },
}

func (v value) unreachableAction() slipway.UnreachableAction {
	return slipway.UnreachableAction(v.oneOf(string(slipway.ActionQuarantine), string(slipway.ActionFail)))
}

// check applies the rules that hold between keys, and fills in what depends on
// them.
func (f *serviceFile) check(g given) {
	if g.has("route") && !f.container.has("port") {
		g.at("route").bad(needsPort)
	}
	if g.has("route") && f.Container.Restart == "on-failure" {
		f.container.at("restart").bad("found on-failure; what serves a route must come back after every end: write unless-stopped")
	}
	if f.container.has("ports") && !f.Strategy.BlueGreen.StopFirst {
		f.container.at("ports").bad("two versions cannot have one port of the host at once: write strategy: {blue_green: {order: stop_first}}, or a route instead")
	}
	if f.container.has("ports") && f.PerHost() > 1 {
		g.at("replicas").bad("found %d; two containers cannot have one port of the host: leave it out, or write a route instead of container.ports", f.Replicas)
	}
	f.checkHealth(g)
	f.checkGroups(g)
	f.checkDelay(g)
	f.checkGates(g)
	f.checkUnreachable(g)
}

// checkUnreachable fills in what is done about hosts that do not answer: no two
// versions may run at once where one stops first, and such a host runs the old.
func (f *serviceFile) checkUnreachable(g given) {
	switch rule := &f.Strategy.BlueGreen.Unreachable.UnreachableRule; {
	case f.Strategy.BlueGreen.StopFirst && rule.Action == slipway.ActionQuarantine:
		g.at("strategy").bad("a host that does not answer runs the old version, and with order: stop_first no two may run at once: leave unreachable.action out, or write fail")
	case f.Strategy.BlueGreen.StopFirst:
		rule.Action = slipway.ActionFail
	case rule.Action == "":
		rule.Action = slipway.DefaultUnreachable.Action
	}
}

// repository is the name of a repository of the source registry.
func (v value) repository() string {
	const right = "write a repository of the source registry, for example search/query-api"
	s, ok := v.text(right)
	if !ok {
		return ""
	}
	first, _, path := strings.Cut(s, "/")
	switch {
	case path && (strings.ContainsAny(first, ".:") || first == "localhost"):
		v.bad("%s names a registry; the fleet file does that: %s", quote(s), right)
	case strings.Contains(s, "@"):
		v.bad("%s has a digest; that comes with each release: %s", quote(s), right)
	case strings.Contains(s, ":"):
		v.bad("%s has a tag; that comes with each release: %s", quote(s), right)
	case !slipway.ValidRepository(s):
		v.bad("%s is not a repository; %s, in lower case", quote(s), right)
	}
	return s
}
