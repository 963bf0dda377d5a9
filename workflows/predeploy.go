package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// preDeploy runs the service's one command before green starts, on the first
// host that takes part. What it has done is not undone. The host cannot be
// changed for another one any more: one that does not answer may have run it.
func (r *release) preDeploy(ctx workflow.Context) error {
	if !r.outlook().PreDeploys() {
		return nil
	}
	if before := r.state.PreDeploy; before != nil { // it got stuck since, and it never runs twice: if it failed, a person has seen to that
		if before.Took == 0 {
			r.clearPreDeploy(ctx, r.planned(before.Host))
		}
		return ctx.Err()
	}
	plan, name := r.plan.Hosts[r.firstHost()], r.in.ID.PreDeployName()
	r.noReturn = r.service.PreDeploy.PointOfNoReturn // also where it fails: who knows how far it came
	r.state.PreDeploy = &slipway.PreDeployState{Host: plan.Name, Container: name}
	r.details(ctx)
	removed := false
	r.undo.push("remove what ran before", func(ctx workflow.Context) error {
		if removed {
			return nil
		}
		if r.state.PreDeploy.Evidence == "" { // how it ended is not known, but its log may tell how far it came
			kept, err := call(ctx, on(plan, asking("keep evidence of "+name)), host.KeepEvidence, activities.ContainerInput{
				Host: plan.Name, Release: r.state.ID, Container: name,
			})
			if err == nil {
				r.state.PreDeploy.Evidence, r.state.PreDeploy.Tail = kept.Path, kept.Tail
			}
		}
		r.clearPreDeploy(ctx, plan)
		return nil
	})
	longest := r.service.PreDeploy.Timeout + r.service.Container.StopGracePeriod
	done, err := call(ctx, migrating(plan, longest), host.RunPreDeploy, activities.StartInput{
		Host: plan.Name, Release: r.state.ID, Name: name, Service: r.service, Registry: r.plan.Production, Image: r.image, Warrant: r.warrant(),
	})
	if err != nil {
		return err
	}
	r.state.PreDeploy.Evidence, r.state.PreDeploy.Tail = done.Evidence.Path, done.Evidence.Tail
	if done.Failed != "" {
		return refusal(slipway.CodeInvalid, "pre_deploy: %s; its log is kept in %s", done.Failed, done.Evidence.Path)
	}
	r.state.PreDeploy.Took = done.Took
	removed = true
	whole, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	r.clearPreDeploy(whole, plan)
	return ctx.Err()
}

// clearPreDeploy removes the container that ran the command, or notes that it
// is still to go.
func (r *release) clearPreDeploy(ctx workflow.Context, plan slipway.PlanHost) {
	c, grace := Container{Host: plan, Name: r.in.ID.PreDeployName()}, r.service.Container.StopGracePeriod
	err := do(ctx, on(plan, removing(slipway.DoesClear(plan.Name), grace)), host.RemoveContainer,
		activities.RemoveInput{Host: plan.Name, Container: c.Name, Grace: grace})
	if err != nil {
		r.debris = append(r.debris, c)
	}
}

// migrating is for what is not to be broken off because Slipway, or the agent of
// its host, is being started again: it goes on without them.
func migrating(plan slipway.PlanHost, deadline slipway.Duration) workflow.ActivityOptions {
	options := on(plan, starting(slipway.DoesPreDeploy(plan.Name), deadline))
	if plan.Agent {
		options.ScheduleToStartTimeout = returning
	}
	return options
}

// returning is how long an agent may take to be started again.
const returning = 2 * time.Minute

func (r *release) planned(host string) slipway.PlanHost {
	return r.plan.Hosts[slices.IndexFunc(r.plan.Hosts, func(h slipway.PlanHost) bool { return h.Name == host })]
}

// firstHost is the position of the first host that takes part.
func (r *release) firstHost() int {
	for i, h := range r.state.Hosts {
		if h.Phase != slipway.HostQuarantined && r.goesTo(h.Name) {
			return i
		}
	}
	return 0
}

// ranBefore are the containers of a release that may have run its command: of
// one that was ended from outside nobody knows on which host.
func ranBefore(id slipway.ReleaseID, order slipway.Order) []Container {
	if !(slipway.Outlook{Order: order}).PreDeploys() {
		return nil
	}
	var containers []Container
	for _, h := range order.Plan.Hosts {
		containers = append(containers, Container{Host: h, Name: id.PreDeployName()})
	}
	return containers
}
