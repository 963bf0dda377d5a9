package workflows

import (
	"fmt"
	"time"

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

func (l *lane) id(number int) slipway.ReleaseID {
	return slipway.ReleaseID{ServiceID: l.service, Number: number}
}
