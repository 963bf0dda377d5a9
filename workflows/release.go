package workflows

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// Release brings one version of a service live, or leaves everything as it
// was. It completes with the release as it ended, whatever the outcome: the
// search attribute SlipwayOutcome tells which.
func Release(ctx workflow.Context, in ReleaseInput) (slipway.Release, error) {
	r, ctx, err := newRelease(ctx, in)
	if err != nil {
		return slipway.Release{}, err
	}
	err = r.run(ctx)
	r.end(ctx, err)
	return r.state, nil
}

// release is one run of the workflow.
type release struct {
	in    ReleaseInput
	state slipway.Release // what the query shows

	service    slipway.Service
	plan       slipway.Plan
	image      slipway.Image
	resolved   string               // signed: what the tag is
	otherFleet string               // hash of the fleet file of the worker, where that of the API is another one
	blue       *slipway.Version     // what serves when it starts; nil: nothing
	facts      []slipway.HostFacts  // by host of the plan
	routes     []slipway.RouteState // by edge of the plan, as it was decided on
	silent     []error              // by edge of the plan: why it did not say
	grouped    []slipway.PlanGroup  // what it comes to one after the other; see groups
	group      int                  // the one under way, by position
	begun      int                  // of how many groups the edges may know green
	pointed    map[int]bool         // edges, by position: they may serve green, because they were asked to
	mute       []string             // edges that may know green, do not serve it, and do not answer
	unheard    []string             // hosts that were left out since the edges were asked
	adopted    *slipway.Adoption    // nil: green is started by this release
	reach      []string             // where each edge reaches what is adopted
	fallen     []Container          // containers of green that died while blue was held
	undo       undoStack

	cancel   workflow.CancelFunc // of everything that an abort breaks
	aborted  *Request
	accepted *Request
	wentBack *Request
	newer    *Request          // a newer release waits for this one
	line     slipway.Line      // what is stopped, as the lane says
	rejoined func(host string) // while blue is held: what is to be done when a host is caught up

	stops     *Revival  // what of blue was told to stop; nil: nothing
	stopping  time.Time // since when; zero: it is not
	overtaken string    // the newer release that stops this one's containers to take over
	cleared   bool      // green was removed already
	watching  bool      // a group is, after its switch
	paused    bool      // it has waited between hosts since green was proven on the first
	noReturn  bool      // pre_deploy has begun, and cannot be returned from
	overcame  string    // what it was stuck on
	goingBack bool      // the group under way is, and no other
	anew      bool      // the group under way went back alone, and is tried again
	gone      []string  // hosts of that group that green is off again

	phaseSince time.Time
	shown      slipway.Phase    // instead of the phase, as long as it is not to be seen; empty: the phase itself
	back       *slipway.Version // what edges serve again that answered, where others did not; nil: that is not known
	remains    Remains          // what could not be removed yet
	restores   []RestoreOn      // what could not be brought back yet
	revive     *Revival         // what could not be started again yet
	debris     []Container      // of what ran before green, that could not be removed yet
}

// run is the life of a release. Every step that changes something has put its
// undo on the stack before it begins.
func (r *release) run(ctx workflow.Context) error {
	if end := r.in.Ended; end != nil {
		return &halt{outcome: end.Outcome, reason: end.Reason}
	}
	switch r.in.Order.Kind {
	case slipway.KindAdopt:
		return r.adopt(ctx)
	case slipway.KindRemove:
		return r.remove(ctx)
	case slipway.KindRelease, slipway.KindRollback, slipway.KindRestart:
	}
	r.phase(ctx, slipway.Verifying)
	if err := r.leaveOutCordoned(ctx); err != nil {
		return err
	}
	if err := r.verify(ctx); err != nil {
		return err
	}
	if r.blue != nil && r.blue.Release != r.in.Known[0].Release {
		r.report(ctx, r.blue) // a person went back on the edges; the lane is to know
	}
	if err := r.nothingToRestart(); err != nil {
		return err
	}
	r.state.Differences = r.outlook().Differences(nil)
	if r.outlook().ServesAlready() {
		return &halt{outcome: slipway.Live, reason: r.blue.Release + " serves exactly this already; nothing was done"}
	}
	if err := r.preflight(ctx); err != nil {
		return err
	}
	if err := r.replicate(ctx); err != nil {
		return err
	}
	if err := r.bring(ctx); err != nil {
		return err
	}
	if err := r.hold(ctx); err != nil {
		return err
	}
	r.retireBlue(ctx)
	return nil
}

