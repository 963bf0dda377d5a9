package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// A newcomer is a version that is brought to hosts: green, or what is live and
// was not there yet.
type newcomer struct {
	release  string
	service  slipway.Service
	registry string
	image    slipway.Image
	warrant  *slipway.Warrant
	patience slipway.Duration // how long a host may be silent
	reach    slipway.Duration // how long a registry may be silent to a host; 0: as long as a pull may take
}

// deploy pulls, starts and proves the version on a host, and notes in at how
// far it is; moved is called whenever it is a phase further.
func (n newcomer) deploy(ctx workflow.Context, plan slipway.PlanHost, at *slipway.ReleaseHost, moved func()) error {
	if err := n.pull(ctx, plan, at, moved); err != nil {
		return err
	}
	return n.start(ctx, plan, at, moved)
}

func (n newcomer) pull(ctx workflow.Context, plan slipway.PlanHost, at *slipway.ReleaseHost, moved func()) error {
	at.Phase = slipway.HostPulling
	moved()
	pulled, err := call(ctx, promptly(plan, n.patience, moving(slipway.DoesPull(plan.Name))), host.PullImage,
		activities.PullInput{Host: plan.Name, Registry: n.registry, Image: n.image, Release: n.release, Warrant: n.warrant, Patience: n.patience, Reach: n.reach})
	if err != nil {
		return err
	}
	at.Phase, at.Image = slipway.HostPulled, pulled.ImageID
	return nil
}

// start starts the version, whose image is there, and proves it.
func (n newcomer) start(ctx workflow.Context, plan slipway.PlanHost, at *slipway.ReleaseHost, moved func()) error {
	start := activities.StartInput{
		Host:     plan.Name,
		Release:  n.release,
		Service:  n.service,
		Registry: n.registry,
		Image:    n.image,
		Warrant:  n.warrant,
		Patience: n.patience,
	}
	if len(n.service.Container.Ports) > 0 {
		start.Address = plan.Address
	}
	if plan.Publish {
		start.Publish = &slipway.Publish{Address: plan.Address, Ports: plan.Ports}
	}
	at.Replicas = slices.Clone(at.Replicas) // whoever has this host from a version shares them
	err := eachOf(ctx, *at, func(ctx workflow.Context, i int, one slipway.ReleaseHost) error {
		start := start
		start.Name = one.Container
		container, err := call(ctx, promptly(plan, n.patience, starting(slipway.DoesStart(plan.Name, i), n.deadline())), host.StartGreen, start)
		if err != nil {
			return &failedContainer{one.Container, err}
		}
		at.Started(i, container)
		return nil
	})
	if err != nil {
		return err
	}
	at.Phase = slipway.HostStarted
	moved()
	if err := n.prove(ctx, plan, *at); err != nil {
		return err
	}
	at.Phase = slipway.HostReady
	moved()
	return nil
}

// prove returns when the version is ready on a host where it was started: all of
// its containers are.
func (n newcomer) prove(ctx workflow.Context, plan slipway.PlanHost, at slipway.ReleaseHost) error {
	return eachOf(ctx, at, func(ctx workflow.Context, i int, one slipway.ReleaseHost) error {
		in := proofOf(plan, one, n.service)
		in.Patience = n.patience
		_, err := call(ctx, promptly(plan, n.patience, starting(slipway.DoesProve(plan.Name, i), n.deadline())), host.ProbeGreen, in)
		if err != nil {
			return &failedContainer{one.Container, err}
		}
		return nil
	})
}

// eachOf calls f for each container of a version on a host, side by side, as each
// does.
func eachOf(ctx workflow.Context, at slipway.ReleaseHost, f func(ctx workflow.Context, i int, one slipway.ReleaseHost) error) error {
	all := at.Containers()
	if len(all) == 1 {
		return f(ctx, 0, all[0]) // in its turn among those of other hosts, as it was before there were several
	}
	return each(ctx, len(all), func(ctx workflow.Context, i int) error { return f(ctx, i, all[i]) })
}

// A failedContainer says which of a host's containers an error is about.
type failedContainer struct {
	name string
	error
}

func (f *failedContainer) Unwrap() error { return f.error }

// proofOf is how a container is proven.
func proofOf(plan slipway.PlanHost, at slipway.ReleaseHost, service slipway.Service) activities.ProbeInput {
	return activities.ProbeInput{
		Host:      at.Name,
		Container: at.Container,
		Address:   probedAt(plan, at, service),
		Check:     service.Healthcheck,
		Deadline:  service.Strategy.BlueGreen.DeployTimeout,
		Secrets:   service.Container.Secrets(),
	}
}

func (n newcomer) deadline() slipway.Duration { return n.service.Strategy.BlueGreen.DeployTimeout }
