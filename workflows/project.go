package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"slipway"
)

// ProjectInput starts a Project, or goes on with it in a new run.
type ProjectInput struct {
	Project string       `json:"project"`
	State   ProjectState `json:"state,omitzero"`
}

// ProjectState is what a Project knows.
type ProjectState struct {
	Quotas  slipway.Quotas `json:"quotas,omitzero"`
	Running []Place        `json:"running,omitempty"` // of lanes that have one
	Waiting []Place        `json:"waiting,omitempty"` // of those that want one, in the order in which they get it
}

// A Place is what a lane needs to begin a release that a quota bounds.
type Place struct {
	Service slipway.ServiceID `json:"service"`
	Ticket  int               `json:"ticket"` // the lane's own number for this wish
	Since   time.Time         `json:"since"`
}

// PlaceRequest is a lane that wants a place. It may be repeated.
type PlaceRequest struct {
	Service slipway.ServiceID `json:"service"`
	Ticket  int               `json:"ticket"`
	Quotas  slipway.Quotas    `json:"quotas,omitzero"` // as the order has them
	Must    bool              `json:"must,omitempty"`  // its release was accepted before: it waits, however many do, and knows nothing new of quotas
}

// PlaceAnswer is what becomes of a wish.
type PlaceAnswer struct {
	Ticket int       `json:"ticket"`
	Stand  PlaceTurn `json:"stand"`
}

// PlaceTurn is how far a wish has come.
type PlaceTurn string

// How far.
const (
	PlaceAsked PlaceTurn = "asked" // nothing was answered yet
	PlaceWaits PlaceTurn = "waits" // as many others have one as may
	PlaceGiven PlaceTurn = "given"
	PlaceFull  PlaceTurn = "full" // as many wait already as may: it does not wait
)

// recheck is how often a Project looks, while somebody waits, whether those who
// have a place still know of it, and a lane whether it still waits. Either may
// have been ended from outside.
const recheck = time.Minute

// Project hands out the places of a project: how many releases it may have
// under way, over all its services. Lanes ask for one before they start a
// release that is bounded, and give it back; first come, first served. It is
// there only for projects that have a quota.
func Project(ctx workflow.Context, in ProjectInput) error {
	p := &project{ProjectState: in.State, name: in.Project}
	err := workflow.SetQueryHandler(ctx, Status, func() (ProjectState, error) { return p.ProjectState, nil })
	if err != nil {
		return fmt.Errorf("set up query: %w", err)
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			var in PlaceRequest
			workflow.GetSignalChannel(ctx, Ask).Receive(ctx, &in)
			p.ask(ctx, in)
		}
	})
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			var in Place
			workflow.GetSignalChannel(ctx, Leave).Receive(ctx, &in)
			p.leave(ctx, in)
		}
	})
	workflow.Go(ctx, p.keepTrue)
	renew := func() bool { return workflow.GetInfo(ctx).GetContinueAsNewSuggested() && p.telling == 0 }
	for {
		if err := workflow.Await(ctx, renew); err != nil {
			return err
		}
		if !p.askOnce(ctx) && !p.leaveOnce(ctx) { // what has arrived must not be lost with this run, nor its answer
			return workflow.NewContinueAsNewError(ctx, ProjectType, ProjectInput{Project: p.name, State: p.ProjectState})
		}
	}
}

type project struct {
	ProjectState
	name    string
	telling int // answers that are on their way
}

func (p *project) askOnce(ctx workflow.Context) bool {
	var in PlaceRequest
	ok := workflow.GetSignalChannel(ctx, Ask).ReceiveAsync(&in)
	if ok {
		p.ask(ctx, in)
	}
	return ok
}

func (p *project) leaveOnce(ctx workflow.Context) bool {
	var in Place
	ok := workflow.GetSignalChannel(ctx, Leave).ReceiveAsync(&in)
	if ok {
		p.leave(ctx, in)
	}
	return ok
}

func of(service slipway.ServiceID) func(Place) bool {
	return func(p Place) bool { return p.Service == service }
}