// outlook is what decides which steps are next, as far as it is known.
func (r *release) outlook() slipway.Outlook {
	return slipway.Outlook{Order: r.in.Order, Image: r.image, Blue: r.blue, Behind: r.state.Behind}
}

// halt ends a release early with an outcome of its own.
type halt struct {
	outcome slipway.Outcome
	reason  string
	asked   bool // by a person, or by a newer release for which it makes way
}

func (h *halt) Error() string { return h.reason }

// newRelease sets the handlers up before anything else, so that no message
// that arrives early is lost.
func newRelease(ctx workflow.Context, in ReleaseInput) (*release, workflow.Context, error) {
	r := &release{in: in, service: in.Order.Service, plan: in.Order.Plan, phaseSince: workflow.Now(ctx)}
	r.state = Started(in)
	ctx, r.cancel = workflow.WithCancel(ctx)
	if err := workflow.SetQueryHandler(ctx, Status, func() (slipway.Release, error) { return r.seen(), nil }); err != nil {
		return nil, nil, fmt.Errorf("set up query: %w", err)
	}
	if err := r.handleRequests(ctx); err != nil {
		return nil, nil, fmt.Errorf("set up updates: %w", err)
	}
	if len(in.Known) > 0 {
		r.blue = &in.Known[0]
		r.state.Blue = r.blue.Release
	}
	return r, ctx, nil
}

// Started is the release as it stands before it has done anything.
func Started(in ReleaseInput) slipway.Release {
	state := slipway.Release{
		ID:          in.ID.String(),
		Project:     in.ID.Project,
		Service:     in.ID.Service,
		Tag:         in.Order.Tag,
		Settings:    in.Order.Service.SettingsHash(),
		Kind:        in.Order.Kind,
		Plan:        in.Order.Plan.Identity(),
		Signature:   in.Order.Signature,
		Differences: []slipway.Difference{},
		Phase:       slipway.Queued,
		Reason:      in.Order.Reason,
		RequestedBy: in.Order.RequestedBy,
		BreakGlass:  in.Order.BreakGlass,
		StartedAt:   in.Submitted,
		Hosts:       []slipway.ReleaseHost{},
		Edges:       []slipway.ReleaseEdge{},
		Gates:       []slipway.GateState{},
		Behind:      []slipway.Behind{},
	}
	for _, h := range in.Order.Plan.Hosts {
		at := in.Order.Service.Place(in.ID, h.Name)
		if in.Order.Kind == slipway.KindAdopt { // which is one, however many come after it
			at.Replicas = nil
		}
		state.Hosts = append(state.Hosts, at)
	}
	if (slipway.Outlook{Order: in.Order}).Grouped() {
		for _, g := range in.Order.Plan.Groups {
			state.Groups = append(state.Groups, slipway.ReleaseGroup{PlanGroup: g})
		}
	}
	for _, e := range in.Order.Plan.Edges {
		state.Edges = append(state.Edges, slipway.ReleaseEdge{Name: e.Name})
	}
	for _, g := range in.Order.Service.Gates {
		gate := slipway.GateState{Gate: g, State: slipway.GatePending}
		if in.Order.Kind == slipway.KindRollback || in.Order.Kind == slipway.KindRestart {
			gate.State = slipway.GateSkipped
		}
		state.Gates = append(state.Gates, gate)
	}
	return state
}

