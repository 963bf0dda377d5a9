package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// deploy brings green up beside blue on every host, and proves it. Each host
// goes at its own pace; the first one that fails ends it for all, and one that
// does not answer is left out.
func (r *release) deploy(ctx workflow.Context) error {
	r.phase(ctx, slipway.Deploying)
	r.undo.push("remove green", func(ctx workflow.Context) error {
		r.dismantle(ctx, r.green())
		return nil
	})
	return r.eachHost(ctx, func(ctx workflow.Context, i int) error {
		err := r.leaveOut(ctx, i, r.deployOn(ctx, i))
		if err != nil {
			r.failed(ctx, i, err)
			return err
		}
		r.probing(ctx)
		return nil
	})
}

func (r *release) deployOn(ctx workflow.Context, i int) error {
	plan, at := r.plan.Hosts[i], &r.state.Hosts[i]
	at.Phase = slipway.HostPulling
	r.details(ctx)
	pulled, err := call(ctx, r.on(plan, moving(slipway.DoesPull(plan.Name))), host.PullImage,
		activities.PullInput{Host: plan.Name, Registry: r.plan.Production, Image: r.image, Patience: r.patience()})
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
		Patience: r.patience(),
	}
	if plan.Publish {
		start.Publish = &slipway.Publish{Address: plan.Address, Ports: plan.Ports}
	}
	r.begun[i] = true
	container, err := call(ctx, r.on(plan, starting(slipway.DoesStart(plan.Name), deadline)), host.StartGreen, start)
	if err != nil {
		return err
	}
	at.Phase, at.Address, at.HostPort = slipway.HostStarted, container.Address, container.HostPort
	r.probing(ctx)
	if err := r.prove(ctx, i); err != nil {
		return err
	}
	at.Phase = slipway.HostReady
	r.details(ctx)
	return nil
}

// probing notes when green has started wherever it is going to.
func (r *release) probing(ctx workflow.Context) {
	if !slices.ContainsFunc(r.state.Hosts, func(h slipway.ReleaseHost) bool {
		return h.Phase == slipway.HostPending || h.Phase == slipway.HostPulling || h.Phase == slipway.HostFailed
	}) {
		r.phase(ctx, slipway.Probing)
	}
}

// prove returns when green is ready on a host.
func (r *release) prove(ctx workflow.Context, i int) error {
	plan, at, deadline := r.plan.Hosts[i], &r.state.Hosts[i], r.service.Strategy.BlueGreen.DeployTimeout
	_, err := call(ctx, r.on(plan, starting(slipway.DoesProve(plan.Name), deadline)), host.ProbeGreen, activities.ProbeInput{
		Host:      plan.Name,
		Container: at.Container,
		Address:   slipway.HostPort(at.Address, r.service.Container.Port),
		Check:     r.service.Healthcheck,
		Deadline:  deadline,
		Secrets:   r.service.Container.Secrets(),
		Patience:  r.patience(),
	})
	return err
}

// failed notes why green failed on a host, and keeps what is left of it before
// it is removed.
func (r *release) failed(ctx workflow.Context, i int, err error) {
	at := &r.state.Hosts[i]
	started := at.Phase == slipway.HostStarted
	if ctx.Err() != nil || at.Phase == slipway.HostQuarantined { // another host failed, a person aborted, or it will not tell
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
