package workflows

import (
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
	patience slipway.Duration // how long a host may be silent
}

// deploy pulls, starts and proves the version on a host, and notes in at how
// far it is; moved is called whenever it is a phase further.
func (n newcomer) deploy(ctx workflow.Context, plan slipway.PlanHost, at *slipway.ReleaseHost, moved func()) error {
	at.Phase = slipway.HostPulling
	moved()
	pulled, err := call(ctx, promptly(plan, n.patience, moving(slipway.DoesPull(plan.Name))), host.PullImage,
		activities.PullInput{Host: plan.Name, Registry: n.registry, Image: n.image, Patience: n.patience})
	if err != nil {
		return err
	}
	at.Image = pulled.ImageID

	start := activities.StartInput{
		Host:     plan.Name,
		Release:  n.release,
		Name:     at.Container,
		Service:  n.service,
		Registry: n.registry,
		Image:    n.image,
		Patience: n.patience,
	}
	if plan.Publish {
		start.Publish = &slipway.Publish{Address: plan.Address, Ports: plan.Ports}
	}
	container, err := call(ctx, promptly(plan, n.patience, starting(slipway.DoesStart(plan.Name), n.deadline())), host.StartGreen, start)
	if err != nil {
		return err
	}
	at.Phase, at.Address, at.HostPort = slipway.HostStarted, container.Address, container.HostPort
	moved()
	if err := n.prove(ctx, plan, *at); err != nil {
		return err
	}
	at.Phase = slipway.HostReady
	moved()
	return nil
}

// prove returns when the version is ready on a host where it was started.
func (n newcomer) prove(ctx workflow.Context, plan slipway.PlanHost, at slipway.ReleaseHost) error {
	_, err := call(ctx, promptly(plan, n.patience, starting(slipway.DoesProve(plan.Name), n.deadline())), host.ProbeGreen, activities.ProbeInput{
		Host:      plan.Name,
		Container: at.Container,
		Address:   probedAt(plan, at, n.service.Container.Port),
		Check:     n.service.Healthcheck,
		Deadline:  n.deadline(),
		Secrets:   n.service.Container.Secrets(),
		Patience:  n.patience,
	})
	return err
}

func (n newcomer) deadline() slipway.Duration { return n.service.Strategy.BlueGreen.DeployTimeout }
