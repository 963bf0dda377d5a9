package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway"
)

// Bounds of a lane.
const (
	restLength  = 100            // events of a run that rests; a release takes some thirty
	QueueLimit  = 20             // releases that may wait
	GoodLimit   = 5              // earlier versions that it remembers
	KeyLifetime = 24 * time.Hour // of an idempotency key
)

// Lane is the queue of one service: one release at a time, numbers for them,
// what is live, and what was live before. It runs for as long as the service
// exists, and continues as new while it rests, so that little has to be read
// before it can answer a worker that has just started; at the latest when
// Temporal suggests it.
func Lane(ctx workflow.Context, in LaneInput) error {
	l := &lane{service: in.Service, LaneState: in.State}
	if err := l.setup(ctx); err != nil {
		return err
	}
	return l.run(ctx)
}

type lane struct {
	LaneState
	service   slipway.ServiceID
	goingBack bool           // a rollback waits for the running release to be undone
	catching  bool           // a Catchup runs, or a Vacate
	begun     int            // the latest release whose workflow is known to have started
	asking    int            // releases that are asked for, and wait to hear whether they may wait for a place
	wished    slipway.Quotas // of the latest of these
}

func (l *lane) setup(ctx workflow.Context) error {
	err := workflow.SetQueryHandler(ctx, Status, func() (slipway.ServiceStatus, error) { return l.status(), nil })
	if err != nil {
		return fmt.Errorf("set up query: %w", err)
	}
	err = workflow.SetQueryHandler(ctx, Waiting, l.waiting)
	if err != nil {
		return fmt.Errorf("set up query: %w", err)
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, Submit, l.submit, workflow.UpdateHandlerOptions{Validator: l.maySubmit})
	if err != nil {
		return fmt.Errorf("set up update: %w", err)
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, Rollback, l.rollback, workflow.UpdateHandlerOptions{Validator: l.mayRollback})
	if err != nil {
		return fmt.Errorf("set up update: %w", err)
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, Abort, l.abort, workflow.UpdateHandlerOptions{Validator: l.mayAbort})
	if err != nil {
		return fmt.Errorf("set up update: %w", err)
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, Adopt, l.adopt, workflow.UpdateHandlerOptions{Validator: l.mayAdopt})
	if err != nil {
		return fmt.Errorf("set up update: %w", err)
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, Remove, l.remove, workflow.UpdateHandlerOptions{Validator: l.mayRemove})
	if err != nil {
		return fmt.Errorf("set up update: %w", err)
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, Join, l.join, workflow.UpdateHandlerOptions{Validator: l.mayJoin})
	if err != nil {
		return fmt.Errorf("set up update: %w", err)
	}
	if err := l.handleLock(ctx); err != nil {
		return err
	}
	l.begun = l.Running // what an earlier run started
	workflow.Go(ctx, l.listen)
	workflow.Go(ctx, l.hearCatchup)
	workflow.Go(ctx, l.hearCordons)
	workflow.Go(ctx, l.hearPlaced)
	workflow.Go(ctx, l.keepPlace)
	workflow.Go(ctx, l.hearLine)
	workflow.Go(ctx, l.catchUp)
	for _, open := range l.Open { // children of an earlier run, whose close this one does not hear
		workflow.Go(ctx, func(ctx workflow.Context) { l.awaitByActivity(ctx, open.ID.Number) })
	}
	return nil
}

// run starts the next release whenever the one before is out of the way.
func (l *lane) run(ctx workflow.Context) error {
	for {
		renew := func() bool { return l.renewing(ctx) && !l.catching }
		err := workflow.Await(ctx, func() bool { return l.ready() && !l.catching || renew() })
		if err != nil {
			return err
		}
		if renew() {
			for l.listenOnce(ctx) || l.hearCatchupOnce(ctx) || l.hearCordonsOnce(ctx) || l.hearPlacedOnce(ctx) || l.hearLineOnce(ctx) { // what has arrived must not be lost with this run
			}
			return workflow.NewContinueAsNewError(ctx, LaneType, LaneInput{Service: l.service, State: l.LaneState})
		}
		l.start(ctx)
	}
}

// renewing reports whether the lane is to go on in a new run.
func (l *lane) renewing(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	due := info.GetContinueAsNewSuggested() || l.resting() && info.GetCurrentHistoryLength() >= restLength
	return due && !l.goingBack && workflow.AllHandlersFinished(ctx)
}

// resting reports whether all of its releases are over, so that a new run has
// none to wait for in another way.
func (l *lane) resting() bool {
	return len(l.Queue) == 0 && len(l.Open) == 0
}

