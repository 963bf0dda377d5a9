package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"slipway"
)

// bring makes green what serves, in one group of hosts after the other: green is
// proven there, the edges of the group switch, and it is watched before the next
// one begins. Where there are no groups, that is all hosts at once. If one fails,
// all groups go back, or only that one and a person decides: see stuck.
func (r *release) bring(ctx workflow.Context) error {
	for r.group = range r.groups() {
		for err := r.bringGroup(ctx); err != nil; err = r.bringGroup(ctx) {
			if err := r.stuck(ctx, err); err != nil {
				return err
			}
		}
	}
	r.state.Group = 0
	return nil
}

// bringGroup is tried again when a person says so: every step of it may be
// repeated.
func (r *release) bringGroup(ctx workflow.Context) error {
	switch {
	case r.anew:
		if err := r.beginAnew(ctx); err != nil {
			return err
		}
	case r.group > 0 && len(r.outlook().GatesBefore(slipway.BeforeGroup(r.group+1))) > 0: // it has waited for people
		if err := r.preflightAgain(ctx); err != nil {
			return err
		}
	}
	if err := r.awaitStart(ctx); err != nil {
		return err
	}
	if err := r.deploy(ctx); err != nil {
		return err
	}
	if r.group == 0 {
		if err := r.awaitGates(ctx); err != nil {
			return err
		}
	}
	if r.begun <= r.group { // what was told of green is not left out any more
		if err := r.askAgain(ctx); err != nil {
			return err
		}
	}
	if err := r.groupsAnswer(); err != nil {
		return err
	}
	if err := r.awaitTurn(ctx); err != nil {
		return err
	}
	if err := r.takeOver(ctx); err != nil {
		return err
	}
	return r.watchGroup(ctx)
}

func (r *release) groups() []slipway.PlanGroup {
	if r.grouped == nil {
		r.grouped = r.outlook().Groups()
	}
	return r.grouped
}

// goesTo reports whether the group that is under way has a host.
func (r *release) goesTo(host string) bool {
	return slices.Contains(r.groups()[r.group].Hosts, host)
}

// edgesHere are the positions of the edges that take part in the group under way.
func (r *release) edgesHere() []int {
	return slices.DeleteFunc(r.edges(), func(i int) bool { return !slices.Contains(r.groups()[r.group].Edges, r.plan.Edges[i].Name) })
}

// told are the positions of the edges that take part and may know green, because
// the switch of their group has begun.
func (r *release) told() []int {
	return slices.DeleteFunc(r.edges(), func(i int) bool {
		return !slices.ContainsFunc(r.groups()[:r.begun], func(g slipway.PlanGroup) bool { return slices.Contains(g.Edges, r.plan.Edges[i].Name) })
	})
}

// groupsAnswer refuses to go on when so much of a group is left out that nothing
// could be seen there.
func (r *release) groupsAnswer() error {
	if !r.outlook().Grouped() {
		return nil
	}
	away := r.absent()
	for n, g := range r.groups() {
		switch {
		case !slices.ContainsFunc(g.Hosts, func(h string) bool { return !slices.Contains(away.hosts, h) }):
			return refusal(slipway.CodeUnavailable, "no host of group %d takes part (%v), and a group is not passed over: bring one of them back, or change the groups", n+1, g.Hosts)
		case !slices.ContainsFunc(g.Edges, func(e string) bool { return !slices.Contains(away.edges, e) }):
			return refusal(slipway.CodeUnavailable, "no edge of group %d takes part (%v), and a group is not passed over: bring one of them back, or change the groups", n+1, g.Edges)
		}
	}
	return nil
}

