package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// Catchup brings what is live to the hosts and edges that were left out of its
// release, each as soon as it answers, for days if need be. A host gets the
// version, which is proven there, and only then do edges send it traffic; what
// is old there is for the release's Cleanup, which waits for the edges. An edge
// that still serves an older version is pointed at the live one, but not while
// a release holds its blue: going back is for the edges that it knows.
//
// Its lane ends it before anything else begins. What it has begun by then, and
// no edge was told of, is its result.
func Catchup(ctx workflow.Context, in CatchupInput) (CatchupResult, error) {
	c := &catchup{CatchupInput: in, turn: workflow.NewMutex(ctx)}
	c.details(ctx)
	renew := false
	_ = each(ctx, len(in.Version.Behind), func(ctx workflow.Context, i int) error {
		behind := in.Version.Behind[i]
		for wait := firstWait; ; wait = min(2*wait, lastWait) {
			done, err := c.attempt(ctx, behind)
			if done || ctx.Err() != nil {
				return ctx.Err()
			}
			c.stuck(ctx, behind, err)
			if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
				renew = true
				return temporal.NewCanceledError()
			}
			if err := workflow.Sleep(ctx, wait); err != nil {
				return err
			}
		}
	})
	if renew && ctx.Err() == nil {
		return CatchupResult{}, workflow.NewContinueAsNewError(ctx, CatchupType, c.CatchupInput)
	}
	return CatchupResult{Begun: slices.DeleteFunc(c.Begun, func(host string) bool { return slices.Contains(c.Told, host) })}, nil
}

// How long a Catchup waits after a host or an edge has answered, and said no.
const (
	firstWait = 10 * time.Second
	lastWait  = 30 * time.Minute
)

type catchup struct {
	CatchupInput
	turn workflow.Mutex // of telling edges where the version is
}

// attempt returns when a host or an edge is caught up, or with what is in the
// way.
func (c *catchup) attempt(ctx workflow.Context, behind slipway.Behind) (bool, error) {
	if behind.Edge != "" {
		return c.catchUpEdge(ctx, behind.Edge)
	}
	i := slices.IndexFunc(c.Version.Hosts, func(h slipway.ReleaseHost) bool { return h.Name == behind.Host })
	at, err := c.bring(ctx, i)
	if err != nil {
		return false, err
	}
	// Edges are told to the end: it must be known whether they send it traffic.
	ctx, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	if err := c.turn.Lock(ctx); err != nil {
		return false, err
	}
	defer c.turn.Unlock()
	c.Version.Hosts[i] = at
	told, err := c.tellEdges(ctx, at.Name)
	if told && !slices.Contains(c.Told, at.Name) {
		c.Told = append(c.Told, at.Name)
	}
	if err != nil {
		return false, err
	}
	if !told && c.Holding { // nothing says whether the version is still to be here, until the hold is over
		return false, refusal(slipway.CodeConflict, "green is proven; no edge sends it traffic before the hold is over")
	}
	c.Begun = slices.DeleteFunc(c.Begun, func(host string) bool { return host == at.Name })
	c.caughtUp(ctx, slipway.Behind{Host: at.Name}, CaughtUpReport{Host: &at})
	return true, nil
}

// bring waits for a host to answer and starts the version there, proven.
func (c *catchup) bring(ctx workflow.Context, i int) (slipway.ReleaseHost, error) {
	version, plan, at := c.Version, c.Version.Plan.Hosts[i], c.Version.Hosts[i]
	in, asked := activities.HostInput{Host: plan.Name, Requires: version.Service.Requires, Pinned: true}, workflow.Now(ctx)
	options := looking(in)
	options.Summary = "wait for " + plan.Name
	facts, err := call(ctx, patient(on(plan, options)), host.HostFacts, in)
	if err == nil {
		facts.SetSkew(asked, workflow.Now(ctx))
		err = fits(version, plan, facts, slices.Contains(c.Begun, plan.Name))
	}
	if err != nil {
		return at, err
	}
	found, err := call(ctx, asking("resolve "+slipway.ShortDigest(version.Digest)), central.VerifyImage, activities.VerifyInput{
		Registry: version.Plan.Production, Repository: version.Service.Image, Tag: version.Digest, Platform: version.Plan.Platform,
	})
	if err != nil {
		return at, err
	}
	if !slices.Contains(c.Begun, plan.Name) {
		c.Begun = append(c.Begun, plan.Name)
	}
	live := newcomer{release: version.Release, service: version.Service, registry: version.Plan.Production, image: found.Image, warrant: version.Warrant, patience: silence}
	err = live.deploy(ctx, plan, &at, func() {})
	if err == nil {
		at.Phase, at.Error = slipway.HostServing, ""
	}
	return at, err
}