// ready reports whether the first one in the queue may start. Ways back come
// first there, and are not for a lock to stop, nor for a stopped line. A removal waits until nothing is
// held.
func (l *lane) ready() bool {
	if len(l.Queue) == 0 || l.Running != 0 || l.goingBack {
		return false
	}
	switch l.Queue[0].Order.Kind {
	case slipway.KindRollback:
		return true
	case slipway.KindRemove:
		return l.Lock == nil && l.stopped() == nil && l.Held == 0
	case slipway.KindRelease, slipway.KindAdopt, slipway.KindRestart:
	}
	return l.Lock == nil && l.stopped() == nil && l.placed(l.Queue[0])
}

// start makes a release of the first one in the queue.
func (l *lane) start(ctx workflow.Context) {
	next := l.Queue[0]
	if l.outdated(ctx, next) || l.countsOnRemoved(ctx, next) {
		return
	}
	l.Queue = l.Queue[1:]
	l.Running = next.ID.Number
	l.Open = append(l.Open, next)
	l.details(ctx)
	in := ReleaseInput{ID: next.ID, Order: next.Order, Submitted: next.Submitted, Cordoned: l.Cordons.On(next.Order.Plan), Windowed: true}
	if bounded(next) {
		l.Place.Release, in.Counts = next.ID.Number, true
	}
	if l.Live != nil {
		in.Known = append([]slipway.Version{*l.Live}, l.Good...)
	}
	l.launch(ctx, in, func(ctx workflow.Context) {
		l.begun = next.ID.Number
		if newer := l.newer(); newer != nil {
			l.tellNewer(ctx, *newer)
		}
		l.tellStopped(ctx)
	})
}

// launch starts the workflow of a release, hears when it has started, and when
// it is closed.
func (l *lane) launch(ctx workflow.Context, in ReleaseInput, begun func(workflow.Context)) {
	in.Noted = true
	lasting, _ := workflow.NewDisconnectedContext(ctx) // to cancel a lane is not to abort, or to go back from, its releases
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(lasting, workflow.ChildWorkflowOptions{
		WorkflowID:            ReleaseWorkflowID(in.ID),
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		ParentClosePolicy:     enums.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowTaskTimeout:   TaskTimeout,
		StaticSummary:         summary(in.Order),
		Memo:                  map[string]any{TagMemo: in.Order.Tag, KindMemo: in.Order.Kind},
		Priority:              l.priority(in.Order.Kind),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			ProjectKey.ValueSet(l.service.Project),
			ServiceKey.ValueSet(l.service.String()),
			PhaseKey.ValueSet(string(slipway.Verifying)),
			RequesterKey.ValueSet(in.Order.RequestedBy),
		),
	}), ReleaseType, in)
	workflow.Go(ctx, func(ctx workflow.Context) {
		never := child.GetChildWorkflowExecution().Get(ctx, nil) != nil // then there is nothing to undo
		if !never {
			begun(ctx)
		}
		err := child.Get(ctx, nil)
		if ctx.Err() == nil {
			l.closed(ctx, in.ID.Number, never || err == nil)
		}
	})
}

// priority is that of a release among all: each project has its share, and
// within it a way back goes first.
func (l *lane) priority(kind slipway.ReleaseKind) temporal.Priority {
	p := temporal.Priority{PriorityKey: usual, FairnessKey: l.service.Project}
	if kind == slipway.KindRollback {
		p.PriorityKey = first
	}
	return p
}

func summary(o slipway.Order) string {
	switch o.Kind {
	case slipway.KindRestart:
		return fmt.Sprintf("%s restarted, by %s", o.Service.ServiceID, o.RequestedBy)
	case slipway.KindRollback:
		return fmt.Sprintf("%s back to %s, by %s", o.Service.ServiceID, o.Tag, o.RequestedBy)
	case slipway.KindAdopt:
		return fmt.Sprintf("%s adopts %s, by %s", o.Service.ServiceID, o.Tag, o.RequestedBy)
	case slipway.KindRemove:
		return fmt.Sprintf("remove %s, by %s", o.Service.ServiceID, o.RequestedBy)
	case slipway.KindRelease:
	}
	return fmt.Sprintf("%s %s, by %s", o.Service.ServiceID, o.Tag, o.RequestedBy)
}

// awaitByActivity hears of the end of a release that an earlier run started.
func (l *lane) awaitByActivity(ctx workflow.Context, number int) {
	options := watching(fmt.Sprintf("await the end of release %d", number), 365*24*time.Hour)
	result, err := call(ctx, options, central.AwaitRelease, l.id(number))
	if err == nil {
		l.closed(ctx, number, result.OK)
	}
}

