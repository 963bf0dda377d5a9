package workflows

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// spare is how many hosts the release may leave out because they do not answer,
// beside those that are cordoned.
func (r *release) spare() int {
	rules, all := r.service.Strategy.BlueGreen, len(r.plan.Hosts)
	return max(min(rules.SpareHosts(all), all-len(r.in.Cordoned)-r.atLeast()), 0)
}

// atLeast is how many hosts have to serve.
func (r *release) atLeast() int {
	return max(r.service.Strategy.BlueGreen.MinServing.AtLeast(len(r.plan.Hosts)), 1)
}

// cordoned reports whether people want a host to be left out.
func (r *release) cordoned(host string) bool {
	return slices.ContainsFunc(r.in.Cordoned, func(c slipway.Cordon) bool { return c.Host == host })
}

// leaveOutCordoned leaves out the hosts that people have cordoned, as those are
// that do not answer, as long as enough are left to serve.
func (r *release) leaveOutCordoned(ctx workflow.Context) error {
	for i := range r.state.Hosts {
		at := &r.state.Hosts[i]
		for _, c := range r.in.Cordoned {
			if c.Host == at.Name {
				at.Phase, at.Error = slipway.HostQuarantined, c.String()
				r.state.Behind = append(r.state.Behind, slipway.Behind{Host: at.Name, Since: workflow.Now(ctx), Error: at.Error, Cordoned: true})
			}
		}
	}
	if err := r.neverBoth(); err != nil {
		return err
	}
	if left := len(r.plan.Hosts) - len(r.in.Cordoned); len(r.in.Cordoned) > 0 && left < r.atLeast() {
		var names []string
		for _, c := range r.in.Cordoned {
			names = append(names, fmt.Sprintf("%s (%s)", c.Host, c))
		}
		return refusal(slipway.CodeConflict, "%d of %d hosts are cordoned: %s; %d have to serve (min_serving is %s): uncordon one, or give the service more hosts",
			len(names), len(r.plan.Hosts), strings.Join(names, "; "), r.atLeast(), r.service.Strategy.BlueGreen.MinServing)
	}
	return nil
}

// neverBoth refuses to leave blue running where nobody stops it, if the two are
// not to run at once.
func (r *release) neverBoth() error {
	if !r.service.StopsBlue() || len(r.in.Known) == 0 {
		return nil
	}
	for _, c := range r.in.Cordoned {
		if r.in.Known[0].RunsOn(c.Host) {
			return refusal(slipway.CodeConflict, "%s runs on host %s, which is %s, and would go on beside this: uncordon the host, or drain it (slipway host drain %s)",
				r.in.Known[0].Release, c.Host, c, c.Host)
		}
	}
	return nil
}

// patience is how long a host may be silent. Where none can be left out there
// is nothing to decide, and it has as long as the activity itself.
func (r *release) patience() slipway.Duration {
	if r.spare() == 0 {
		return 0
	}
	return silence
}

// unreachable reports whether an activity failed because its host or edge did
// not answer. One that answered, and said no, is another matter.
func unreachable(err error) bool {
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return app.Type() == string(slipway.CodeUnreachable)
	}
	timeout, ok := errors.AsType[*temporal.TimeoutError](err)
	return ok && timeout.TimeoutType() == enums.TIMEOUT_TYPE_SCHEDULE_TO_START
}

// leaveOut takes a host that does not answer out of the release: the others go
// on, and it is caught up when it answers. Any other error is returned as it
// is, and so is one host more than may be missing.
func (r *release) leaveOut(ctx workflow.Context, i int, err error) error {
	if err == nil || ctx.Err() != nil || r.spare() == 0 || !unreachable(err) {
		return err
	}
	name := r.state.Hosts[i].Name
	r.unheard = append(r.unheard, name)
	return r.quarantine(ctx, slipway.Behind{Host: name, Error: message(err)})
}

