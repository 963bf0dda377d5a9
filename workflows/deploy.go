package workflows

import (
	"errors"
	"slices"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// deploy brings green up beside blue on every host, and proves it; where blue
// stops first, it only brings the image there, and tries it out. Each host goes at its own pace;
// the first one that fails ends it for all, and one that does not answer is left
// out. Where hosts come in groups, it is those of the group under way.
func (r *release) deploy(ctx workflow.Context) error {
	if len(r.state.Groups) > 0 {
		r.state.Group = r.group + 1
	}
	r.phase(ctx, slipway.Deploying)
	if !r.undo.any() {
		r.undo.push("remove green", func(ctx workflow.Context) error {
			r.keepFallen(ctx)
			if !r.cleared {
				r.dismantle(ctx, r.green())
			}
			return nil
		})
	}
	stopFirst := r.service.Strategy.BlueGreen.StopFirst
	if !stopFirst && (r.group > 0 || !r.outlook().PreDeploys()) {
		return r.onHosts(ctx, r.newcomer().deploy)
	}
	if err := r.onHosts(ctx, r.newcomer().pull); err != nil {
		return err
	}
	if stopFirst {
		return r.tryOut(ctx)
	}
	if err := r.preDeploy(ctx); err != nil {
		return err
	}
	return r.onHosts(ctx, r.newcomer().start)
}

// onHosts takes a step on every host that takes part, on so many at a time as the
// service file says, and notes where green failed. A turn is passed on as long as
// hosts wait for one: those that are proven later keep theirs, or the next host
// would not have to wait for the first of them.
func (r *release) onHosts(ctx workflow.Context, step func(workflow.Context, slipway.PlanHost, *slipway.ReleaseHost, func()) error) error {
	atATime := r.service.Strategy.BlueGreen.AtATime(len(r.plan.Hosts))
	turns, waiting := workflow.NewSemaphore(ctx, int64(atATime)), len(r.hostsHere())-atATime
	return r.eachHost(ctx, func(ctx workflow.Context, i int) error {
		if err := turns.Acquire(ctx, 1); err != nil {
			return err
		}
		if ctx.Err() != nil { // it was this host's turn because another one failed
			return ctx.Err()
		}
		at := &r.state.Hosts[i]
		err := r.leaveOut(ctx, i, step(ctx, r.plan.Hosts[i], at, func() {
			if at.Phase == slipway.HostStarted {
				r.probing(ctx)
				return
			}
			r.details(ctx)
		}))
		if err != nil {
			r.failed(ctx, i, err)
			return err
		}
		r.probing(ctx)
		if waiting--; waiting < 0 {
			return nil
		}
		if at.Phase == slipway.HostReady {
			err = r.pause(ctx)
		}
		turns.Release(1)
		return err
	})
}

// pause lets be what is proven on a host, before the next one begins. What has
// been proven so long ago is looked at again before the switch.
func (r *release) pause(ctx workflow.Context) error {
	if r.outlook().Pauses(len(r.plan.Hosts)) == 0 {
		return nil
	}
	r.paused = true
	delay := r.service.Strategy.BlueGreen.Delay
	_, err := workflow.AwaitWithOptions(ctx,
		workflow.AwaitOptions{Timeout: delay.Std(), TimerOptions: workflow.TimerOptions{Summary: slipway.DoesDelay(delay)}},
		func() bool { return false })
	return err
}

// probing notes when green has started wherever it is going to.
func (r *release) probing(ctx workflow.Context) {
	if r.state.Phase == slipway.Deploying && !slices.ContainsFunc(r.state.Hosts, func(h slipway.ReleaseHost) bool {
		return r.goesTo(h.Name) && (h.Phase == slipway.HostPending || h.Phase == slipway.HostPulling || h.Phase == slipway.HostPulled || h.Phase == slipway.HostFailed)
	}) {
		r.phase(ctx, slipway.Probing)
	}
}

// prove returns when green is ready on a host.
func (r *release) prove(ctx workflow.Context, i int) error {
	return r.newcomer().prove(ctx, r.plan.Hosts[i], r.state.Hosts[i])
}

func (r *release) newcomer() newcomer {
	return newcomer{release: r.state.ID, service: r.service, registry: r.plan.Production, image: r.image, warrant: r.warrant(), patience: r.patience(), reach: reach}
}

// probedAt is where whoever works on a host reaches a container there. One that
// is from before the host was reached from elsewhere may have no port.
func probedAt(h slipway.PlanHost, at slipway.ReleaseHost, service slipway.Service) string {
	port := service.Container.Port
	if tcp := service.Healthcheck.TCP; tcp != 0 && tcp != port {
		return slipway.HostPort(at.Address, tcp)
	}
	if h.Remote && at.HostPort != 0 {
		return slipway.HostPort(h.Address, at.HostPort)
	}
	return slipway.HostPort(at.Address, port)
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
	container := at.Container
	if of, ok := errors.AsType[*failedContainer](err); ok {
		container = of.name
	}
	r.keepEvidence(ctx, i, container)
}

func (r *release) keepEvidence(ctx workflow.Context, i int, container string) {
	at := &r.state.Hosts[i]
	kept, err := call(ctx, on(r.plan.Hosts[i], asking("keep evidence of "+at.Name)), host.KeepEvidence,
		activities.ContainerInput{Host: at.Name, Release: r.state.ID, Container: container})
	if err == nil {
		at.Error += "; evidence is kept in " + kept.Path
	}
}

// keepFallen keeps what is left of green where it died while blue was held. By
// now the traffic is off it, so nobody waits. Releases that were on their way
// when this came go on without it: they may be in the middle of their undoing.
func (r *release) keepFallen(ctx workflow.Context) {
	for i, at := range r.state.Hosts {
		n := slices.IndexFunc(r.fallen, func(c Container) bool { return c.Host.Name == at.Name })
		if n < 0 {
			continue
		}
		if workflow.GetVersion(ctx, keepsFallen, workflow.DefaultVersion, 1) == workflow.DefaultVersion {
			return
		}
		r.state.Hosts[i].Phase, r.state.Hosts[i].Error = slipway.HostFailed, r.state.Reason
		r.keepEvidence(ctx, i, r.fallen[n].Name)
	}
}