// switched notes that the edges of the group under way point at green. The
// release has switched when the last group has.
func (r *release) switched(ctx workflow.Context, skew slipway.Duration) {
	now := workflow.Now(ctx)
	r.state.SwitchSkew = max(r.state.SwitchSkew, skew)
	if len(r.state.Groups) > 0 {
		r.state.Groups[r.group].SwitchedAt = &now
	}
	if r.group == len(r.groups())-1 {
		r.state.SwitchedAt = &now
	}
	for i := range r.state.Hosts {
		if h := &r.state.Hosts[i]; h.Phase != slipway.HostQuarantined && r.goesTo(h.Name) {
			h.Phase = slipway.HostServing
		}
	}
}

// served reports whether green got any traffic.
func (r *release) served() bool {
	return r.state.SwitchedAt != nil || len(r.state.Groups) > 0 && r.state.Groups[0].SwitchedAt != nil
}

// watchGroup looks after green wherever it serves by now, and after all edges,
// until the group under way has been well for as long as the service file says,
// and people have approved that it goes on.
// Where green has not come yet, blue serves, and an edge that says otherwise is
// a reason to go back, too: somebody has decided, and it was not this release.
func (r *release) watchGroup(ctx workflow.Context) error {
	if !r.outlook().Grouped() {
		return nil
	}
	r.watching = r.groups()[r.group].Watch > 0 || r.state.SwitchedAt == nil
	r.report(ctx, nil) // from here on, going back is to give up this release
	defer func() { r.watching = false }()
	next := slipway.BeforeGroup(r.group + 2)
	gates := r.gatesBefore(next)
	if r.groups()[r.group].Watch == 0 && len(gates) == 0 {
		return nil
	}
	atMost := r.groups()[r.group].Watch.Std()
	for _, g := range gates {
		atMost += g.Expires.Std()
	}
	w, stop := r.watchServing(ctx, r.group+1, atMost)
	err := w.awaitGroup(ctx)
	if err == nil && w.alarm == "" && len(gates) > 0 { // people look at it where it serves, and it is looked after meanwhile
		r.phase(ctx, slipway.AwaitingApproval)
		r.standAside(ctx)
		err = r.awaitDecisions(ctx, next, func() bool { return w.alarm != "" })
	}
	stop() // not awaited, as with a hold
	if err == nil && w.alarm != "" {
		return &halt{outcome: slipway.RolledBack, reason: fmt.Sprintf("group %d of %d did not pass its watch: %s", r.group+1, len(r.groups()), w.alarm), asked: w.asked}
	}
	return err
}

// watchServing looks after green in the first so many groups, wherever it serves
// by now, and after all edges, until it is stopped.
func (r *release) watchServing(ctx workflow.Context, groups int, atMost time.Duration) (*watch, workflow.CancelFunc) {
	ctx, stop := workflow.WithCancel(ctx)
	w := &watch{release: r, away: map[spot]string{}, unseen: map[int]bool{}, atMost: atMost}
	for i, h := range r.plan.Hosts {
		in := func(g slipway.PlanGroup) bool { return slices.Contains(g.Hosts, h.Name) }
		if r.state.Hosts[i].Phase == slipway.HostServing && slices.ContainsFunc(r.groups()[:groups], in) {
			w.lookAfter(ctx, h)
		}
	}
	for _, i := range r.edges() {
		workflow.Go(ctx, func(ctx workflow.Context) { w.watchEdge(ctx, i) })
	}
	return w, stop
}

// awaitGroup waits for as long as the group under way is watched, at most until
// there is something to see.
func (w *watch) awaitGroup(ctx workflow.Context) error {
	group := &w.state.Groups[w.group]
	if group.Watch == 0 {
		return nil
	}
	until := workflow.Now(ctx).Add(group.Watch.Std())
	group.WatchUntil = &until
	w.phase(ctx, slipway.Watching)
	_, err := workflow.AwaitWithOptions(ctx,
		workflow.AwaitOptions{Timeout: group.Watch.Std(), TimerOptions: workflow.TimerOptions{Summary: slipway.DoesWatchGroup(w.group+1, group.Watch)}},
		func() bool { return w.alarm != "" })
	group.WatchUntil = nil
	return err
}