// fits says why a host cannot be caught up, where it has not begun to be: what was
// begun there has its ports already. One that is pinned to a profile which
// has it left out where it does not fit is not taken in before it does, as the
// fleet file has it now.
func fits(version slipway.Version, plan slipway.PlanHost, facts slipway.HostFacts, begun bool) error {
	if err := version.Plan.Unfit(plan, facts, version.Service.PerHost()); err != nil && !begun {
		return activities.Failure(err)
	}
	now := slipway.Plan{Profiles: map[string]slipway.Profile{}}
	if facts.Pinned != nil {
		now.Profiles[plan.Name] = *facts.Pinned
	}
	if out := unfit(now.Examine(plan, facts, version.Service, slipway.Image{}, nil)); len(out) > 0 {
		return refusal(slipway.CodeConflict, "%s", out[0].Error)
	}
	return nil
}

// tellEdges has every edge that serves the version send traffic to a host, too,
// if it is one of its hosts. It reports whether any of them does, or may.
func (c *catchup) tellEdges(ctx workflow.Context, host string) (told bool, err error) {
	for _, edge := range c.Version.Plan.Edges {
		if !slices.Contains(edge.Hosts, host) || isBehind(c.Version, edge.Name) {
			continue
		}
		knows, problem := amend(ctx, c.Version, edge)
		told = told || knows
		if problem != nil {
			err = problem
		}
	}
	return told, err
}

// amend tells an edge where a version is. It reports whether the edge knows,
// or may; one that has forgotten the version does not.
func amend(ctx workflow.Context, version slipway.Version, edge slipway.PlanEdge) (bool, error) {
	id, release := version.Service.ServiceID, version.Release
	deadline := version.Service.Strategy.BlueGreen.SwitchTimeout
	want := upstreams(version, edge)
	route, err := call(ctx, switching(slipway.DoesAsk(edge.Name), deadline), central.ReadRoute, activities.EdgeInput{Edge: edge.Name, Service: id, Release: release})
	for err == nil {
		target, ok := route.Targets[release]
		switch {
		case !ok:
			return false, refusal(slipway.CodeConflict, "edge %s has forgotten %s", edge.Name, release)
		case slices.Equal(target.Upstreams, want):
			return true, nil
		}
		route, err = call(ctx, switching("tell "+edge.Name+" where "+release+" is", deadline), central.AmendTarget, activities.AmendInput{
			Edge:    edge.Name,
			Request: slipway.AmendRequest{ServiceID: id, Release: release, Upstreams: want, Away: len(want) == 0, Revision: target.Revision},
			Warrant: reaching(version.Warrant, version.Plan.Reached(edge, version.Hosts)),
		})
	}
	return true, err
}