// quarantine takes a host out of the release, as long as so many may be missing.
func (r *release) quarantine(ctx workflow.Context, b slipway.Behind) error {
	b.Since = workflow.Now(ctx)
	r.state.Behind = append(r.state.Behind, b)
	var out []string
	for i := range r.state.Hosts {
		at := &r.state.Hosts[i]
		if at.Name == b.Host {
			at.Phase, at.Error = slipway.HostQuarantined, b.Error
		}
		if at.Phase == slipway.HostQuarantined && !r.cordoned(at.Name) {
			out = append(out, fmt.Sprintf("%s (%s)", at.Name, at.Error))
		}
	}
	workflow.GetMetricsHandler(ctx).WithTags(map[string]string{"host": b.Host}).Counter("slipway_quarantines").Inc(1)
	r.details(ctx)
	if len(out) <= r.spare() {
		return nil
	}
	do, bring := "do not answer", "bring them back"
	if slices.ContainsFunc(r.state.Behind, func(b slipway.Behind) bool { return b.Unfit }) {
		do, bring = "do not answer or do not fit", "mend them"
	}
	rules := r.service.Strategy.BlueGreen
	return refusal(slipway.CodeUnavailable, "%d of %d hosts %s: %s; %d may be left out (unreachable.max is %s, min_serving %s): %s, or take them out of the service's hosts",
		len(out), len(r.plan.Hosts), do, strings.Join(out, "; "), r.spare(), rules.Unreachable.Max, rules.MinServing, bring)
}

// leaveOutUnfit leaves out the hosts that answer and are not as they should be,
// where their profile says so: as those that do not answer, and as far as those
// may be. Where none may be, the release is refused for it.
func (r *release) leaveOutUnfit(ctx workflow.Context) error {
	away := r.absent().hosts
	hosts := slices.DeleteFunc(unfit(r.state.Findings), func(b slipway.Behind) bool { return slices.Contains(away, b.Host) })
	if len(hosts) == 0 {
		return nil
	}
	if r.spare() == 0 {
		noneSpared(r.state.Findings)
		return nil
	}
	for _, b := range hosts {
		if err := r.quarantine(ctx, b); err != nil {
			return err
		}
	}
	return r.groupsAnswer()
}

// unfit are the hosts that are to be left out for what was found, with all of it.
func unfit(findings []slipway.Finding) []slipway.Behind {
	var out []slipway.Behind
	for _, f := range findings {
		if f.Severity != slipway.Quarantine {
			continue
		}
		if i := slices.IndexFunc(out, func(b slipway.Behind) bool { return b.Host == f.Host }); i >= 0 {
			out[i].Error += "; " + f.Reason()
			continue
		}
		out = append(out, slipway.Behind{Host: f.Host, Error: f.Reason(), Unfit: true})
	}
	return out
}

// noneSpared makes of what a host would be left out for what the release is
// refused for.
func noneSpared(findings []slipway.Finding) {
	for i := range findings {
		if findings[i].Severity == slipway.Quarantine {
			findings[i].Severity = slipway.Refuse
		}
	}
}

// mayLeaveOut reports whether the release could go on without an edge.
func (r *release) mayLeaveOut(edge slipway.PlanEdge) bool {
	return r.service.Strategy.BlueGreen.SpareEdges(len(r.plan.Edges)) > 0 || (r.spare() > 0 && edge.On != "" || r.cordoned(edge.On))
}

// leaveOutEdges decides about the edges that did not answer, once it is known
// which hosts do not: one on a host that is left out is left out with it, and
// others as far as the service file lets them be.
func (r *release) leaveOutEdges(ctx workflow.Context) error {
	r.unheard = nil
	spare := r.service.Strategy.BlueGreen.SpareEdges(len(r.plan.Edges))
	for i, err := range r.silent {
		if err == nil {
			continue
		}
		edge, at := r.plan.Edges[i], &r.state.Edges[i]
		withHost := slices.ContainsFunc(r.state.Hosts, func(h slipway.ReleaseHost) bool {
			return h.Name == edge.On && h.Phase == slipway.HostQuarantined
		})
		if !withHost {
			spare--
		}
		if !withHost && spare < 0 {
			return refusal(slipway.CodeUnavailable, "%s; an edge that does not answer may still send people to the old version, so the release does not go on without it", message(err))
		}
		at.LeftOut, at.Error, r.silent[i] = true, message(err), nil
		r.state.Behind = append(r.state.Behind, slipway.Behind{Edge: at.Name, Since: workflow.Now(ctx), Error: at.Error})
	}
	r.leaveOutNew(ctx)
	if len(r.plan.Edges) > 0 && len(r.edges()) == 0 {
		return refusal(slipway.CodeUnavailable, "no edge of %s answers: %s", r.in.ID.ServiceID, r.state.Edges[0].Error)
	}
	return nil
}