// ask answers a wish. A lane has one at a time: a later ticket takes the place
// of an earlier one.
func (p *project) ask(ctx workflow.Context, in PlaceRequest) {
	if !in.Must || p.Quotas.Running == 0 {
		p.Quotas = in.Quotas
	}
	if i := slices.IndexFunc(p.Running, of(in.Service)); i >= 0 {
		p.Running[i].Ticket = in.Ticket
		p.tell(ctx, p.Running[i], PlaceGiven)
		return
	}
	i := slices.IndexFunc(p.Waiting, of(in.Service))
	switch place := (Place{Service: in.Service, Ticket: in.Ticket, Since: workflow.Now(ctx)}); {
	case i >= 0:
		p.Waiting[i].Ticket = in.Ticket
	case !in.Must && p.taken() && p.Quotas.Queue > 0 && len(p.Waiting) >= p.Quotas.Queue:
		p.tell(ctx, place, PlaceFull)
		return
	default:
		p.Waiting = append(p.Waiting, place)
	}
	p.hand(ctx)
	if i := slices.IndexFunc(p.Waiting, of(in.Service)); i >= 0 {
		p.tell(ctx, p.Waiting[i], PlaceWaits)
	}
}

// leave takes back a place, or a wish.
func (p *project) leave(ctx workflow.Context, in Place) {
	same := func(have Place) bool { return have.Service == in.Service && have.Ticket == in.Ticket }
	p.Running = slices.DeleteFunc(p.Running, same)
	p.Waiting = slices.DeleteFunc(p.Waiting, same)
	p.hand(ctx)
}

// taken reports whether as many have a place as may.
func (p *project) taken() bool {
	return p.Quotas.Running > 0 && len(p.Running) >= p.Quotas.Running
}

// hand gives places to those who wait, as long as there are any.
func (p *project) hand(ctx workflow.Context) {
	for len(p.Waiting) > 0 && !p.taken() {
		next := p.Waiting[0]
		next.Since = workflow.Now(ctx)
		p.Waiting, p.Running = p.Waiting[1:], append(p.Running, next)
		p.tell(ctx, next, PlaceGiven)
	}
	p.details(ctx)
}

// tell answers a lane. One that is gone wants nothing any more.
func (p *project) tell(ctx workflow.Context, place Place, turn PlaceTurn) {
	p.telling++
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer func() { p.telling-- }()
		answer := PlaceAnswer{Ticket: place.Ticket, Stand: turn}
		err := workflow.SignalExternalWorkflow(ctx, LaneID(place.Service), "", Placed, answer).Get(ctx, nil)
		if err != nil && ctx.Err() == nil {
			p.leave(ctx, place)
		}
	})
}

// keepTrue looks, as long as somebody waits, whether the quotas are still what
// the fleet file says, and whether places are still used: a lane that knows of
// none gives it back, and one that is gone loses it.
func (p *project) keepTrue(ctx workflow.Context) {
	for {
		if err := workflow.Await(ctx, func() bool { return len(p.Waiting) > 0 }); err != nil {
			return
		}
		over, err := workflow.AwaitWithTimeout(ctx, recheck, func() bool { return len(p.Waiting) == 0 })
		switch {
		case err != nil:
			return
		case over:
			continue
		}
		quotas, err := call(ctx, asking("read the quotas of "+p.name), central.ReadQuotas, p.name)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			p.Quotas = quotas
		}
		for _, place := range p.Running {
			p.tell(ctx, place, PlaceGiven)
		}
		p.hand(ctx)
	}
}

// details is what the Temporal UI shows on the project's page.
func (p *project) details(ctx workflow.Context) {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of at most %d under way, %d services wait.\n\n| service | | since |\n| --- | --- | --- |\n", len(p.Running), p.Quotas.Running, len(p.Waiting))
	row := func(place Place, is string) {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", place.Service, is, place.Since.UTC().Format(time.DateTime))
	}
	for _, place := range p.Running {
		row(place, "under way")
	}
	for _, place := range p.Waiting[:min(len(p.Waiting), maxShown)] {
		row(place, "waits")
	}
	workflow.SetCurrentDetails(ctx, b.String())
}

// maxShown keeps the page of a project with hundreds that wait readable, and
// below what Temporal takes.
const maxShown = 50