// catchUpEdge waits for an edge that was left out to answer, and points it at
// the version.
func (c *catchup) catchUpEdge(ctx workflow.Context, name string) (bool, error) {
	id, release := c.Version.Service.ServiceID, c.Version.Release
	if c.Holding {
		return false, workflow.Await(ctx, func() bool { return false }) // it is cancelled, and begins anew when the hold is over
	}
	_, err := call(ctx, patient(asking("wait for "+name)), central.ReadRoute, activities.EdgeInput{Edge: name, Service: id})
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(c.Version.Plan.Edges, func(e slipway.PlanEdge) bool { return e.Name == name })
	edge, deadline := c.Version.Plan.Edges[i], c.Version.Service.Strategy.BlueGreen.SwitchTimeout
	if slices.ContainsFunc(c.Version.Behind, func(b slipway.Behind) bool { return b.Edge == name && b.Joins }) {
		// One that is new does not begin with nowhere to send requests to.
		if err := workflow.Await(ctx, func() bool { return len(upstreams(c.Version, edge)) > 0 }); err != nil {
			return false, err
		}
	}

	ctx, stop := workflow.NewDisconnectedContext(ctx) // what is begun is ended
	defer stop()
	if err := c.turn.Lock(ctx); err != nil {
		return false, err
	}
	defer c.turn.Unlock()
	route, err := call(ctx, switching(slipway.DoesAsk(name), deadline), central.ReadRoute, activities.EdgeInput{Edge: name, Service: id})
	switch {
	case err != nil:
		return false, err
	case route.Active != release && route.By != "" && !slipway.IsRelease(route.By):
		return false, refusal(slipway.CodeConflict, "edge %s was pointed at %s by %s (%s): that stands", name, orNothing(route.Active), route.By, route.Reason)
	case route.Active != release:
		to := upstreams(c.Version, edge)
		_, err = call(ctx, switching(slipway.DoesStage(name), deadline), central.StageTarget, activities.StageInput{Edge: name, Request: slipway.StageRequest{
			ServiceID: id, Route: *c.Version.Service.Route, Release: release, Upstreams: to, Away: len(to) == 0, Generation: route.Generation,
		}, Warrant: reaching(c.Version.Warrant, c.Version.Plan.Reached(edge, c.Version.Hosts))})
		if err != nil {
			return false, err
		}
		_, err = call(ctx, switching(slipway.DoesCommit(name), deadline), central.CommitTarget, activities.CommitInput{Edge: name, Request: slipway.CommitRequest{
			ServiceID: id, Release: release, Generation: route.Generation, By: release, Reason: "caught up",
		}, Warrant: c.Version.Warrant})
		if err != nil {
			return false, err
		}
	}
	c.caughtUp(ctx, slipway.Behind{Edge: name}, CaughtUpReport{Edge: name})
	return true, nil
}

func isBehind(version slipway.Version, edge string) bool {
	return slices.ContainsFunc(version.Behind, func(b slipway.Behind) bool { return b.Edge == edge })
}

// caughtUp tells the lane, and the release if it is still open.
func (c *catchup) caughtUp(ctx workflow.Context, what slipway.Behind, report CaughtUpReport) {
	c.Version.Behind = slices.DeleteFunc(slices.Clone(c.Version.Behind), func(b slipway.Behind) bool { return b.String() == what.String() })
	c.report(ctx, report)
}

// stuck tells what is in the way, where that is news.
func (c *catchup) stuck(ctx workflow.Context, behind slipway.Behind, err error) {
	for i := range c.Version.Behind {
		b := &c.Version.Behind[i]
		if b.String() == behind.String() && b.Error != message(err) {
			b.Error = message(err)
			c.report(ctx, CaughtUpReport{Stuck: b})
		}
	}
}

// report goes to the lane first: it is what a later release begins with.
func (c *catchup) report(ctx workflow.Context, report CaughtUpReport) {
	c.details(ctx)
	report.Release = c.Version.Release
	id, err := slipway.ParseReleaseID(c.Version.Release)
	if err != nil {
		return
	}
	lasting, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	_ = workflow.SignalExternalWorkflow(lasting, LaneID(id.ServiceID), "", CaughtUp, report).Get(lasting, nil)
	_ = workflow.SignalExternalWorkflow(lasting, ReleaseWorkflowID(id), "", CaughtUp, report).Get(lasting, nil)
}

func (c *catchup) details(ctx workflow.Context) {
	var b strings.Builder
	fmt.Fprintf(&b, "`%s` is still to be brought to:\n", c.Version.Release)
	for _, behind := range c.Version.Behind {
		fmt.Fprintf(&b, "\n- **%s**, since %s: %s", behind, behind.Since.UTC().Format("2006-01-02 15:04:05 UTC"), behind.Error)
	}
	workflow.SetCurrentDetails(ctx, b.String())
}