// closed is told when a release's workflow is closed. A release that has ended
// has reported before; one that has not was terminated or has crashed, and has
// undone nothing.
func (l *lane) closed(ctx workflow.Context, number int, properly bool) {
	if number == l.Running || number == l.Held {
		workflow.GetLogger(ctx).Error("Release ended without a report", "release", l.id(number).String(), "completed", properly)
		removal := l.opened(number).Order.Kind == slipway.KindRemove
		switch {
		case !properly && removal:
			l.finishRemoval(ctx, number)
		case !properly:
			l.clearUp(ctx, number)
		}
		lost := l.opened(number)
		l.take(ctx, Report{Release: l.id(number), Phase: slipway.Ended, Removed: removal})
		if !properly && workflow.GetVersion(ctx, notesLost, workflow.DefaultVersion, 1) != workflow.DefaultVersion {
			state := Started(ReleaseInput{ID: lost.ID, Order: lost.Order, Submitted: lost.Submitted})
			workflow.Go(ctx, func(ctx workflow.Context) { noteEnd(ctx, state, true) })
		}
	}
	l.Open = slices.DeleteFunc(l.Open, func(q Queued) bool { return q.ID.Number == number })
}

// clearUp has a Cleanup bring back what an orphan has left behind, and waits
// until it has said what serves; not for ever, because an edge may be away.
func (l *lane) clearUp(ctx workflow.Context, number int) {
	order := l.opened(number).Order
	started := Started(ReleaseInput{ID: l.id(number), Order: order})
	started.ID = brings(l.id(number), order)
	in := CleanupInput{
		ID:      l.id(number),
		Remains: remainsOf(l.service, &slipway.Version{Release: started.ID, Service: order.Service, Plan: order.Plan, Hosts: started.Hosts, Adopted: unretired(order.Adopt)}),
		Orphan:  &Orphan{Blue: l.Live},
		Reason:  "its workflow was ended from outside",
	}
	in.Remains.Containers = append(in.Remains.Containers, ranBefore(in.ID, order)...)
	if l.Live != nil && l.Live.Release == started.ID {
		in.Orphan = &Orphan{Served: true}
		if len(l.Good) > 0 {
			in.Orphan.Blue = &l.Good[0]
		}
	}
	in.Revive = revivalOf(order.Service, in.Orphan.Blue)
	startCleanup(ctx, CleanupID(in.ID), in)
	_, _ = workflow.AwaitWithTimeout(ctx, restoreDeadline, func() bool { return number != l.Running && number != l.Held })
}

// opened is a release whose workflow is not closed yet.
func (l *lane) opened(number int) Queued {
	for _, q := range l.Open {
		if q.ID.Number == number {
			return q
		}
	}
	return Queued{}
}

func (l *lane) listen(ctx workflow.Context) {
	reports := workflow.GetSignalChannel(ctx, Reported)
	for {
		var report Report
		reports.Receive(ctx, &report)
		l.take(ctx, report)
	}
}

func (l *lane) listenOnce(ctx workflow.Context) bool {
	var report Report
	ok := workflow.GetSignalChannel(ctx, Reported).ReceiveAsync(&report)
	if ok {
		l.take(ctx, report)
	}
	return ok
}

// take brings the lane up to date with one of its releases. The same report
// may come twice.
func (l *lane) take(ctx workflow.Context, report Report) {
	number := report.Release.Number
	if number != l.Running && number != l.Held {
		report.Live, report.Removed, report.Stuck = nil, false, nil // it is late: what serves is for others to say by now
	}
	l.noteStuck(report)
	if report.Removed {
		l.removed(ctx, number)
	}
	kind := l.opened(number).Order.Kind
	if kind == slipway.KindRestart && report.Live != nil && report.Live.Release == report.Release.String() {
		l.Live = report.Live // what was there before is the same, and nothing to go back to
	}
	l.serves(report.Live, kind == slipway.KindRollback)
	tookOver := report.Live != nil && report.Live.Release == report.Release.String()
	if tookOver && l.Held != 0 && l.Held != number { // what it holds is nothing to go back to any more
		l.tell(ctx, l.Held, Accept, Request{By: report.Release.String(), Reason: "a newer release is live"})
	}
	switch {
	case report.Live != nil:
		l.Partly = 0
	case report.Phase == slipway.Switching || report.Phase == slipway.Watching || report.Stuck != nil && number == l.Running:
		l.Partly = number
	}
	if (report.Phase == slipway.AwaitingApproval || report.Stuck != nil) && l.Place.Release == number {
		l.Place.Spent = true
	}
	if report.Phase == slipway.Holding || report.Phase == slipway.Ended {
		if l.Running == number {
			l.Running = 0
		}
		if l.Held == number {
			l.Held = 0
		}
	}
	if report.Phase == slipway.Holding {
		l.Held = number
	}
	l.forgetAdopted()
	l.details(ctx)
}

