package workflows

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/workflow"

	"slipway"
)

// failsAlone reports whether only the group under way goes back for a failure:
// the service file says so, green is well in the groups before, and it is a
// failure of that group. That a gate was not opened in time, or that the order
// has run out, is none: then the release as a whole is over.
func (r *release) failsAlone(failure error) bool {
	if h, ok := errors.AsType[*halt](failure); ok && h.outcome != slipway.RolledBack {
		return false
	}
	return r.outlook().GoesBackAlone(r.group) &&
		!slices.ContainsFunc(r.fallen, func(c Container) bool { return !r.goesTo(c.Host.Name) })
}

// goBackAlone takes the group under way back to blue, and waits for a person: nil
// means to try it again, an error is for the undoing of all groups. While an edge
// of the group may still know green it is not tried again, but first goes back:
// what that edge was asked last might come true later.
func (r *release) goBackAlone(ctx workflow.Context, failure error) error {
	during, reason := r.state.Phase, message(failure)
	var problem error
	for accepted := false; !accepted || problem != nil; accepted = true {
		r.state.Reason = fmt.Sprintf("%s; group %d goes back", reason, r.group+1)
		var left []string
		left, problem = r.setBack(ctx)
		switch {
		case ctx.Err() != nil:
			r.overcame += fmt.Sprintf("; group %d was going back: %s", r.group+1, reason)
			return ctx.Err()
		case asked(problem):
			return problem
		case !r.failsAlone(failure): // green has died in a group before it, too
			return failure
		case accepted && problem == nil:
			continue
		}
		text := fmt.Sprintf("%s; only group %d of %d went back", reason, r.group+1, len(r.groups()))
		if problem != nil {
			text = fmt.Sprintf("%s; and group %d did not go back: %s", reason, r.group+1, message(problem))
		}
		if len(left) > 0 {
			text += "; green is still to be removed from " + strings.Join(left, ", ")
		}
		if err := r.untilDecided(ctx, during, text); err != nil {
			return err
		}
	}
	r.anew = true
	r.phase(ctx, slipway.Deploying)
	r.report(ctx, nil)
	return nil
}

// untilDecided is stuck until a person says that the release goes on. Meanwhile
// both versions serve, so what serves is watched: where green fails, or somebody
// goes back on an edge, all groups go back.
func (r *release) untilDecided(ctx workflow.Context, during slipway.Phase, reason string) error {
	r.askEdges(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if overruled := r.overruled(); overruled != nil {
		return overruled
	}
	r.getStuck(ctx, during, reason)
	w, stop := r.watchServing(ctx, r.group, aYear)
	err := workflow.Await(ctx, func() bool { return r.accepted != nil || w.alarm != "" })
	stop()
	switch {
	case err != nil:
		return err
	case w.alarm != "":
		return &halt{outcome: slipway.RolledBack, reason: "while it was stuck, what serves of it failed: " + w.alarm, asked: w.asked}
	}
	r.unstick()
	return nil
}

// overruled is why all groups go back, if a person has pointed an edge elsewhere
// than the release has: not one that has yet to go back.
func (r *release) overruled() error {
	told, here := r.told(), r.toldHere()
	for _, i := range r.edges() {
		e := r.state.Edges[i]
		asIs := e.Active == r.state.Blue || r.wasLeftOut(e.Name)
		if slices.Contains(told, i) {
			asIs = e.Active == r.state.ID || slices.Contains(here, i)
		}
		if e.Error == "" && !asIs {
			return &halt{outcome: slipway.RolledBack, reason: fmt.Sprintf("edge %s was pointed at %s meanwhile", e.Name, orNothing(e.Active)), asked: true}
		}
	}
	return nil
}

// setBack points the edges of the group under way back at blue, and then takes
// green off its hosts: the steps of the undoing, for a part of the release. It
// may be repeated. Green stays as long as an edge has not said that it knows
// nothing of it, which is an error; a host that does not answer is not waited
// for, and among those that are returned. Who has decided otherwise on an edge
// meanwhile has decided for all groups.
func (r *release) setBack(ctx workflow.Context) (left []string, err error) {
	r.goingBack = true
	defer func() { r.goingBack = false }()
	r.phase(ctx, slipway.Undoing)
	r.details(ctx)
	begun, told := workflow.Now(ctx), r.toldHere()
	if err := r.restoreAll(ctx, told); err != nil {
		return nil, err
	}
	for _, i := range told {
		if e := r.state.Edges[i]; e.Error == "" && e.Active != r.routes[i].Active {
			return nil, &halt{
				outcome: slipway.RolledBack, asked: true,
				reason: fmt.Sprintf("edge %s was pointed at %s when group %d went back", e.Name, orNothing(e.Active), r.group+1),
			}
		}
	}
	if len(told) > 0 {
		workflow.GetMetricsHandler(ctx).Timer("slipway_restore_latency").Record(workflow.Now(ctx).Sub(begun))
	}
	r.keepFallen(ctx)
	r.fallen = slices.DeleteFunc(r.fallen, func(c Container) bool { return r.goesTo(c.Host.Name) })
	what := r.green()
	what.Edges = slices.DeleteFunc(what.Edges, func(edge string) bool { return !slices.Contains(r.groups()[r.group].Edges, edge) })
	what.Containers = slices.DeleteFunc(what.Containers, func(c Container) bool { return !r.goesTo(c.Host.Name) })
	remains := dismantle(ctx, what, r.absent(), func(o workflow.ActivityOptions) workflow.ActivityOptions { return o })
	if ctx.Err() != nil {
		return nil, ctx.Err() // the undoing takes all of it once more
	}
	left = r.takenOff(what, remains)
	if len(remains.Edges) > 0 {
		return left, refusal(slipway.CodeUnavailable, "%s has not said that it knows nothing of %s any more", strings.Join(remains.Edges, ", "), r.state.ID)
	}
	r.isBack(ctx)
	return left, nil
}

// takenOff notes off which hosts green is, and returns those where some of it is
// left.
func (r *release) takenOff(what, remains Remains) []string {
	var left []string
	for i := range r.state.Hosts {
		at := &r.state.Hosts[i]
		there := func(c Container) bool { return c.Host.Name == at.Name }
		switch {
		case !slices.ContainsFunc(what.Containers, there):
		case slices.ContainsFunc(remains.Containers, there):
			left = append(left, at.Name)
			if at.Phase == slipway.HostServing {
				at.Phase = slipway.HostReady
			}
		default:
			r.gone = append(r.gone, at.Name)
			if at.Phase != slipway.HostFailed && at.Phase != slipway.HostQuarantined {
				at.Phase = slipway.HostRemoved
			}
		}
	}
	return left
}

// isBack notes that the group under way stands as if it had never begun. Who was
// asked whether the next one may begin has looked at what is no more.
func (r *release) isBack(ctx workflow.Context) {
	for _, i := range r.toldHere() {
		delete(r.pointed, i)
	}
	r.begun = r.group
	now, group := workflow.Now(ctx), &r.state.Groups[r.group]
	group.SwitchedAt, group.WentBackAt, r.state.SwitchedAt = nil, &now, nil
	for _, g := range r.outlook().GatesBefore(slipway.BeforeGroup(r.group + 2)) {
		*r.gate(g.Name) = slipway.GateState{Gate: g, State: slipway.GatePending}
	}
}

// toldHere are the positions of the edges of the group under way that may know
// green.
func (r *release) toldHere() []int {
	here := r.edgesHere()
	return slices.DeleteFunc(r.told(), func(i int) bool { return !slices.Contains(here, i) })
}
