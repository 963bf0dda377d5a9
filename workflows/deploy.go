package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// deploy brings green up beside blue on every host, and proves it. Each host
// goes at its own pace; the first one that fails ends it for all.
func (r *release) deploy(ctx workflow.Context) error {
	r.phase(ctx, slipway.Deploying)
	r.undo.push("remove green", func(ctx workflow.Context) error {
		r.dismantle(ctx, r.green())
		return nil
	})
	return each(ctx, len(r.plan.Hosts), func(ctx workflow.Context, i int) error {
		err := r.deployOn(ctx, i)
		if err != nil {
			r.failed(ctx, i, err)
		}
		return err
	})
}

func (r *release) deployOn(ctx workflow.Context, i int) error {
	plan, at := r.plan.Hosts[i], &r.state.Hosts[i]
	at.Phase = slipway.HostPulling
	r.details(ctx)
	pulled, err := call(ctx, on(plan, moving(slipway.DoesPull(plan.Name))), host.PullImage,
		activities.PullInput{Host: plan.Name, Registry: r.plan.Production, Image: r.image})
	if err != nil {
		return err
	}
	at.Image = pulled.ImageID

	deadline := r.service.Strategy.BlueGreen.DeployTimeout
	start := activities.StartInput{
		Host:     plan.Name,
		Release:  r.state.ID,
		Name:     at.Container,
		Service:  r.service,
		Registry: r.plan.Production,
		Image:    r.image,
	}
	if plan.Publish {
		start.Publish = &slipway.Publish{Address: plan.Address, Ports: plan.Ports}
	}
	container, err := call(ctx, on(plan, starting(slipway.DoesStart(plan.Name), deadline)), host.StartGreen, start)
	if err != nil {
		return err
	}
	at.Phase, at.Address, at.HostPort = slipway.HostStarted, container.Address, container.HostPort
	if !slices.ContainsFunc(r.state.Hosts, func(h slipway.ReleaseHost) bool {
		return h.Phase != slipway.HostStarted && h.Phase != slipway.HostReady
	}) {
		r.phase(ctx, slipway.Probing)
	}

	if err := r.prove(ctx, i); err != nil {
		return err
	}
	at.Phase = slipway.HostReady
	r.details(ctx)
	return nil
}

// prove returns when green is ready on a host.
func (r *release) prove(ctx workflow.Context, i int) error {
	plan, at, deadline := r.plan.Hosts[i], &r.state.Hosts[i], r.service.Strategy.BlueGreen.DeployTimeout
	_, err := call(ctx, on(plan, starting(slipway.DoesProve(plan.Name), deadline)), host.ProbeGreen, activities.ProbeInput{
		Host:      plan.Name,
		Container: at.Container,
		Address:   slipway.HostPort(at.Address, r.service.Container.Port),
		Check:     r.service.Healthcheck,
		Deadline:  deadline,
		Secrets:   r.service.Container.Secrets(),
	})
	return err
}

// failed notes why green failed on a host, and keeps what is left of it before
// it is removed.
func (r *release) failed(ctx workflow.Context, i int, err error) {
	at := &r.state.Hosts[i]
	started := at.Phase == slipway.HostStarted
	if ctx.Err() != nil { // another host failed, or a person aborted
		return
	}
	at.Phase, at.Error = slipway.HostFailed, message(err)
	r.details(ctx)
	if !started {
		return
	}
	kept, err := call(ctx, on(r.plan.Hosts[i], asking("keep evidence of "+at.Name)), host.KeepEvidence,
		activities.ContainerInput{Host: at.Name, Release: r.state.ID, Container: at.Container, Secrets: r.service.Container.Secrets()})
	if err == nil {
		at.Error += "; evidence is kept in " + kept.Path
	}
}