// askAgain leaves out the edges that have gone with their hosts since they were
// asked, before anything counts on them.
func (r *release) askAgain(ctx workflow.Context) error {
	edges := slices.DeleteFunc(r.edgesHere(), func(i int) bool { return !slices.Contains(r.unheard, r.plan.Edges[i].On) })
	if len(edges) == 0 {
		return nil
	}
	err := eachEdge(ctx, edges, func(ctx workflow.Context, i int) error {
		edge := r.plan.Edges[i].Name
		_, err := call(ctx, asking(slipway.DoesAsk(edge)), central.ReadRoute, activities.EdgeInput{Edge: edge, Service: r.in.ID.ServiceID, Patience: silence})
		if unreachable(err) {
			r.silent[i], err = err, nil
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.leaveOutEdges(ctx)
}

// leaveOutNew leaves out the edges that the service has never been served by: if
// this release were undone, there would be nothing to point them back at. When no
// blue is held any more they are caught up. Where all edges are new, this is how
// they begin.
func (r *release) leaveOutNew(ctx workflow.Context) {
	var fresh []int
	for _, i := range r.edges() {
		if r.isNew(i) {
			fresh = append(fresh, i)
		}
	}
	if len(fresh) == len(r.edges()) {
		return
	}
	for _, i := range fresh {
		at := &r.state.Edges[i]
		at.LeftOut, at.Error = true, "it has never served "+r.in.ID.ServiceID.String()+": it begins when nothing is held any more"
		r.state.Behind = append(r.state.Behind, slipway.Behind{Edge: at.Name, Since: workflow.Now(ctx), Error: at.Error, Joins: true})
	}
}

// isNew reports whether what is live has never been served by an edge.
func (r *release) isNew(i int) bool {
	if len(r.in.Known) == 0 || r.routes[i].Active != "" {
		return false
	}
	name, known := r.plan.Edges[i].Name, r.in.Known[0]
	there := slices.ContainsFunc(known.Plan.Edges, func(e slipway.PlanEdge) bool { return e.Name == name })
	return !there || slices.ContainsFunc(known.Behind, func(b slipway.Behind) bool { return b.Edge == name && b.Joins })
}

// takeIn notes where a Catchup has brought this release while it holds blue.
func (r *release) takeIn(ctx workflow.Context, report CaughtUpReport) {
	if report.Release != r.state.ID {
		return
	}
	r.state.Behind = report.takeIn(r.state.Behind)
	for i := range r.state.Hosts {
		if report.Host != nil && r.state.Hosts[i].Name == report.Host.Name {
			r.state.Hosts[i] = *report.Host
			if r.rejoined != nil {
				r.rejoined(report.Host.Name)
			}
		}
	}
	r.details(ctx)
}

// edges are the positions of the edges that take part.
func (r *release) edges() []int {
	var out []int
	for i, e := range r.state.Edges {
		if !e.LeftOut {
			out = append(out, i)
		}
	}
	return out
}

// eachEdge is each, for edges by their positions.
func eachEdge(ctx workflow.Context, edges []int, f func(ctx workflow.Context, i int) error) error {
	return each(ctx, len(edges), func(ctx workflow.Context, i int) error { return f(ctx, edges[i]) })
}

// eachHost is each, for the hosts that take part in the group under way.
func (r *release) eachHost(ctx workflow.Context, f func(ctx workflow.Context, i int) error) error {
	hosts := r.hostsHere()
	return each(ctx, len(hosts), func(ctx workflow.Context, i int) error { return f(ctx, hosts[i]) })
}

// hostsHere are the positions of the hosts that take part in the group under way.
func (r *release) hostsHere() []int {
	var hosts []int
	for i, h := range r.state.Hosts {
		if h.Phase != slipway.HostQuarantined && r.goesTo(h.Name) {
			hosts = append(hosts, i)
		}
	}
	return hosts
}

// absent are the hosts and edges that are not to be waited for.
func (r *release) absent() absent {
	var a absent
	for _, h := range r.state.Hosts {
		if h.Phase == slipway.HostQuarantined {
			a.hosts = append(a.hosts, h.Name)
		}
	}
	for _, e := range r.state.Edges {
		if e.LeftOut || slices.Contains(r.mute, e.Name) {
			a.edges = append(a.edges, e.Name)
		}
	}
	return a
}
