package workflows

import (
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway"
)

// asksAgain is after how long a lane that waits for a place says so again: what
// it waits for may have been ended from outside, and have forgotten it.
const asksAgain = 10 * time.Minute

// LanePlace is what a lane has of its project's quota.
type LanePlace struct {
	Ticket  int       `json:"ticket,omitempty"` // of the latest wish; 0: there never was one
	Turn    PlaceTurn `json:"turn,omitempty"`   // of that; empty: it is over
	Release int       `json:"release,omitempty"`
	Spent   bool      `json:"spent,omitempty"` // Release counts no more, so it is to be given back
}

// bounded reports whether a release waits for a place.
func bounded(q Queued) bool { return q.Order.Quotas.Bounds(q.Order.Kind) }

// placed reports whether nothing of its project's quota is in the way of a
// release.
func (l *lane) placed(q Queued) bool {
	return !bounded(q) || l.Place.Turn == PlaceGiven && l.Place.Release == 0
}

// turn reports whether it is the turn of one that waits, but for a place.
func (l *lane) turn() bool {
	return len(l.Queue) > 0 && bounded(l.Queue[0]) && l.Running == 0 && !l.goingBack && l.Lock == nil
}

// wants reports whether the lane has to ask for a place, or to say again that
// it waits for one.
func (l *lane) wants() bool { return l.Place.Turn == "" && (l.asking > 0 || l.turn()) }

// gives reports whether a place, or the wish for one, is of no use any more.
func (l *lane) gives() bool {
	if l.Place.Turn == "" || l.Place.Turn == PlaceFull {
		return false
	}
	if l.Place.Release != 0 {
		return l.Place.Spent || l.Place.Release != l.Running
	}
	return l.asking == 0 && !l.turn()
}

// keepPlace asks for a place when the lane needs one, and gives it back.
func (l *lane) keepPlace(ctx workflow.Context) {
	for {
		waits := func() bool { return l.Place.Turn == PlaceAsked || l.Place.Turn == PlaceWaits }
		if err := workflow.Await(ctx, func() bool { return l.wants() || l.gives() || waits() }); err != nil {
			return
		}
		if waits() && !l.gives() {
			changed, err := workflow.AwaitWithTimeout(ctx, asksAgain, func() bool { return l.gives() || !waits() })
			if err != nil {
				return
			}
			if changed {
				continue
			}
			l.ask(ctx)
			continue
		}
		if l.gives() {
			place := Place{Service: l.service, Ticket: l.Place.Ticket}
			l.Place = LanePlace{Ticket: place.Ticket}
			l.tellProject(ctx, Leave, place)
			continue
		}
		l.Place = LanePlace{Ticket: l.Place.Ticket + 1, Turn: PlaceAsked}
		l.ask(ctx)
	}
}

func (l *lane) ask(ctx workflow.Context) {
	request := PlaceRequest{Service: l.service, Ticket: l.Place.Ticket, Must: l.turn(), Quotas: l.wished}
	if request.Must {
		request.Quotas = l.Queue[0].Order.Quotas
	}
	l.tellProject(ctx, Ask, request)
}

// tellProject sends a message to the Project, which is started if it is not
// there. What does not arrive is said again by whoever waits.
func (l *lane) tellProject(ctx workflow.Context, name string, in any) {
	id := ProjectID(l.service.Project)
	if workflow.SignalExternalWorkflow(ctx, id, "", name, in).Get(ctx, nil) == nil || name == Leave {
		return
	}
	lasting, _ := workflow.NewDisconnectedContext(ctx)
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(lasting, workflow.ChildWorkflowOptions{
		WorkflowID:            id,
		ParentClosePolicy:     enums.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowTaskTimeout:   TaskTimeout,
		StaticSummary:         "what of " + l.service.Project + " may be under way at a time",
		Priority:              temporal.Priority{PriorityKey: early, FairnessKey: l.service.Project},
		TypedSearchAttributes: temporal.NewSearchAttributes(ProjectKey.ValueSet(l.service.Project)),
	}), ProjectType, ProjectInput{Project: l.service.Project})
	_ = child.GetChildWorkflowExecution().Get(ctx, nil) // another lane may have been first
	_ = workflow.SignalExternalWorkflow(ctx, id, "", name, in).Get(ctx, nil)
}

func (l *lane) hearPlaced(ctx workflow.Context) {
	for {
		var in PlaceAnswer
		workflow.GetSignalChannel(ctx, Placed).Receive(ctx, &in)
		l.takePlace(ctx, in)
	}
}

func (l *lane) hearPlacedOnce(ctx workflow.Context) bool {
	var in PlaceAnswer
	ok := workflow.GetSignalChannel(ctx, Placed).ReceiveAsync(&in)
	if ok {
		l.takePlace(ctx, in)
	}
	return ok
}

// takePlace takes note of an answer. Answers may come twice, and in another
// order; a place that the lane knows nothing of goes back.
func (l *lane) takePlace(ctx workflow.Context, in PlaceAnswer) {
	switch {
	case in.Ticket != l.Place.Ticket || l.Place.Turn == "":
		if in.Stand == PlaceGiven {
			workflow.SignalExternalWorkflow(ctx, ProjectID(l.service.Project), "", Leave, Place{Service: l.service, Ticket: in.Ticket})
		}
	case l.Place.Turn == PlaceAsked, l.Place.Turn == PlaceWaits:
		l.Place.Turn = in.Stand
	}
	l.details(ctx)
}

// admit returns when a release that is asked for has a place, or may wait for
// one; or with why it may not. Where another one of this lane comes before it,
// it waits here, which is bounded too.
func (l *lane) admit(ctx workflow.Context, in SubmitInput) error {
	if !in.Order.Quotas.Bounds(in.Order.Kind) || l.Running != 0 || len(l.Queue) > 0 || l.Lock != nil {
		return nil
	}
	l.wished = in.Order.Quotas
	l.asking++
	defer func() { l.asking-- }()
	settled := func() bool { return l.Place.Turn != "" && l.Place.Turn != PlaceAsked && !l.gives() }
	if err := workflow.Await(ctx, settled); err != nil {
		return err
	}
	if l.Place.Turn != PlaceFull {
		return l.maySubmit(ctx, in) // it took a moment
	}
	if l.asking == 1 { // whoever asks next asks anew
		l.Place.Turn = ""
	}
	return refusal(slipway.CodeTooMany, "%s", in.Order.Quotas.Full(l.service.Project).Message)
}