// serves notes what is live now. Going back to an earlier version, by a switch
// or by releasing it again, forgets those after it: they are not what anybody
// would go back to.
func (l *lane) serves(live *slipway.Version, back bool) {
	if live == nil || l.Live != nil && l.Live.Release == live.Release {
		return
	}
	l.Removal = nil
	same := func(v slipway.Version) bool {
		return v.Release == live.Release || back && v.Digest == live.Digest && v.Settings == live.Settings
	}
	if i := slices.IndexFunc(l.Good, same); i >= 0 {
		l.Live, l.Good = live, slices.Delete(l.Good, 0, i+1)
		return
	}
	if l.Live != nil {
		l.Good = slices.Insert(l.Good, 0, *l.Live)
		l.Good = l.Good[:min(len(l.Good), GoodLimit)]
	}
	l.Live = live
}

// tell sends a signal to one of the lane's releases. One that has closed
// meanwhile needs to hear nothing.
func (l *lane) tell(ctx workflow.Context, number int, signal string, request Request) {
	workflow.SignalExternalWorkflow(ctx, ReleaseWorkflowID(l.id(number)), "", signal, request)
}

func (l *lane) id(number int) slipway.ReleaseID {
	return slipway.ReleaseID{ServiceID: l.service, Number: number}
}

func (l *lane) status() slipway.ServiceStatus {
	s := slipway.ServiceStatus{ServiceID: l.service, Live: l.Live, Queue: []string{}, Good: l.Good, Lock: l.Lock, Behind: []slipway.Behind{}, Removal: l.Removal, Stuck: l.Stuck, Stop: l.stopped()}
	if l.Live != nil && len(l.Live.Behind) > 0 {
		s.Behind = l.Live.Behind
	}
	if s.Good == nil {
		s.Good = []slipway.Version{}
	}
	if l.Running != 0 {
		s.Running = l.id(l.Running).String()
	}
	if l.Held != 0 {
		s.Held = l.id(l.Held).String()
	}
	for _, q := range l.Queue {
		s.Queue = append(s.Queue, q.ID.String())
	}
	for _, j := range l.Joins {
		s.Joining = append(s.Joining, j.Host)
	}
	return s
}

func (l *lane) details(ctx workflow.Context) {
	s := l.status()
	text := "Nothing is live."
	if s.Removal != nil {
		text = "Nothing is live: it was " + s.Removal.String() + "."
	}
	if s.Live != nil {
		text = fmt.Sprintf("Live: `%s` (%s, `%s`).", s.Live.Release, s.Live.Tag, slipway.ShortDigest(s.Live.Digest))
	}
	if s.Held != "" {
		text += fmt.Sprintf(" `%s` holds its blue.", s.Held)
	}
	if s.Running != "" {
		text += fmt.Sprintf(" `%s` is on its way.", s.Running)
	}
	text += fmt.Sprintf(" %d in the queue.", len(s.Queue))
	for _, stuck := range s.Stuck {
		text += fmt.Sprintf("\n\n`%s` is **%s**.", stuck.Release, stuck)
	}
	if l.turn() && l.Place.Turn == PlaceWaits {
		text += "\n\nIt waits: " + l.Queue[0].Order.Quotas.Waits(l.service.Project) + "."
	}
	for _, b := range s.Behind {
		text += fmt.Sprintf("\n\n**%s** is behind: %s.", b, b.Error)
	}
	if s.Stop != nil {
		text += fmt.Sprintf("\n\n**Stopped**: %s.", strings.ReplaceAll(s.Stop.String(), "\n", " "))
	}
	for _, host := range s.Joining {
		text += fmt.Sprintf("\n\n**%s** joins when nothing is on its way or held.", host)
	}
	if s.Lock != nil {
		text += fmt.Sprintf("\n\n**Locked** by %s.\n\n> %s", s.Lock.By, strings.ReplaceAll(s.Lock.Reason, "\n", "\n> "))
	}
	workflow.SetCurrentDetails(ctx, text)
}