// version is what this release brings live.
func (r *release) version(ctx workflow.Context) *slipway.Version {
	return &slipway.Version{
		Release:  r.state.ID,
		Tag:      r.state.Tag,
		Digest:   r.image.Digest,
		Service:  r.service,
		Settings: r.state.Settings,
		Plan:     r.plan,
		Hosts:    slices.Clone(r.state.Hosts),
		Facts:    r.lastingFacts(),
		Behind:   slices.Clone(r.state.Behind),
		Detours:  len(r.state.Behind) > 0,
		Since:    workflow.Now(ctx),
		Gap:      r.state.Gap,
		Warrant:  r.warrant(),
	}
}

// end works out how the release ended, undoes what has to be undone, and tells
// the lane.
func (r *release) end(ctx workflow.Context, err error) {
	outcome, reason := r.judge(ctx, err)
	if r.state.Stuck != nil {
		r.unstick()
	}
	reason = strings.TrimPrefix(reason+r.overcame, "; ")
	ctx, stop := workflow.NewDisconnectedContext(ctx) // what follows happens, aborted or not
	defer stop()
	if outcome != slipway.Live && r.undo.any() {
		r.state.Reason = reason
		r.phase(ctx, slipway.Undoing)
		problem := r.undo.run(ctx)
		reason = r.state.Reason // which says by now how the undoing went
		if replaced, ok := errors.AsType[*halt](problem); ok {
			outcome, reason = replaced.outcome, replaced.reason
			r.retireBlue(ctx)
		} else if problem != nil {
			outcome, reason = slipway.Failed, fmt.Sprintf("%s; and then: %s", reason, message(problem))
		}
	}
	r.passOn(ctx, reason)
	now := workflow.Now(ctx)
	r.state.Outcome, r.state.Reason, r.state.EndedAt = &outcome, reason, &now
	r.state.HoldUntil, r.state.RollbackReady = nil, false
	r.closeGates()
	r.phase(ctx, slipway.Ended)
	r.count(ctx, outcome)
	r.report(ctx, r.back)
	if r.in.Noted {
		noteEnd(ctx, r.state, false)
	}
	// A caller whose update is being answered must get the answer.
	_ = workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

// judge names the outcome that an error stands for.
func (r *release) judge(ctx workflow.Context, err error) (slipway.Outcome, string) {
	if err == nil {
		return slipway.Live, ""
	}
	if h, ok := errors.AsType[*halt](err); ok {
		return h.outcome, h.reason
	}
	switch {
	case r.aborted != nil:
		return slipway.Aborted, "aborted by " + r.aborted.String()
	case ctx.Err() != nil || temporal.IsCanceledError(err):
		return slipway.Aborted, "cancelled in Temporal"
	case !r.undo.any():
		return slipway.Refused, message(err)
	}
	return slipway.RolledBack, message(err)
}

// report tells the lane how far the release has come, and what serves from now
// on if that has changed. A lane that is gone cannot be told, and need not be.
func (r *release) report(ctx workflow.Context, live *slipway.Version) {
	report := Report{Release: r.in.ID, Phase: r.state.Phase, Live: live, Stuck: r.state.Stuck}
	report.Removed = r.state.Outcome != nil && *r.state.Outcome == slipway.Removed
	_ = workflow.SignalExternalWorkflow(ctx, LaneID(r.in.ID.ServiceID), "", Reported, report).Get(ctx, nil)
}

// noteEnd has it written into the audit log how a release ended, however long
// that takes: nobody waits for it.
func noteEnd(ctx workflow.Context, state slipway.Release, lost bool) {
	state.Hosts, state.Edges, state.Gates, state.Groups, state.Differences, state.Behind = nil, nil, nil, nil, nil, nil
	options := patient(asking(slipway.DoesNote))
	_ = do(ctx, options, central.NoteEnd, activities.EndedInput{Release: state, Lost: lost})
}
