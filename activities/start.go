package activities

import (
	"context"
	"maps"
	"slices"

	"slipway"
)

// StartInput says which container is to run on a host.
type StartInput struct {
	Host     string           `json:"host"`
	Release  string           `json:"release"`
	Name     string           `json:"name"`
	Service  slipway.Service  `json:"service"`
	Registry string           `json:"registry"`
	Image    slipway.Image    `json:"image"`
	Publish  *slipway.Publish `json:"publish,omitempty"`
	Address  string           `json:"address,omitempty"`  // of the host, for the ports that the service fixes
	Patience slipway.Duration `json:"patience,omitempty"` // as in HostInput
	Warrant  *slipway.Warrant `json:"warrant,omitempty"`
}

// StartGreen makes green's container run on the host, and checks that it runs
// the image that was verified. It is the one that was ordered, image and
// settings, and what it asks of the host is held to the rules once more, here
// where it takes effect: a history is no authority, and the rules may have
// changed since. What was started is signed, so that an edge is told of nothing
// else. Idempotent: the container is found by its name, which no other release
// has, so one that an earlier attempt made is taken as it is.
func (a *Host) StartGreen(ctx context.Context, in StartInput) (slipway.ContainerState, error) {
	none := slipway.ContainerState{}
	g, err := a.mayStart(in)
	if err != nil {
		return none, Failure(err)
	}
	engine, spec, err := a.containerSpec(ctx, in)
	if err != nil {
		return none, Failure(err)
	}
	state, err := answering(ctx, engine, in.Host, in.Patience, func(ctx context.Context) (slipway.ContainerState, error) {
		return engine.Start(ctx, spec)
	})
	if err != nil {
		return none, Failure(a.starting(ctx, in).error(err))
	}
	if !in.Image.Runs(state.Image) {
		return none, Failure(notVerified(in.Host, in.Image, state.Image))
	}
	if state.Exit != nil { // it ended at once; how is told by whoever proves it
		state.Exit.Error = ""
	}
	if state.Signature, err = a.Signatures.Seal(slipway.ContainerStatement{
		Order: g.order, Release: in.Release, Host: in.Host, Name: in.Name, Digest: in.Image.Digest,
		Address: state.Address, HostPort: state.HostPort,
	}, slipway.WitnessLasts); err != nil {
		return none, Failure(err)
	}
	state.Labels = nil // the caller gave them; a history need not hold them twice
	return state, nil
}

// mayStart wants an order for exactly this, on that host.
func (a *Host) mayStart(in StartInput) (grant, error) {
	g, err := a.past(in.Warrant, in.Release)
	if err != nil {
		return g, err
	}
	id, _ := slipway.ParseReleaseID(in.Release)
	name := id.ContainerName(0)
	for n := range min(in.Service.PerHost(), slipway.MaxReplicas) { // whether so many were ordered, starts makes sure of
		if in.Name == id.ContainerName(n) {
			name = in.Name
		}
	}
	err = a.starts(&g, in, name)
	return g, err
}

// starts holds a container, of that name, to what was ordered.
func (a *Host) starts(g *grant, in StartInput, name string) error {
	if err := g.of(in.Service.SettingsHash()); err != nil {
		return err
	}
	if err := a.image(in.Warrant, g, in.Image); err != nil {
		return err
	}
	if err := a.registry(*g, in.Registry, slipway.ProductionRegistry); err != nil {
		return err
	}
	host, _ := a.Fleet().Host(in.Host)
	switch {
	case !slices.Contains(g.Hosts, in.Host):
		return refused(in.Release, slipway.Errorf(slipway.CodeForbidden, "host %s is not among those that were ordered: %v", in.Host, g.Hosts))
	case in.Name != name:
		return refused(in.Release, slipway.Errorf(slipway.CodeForbidden, "%q is not the name of its container", in.Name))
	case in.Publish != nil && *in.Publish != (slipway.Publish{Address: host.Address, Ports: host.Ports}):
		return refused(in.Release, slipway.Errorf(slipway.CodeForbidden, "ports %v of %s are not those of host %s in the fleet file", in.Publish.Ports, in.Publish.Address, in.Host))
	}
	return nil
}

// containerSpec is what is to run, and where, if the rules let it. The
// environment has its secrets.
func (a *Host) containerSpec(ctx context.Context, in StartInput) (Engine, slipway.ContainerSpec, error) {
	none := slipway.ContainerSpec{}
	if err := a.Rules.Permit(in.Service, in.Host); err != nil {
		return nil, none, err
	}
	engine, err := a.Engines.Engine(in.Host)
	if err != nil {
		return nil, none, err
	}
	ref, _, err := a.Registries.PullRef(ctx, in.Registry, in.Image)
	if err != nil {
		return nil, none, err
	}
	environment, err := a.environment(ctx, in.Service.Container)
	if err != nil {
		return nil, none, err
	}
	if err := ctx.Err(); err != nil {
		return nil, none, err // it is not wanted any more
	}
	labels := map[string]string{}
	maps.Copy(labels, in.Service.Container.Labels)
	labels[slipway.LabelProject] = in.Service.Project
	labels[slipway.LabelService] = in.Service.Service
	labels[slipway.LabelRelease] = in.Release
	labels[slipway.LabelDigest] = in.Image.Digest
	labels[slipway.LabelQuestion] = in.Service.Healthcheck.Question()
	labels[slipway.LabelSecrets] = secretsLabel(in.Service.Container.Secrets())
	return engine, slipway.ContainerSpec{
		Name:        in.Name,
		Image:       ref,
		Labels:      labels,
		Container:   in.Service.Container,
		Environment: environment,
		Publish:     in.Publish,
		Address:     in.Address,
	}, nil
}

// environment is the container's environment with secrets looked up. It goes
// to the engine and nowhere else.
func (a *Host) environment(ctx context.Context, c slipway.Container) (map[string]string, error) {
	out := make(map[string]string, len(c.Environment))
	for name, value := range c.Environment {
		out[name] = value.Plain
		if value.Secret == "" {
			continue
		}
		secret, err := a.Secrets.Secret(ctx, value.Secret)
		if err == nil {
			err = concealable(name, value.Secret, secret)
		}
		if err != nil {
			return nil, err
		}
		out[name] = secret
	}
	return out, nil
}
