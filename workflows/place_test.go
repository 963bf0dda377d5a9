package workflows_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/workflows"
)

// SignalExternalWorkflow has what is said to lanes of other services heard by
// the test, which speaks for them. What is said to nobody fails, as it does on
// a server and not in the test environment.
func (d *diaryOutbound) SignalExternalWorkflow(ctx workflow.Context, id, run, name string, arg any) workflow.Future {
	answer, answered := arg.(workflows.PlaceAnswer)
	heard := func(n *neighbour) bool { return id == workflows.LaneID(n.service) }
	i := slices.IndexFunc(d.neighbours, heard)
	switch {
	case answered && i >= 0:
		d.neighbours[i].heard = append(d.neighbours[i].heard, answer.Stand)
	case answered && id != workflows.LaneID(service), id == workflows.ProjectID(service.Project) && !d.started[id]:
		future, done := workflow.NewFuture(ctx)
		done.SetError(errors.New("there is no such workflow"))
		return future
	default:
		return d.Next.SignalExternalWorkflow(ctx, id, run, name, arg)
	}
	future, done := workflow.NewFuture(ctx)
	done.SetValue(nil)
	return future
}

// neighbour is another service of the same project.
type neighbour struct {
	*story
	service slipway.ServiceID
	ticket  int
	heard   []workflows.PlaceTurn
}

func (s *story) neighbour(name string) *neighbour {
	n := &neighbour{story: s, service: slipway.ServiceID{Project: service.Project, Service: name}}
	s.neighbours = append(s.neighbours, n)
	return n
}

// asks has it want a place, and waits until it stands so.
func (n *neighbour) asks(want workflows.PlaceTurn) {
	n.t.Helper()
	n.ticket++
	n.say(workflows.Ask, workflows.PlaceRequest{Service: n.service, Ticket: n.ticket, Quotas: n.fleet.Projects[0].Quotas})
	n.until(n.service.String()+" "+string(want), func() bool { return len(n.heard) > 0 && n.heard[len(n.heard)-1] == want })
}

func (n *neighbour) leaves() {
	n.say(workflows.Leave, workflows.Place{Service: n.service, Ticket: n.ticket})
}

func (n *neighbour) say(name string, in any) {
	n.t.Helper()
	if err := n.env.SignalWorkflowByID(workflows.ProjectID(service.Project), name, in); err != nil {
		n.t.Fatal(err)
	}
}

// crowded is a story of a project that may have so many releases under way, and of
// another service of it.
func crowded(t *testing.T, quotas slipway.Quotas) (*story, *neighbour) {
	s := newStory(t, 1)
	s.fleet.Projects[0].Quotas = quotas
	return s, s.neighbour("web")
}

// places is who has a place, and who waits for one.
func (s *story) places() (running, waiting []string) {
	s.t.Helper()
	value, err := s.env.QueryWorkflowByID(workflows.ProjectID(service.Project), workflows.Status)
	if err != nil {
		s.t.Fatal(err)
	}
	var state workflows.ProjectState
	if err := value.Get(&state); err != nil {
		s.t.Fatal(err)
	}
	for _, p := range state.Running {
		running = append(running, p.Service.Service)
	}
	for _, p := range state.Waiting {
		waiting = append(waiting, p.Service.Service)
	}
	return running, waiting
}

func (s *story) placed(running, waiting []string) {
	s.t.Helper()
	s.until("places", func() bool {
		r, w := s.places()
		return slices.Equal(r, running) && slices.Equal(w, waiting)
	})
}

// waits is why a release that is queued waits.
func (s *story) waits(n int) string {
	s.t.Helper()
	value, err := s.env.QueryWorkflowByID(workflows.LaneID(service), workflows.Waiting, releaseID(n))
	if err != nil {
		s.t.Fatal(err)
	}
	var r slipway.Release
	if err := value.Get(&r); err != nil {
		s.t.Fatal(err)
	}
	return r.Reason
}

func TestReleaseWaitsForAPlaceOfItsProjectAndAWayBackDoesNot(t *testing.T) {
	t.Parallel()
	s, web := crowded(t, slipway.Quotas{Running: 1})
	s.tell(func() {
		s.live("v1")
		s.live("v2")
		s.placed(nil, nil)
		web.asks(workflows.PlaceGiven)
		n := s.submit(s.order("v3", holding(0)))
		s.wait(time.Minute)
		const why = "project search may have 1 release under way at a time (quotas.running in the fleet file): it starts when one of them holds, waits at a gate, or has ended"
		if got := s.waits(n); got != why {
			t.Errorf("it waits because %q", got)
		}
		s.placed([]string{"web"}, []string{"api"})
		back := s.order("v1", rollingBack, holding(0))
		s.ends(s.rollback(&back), slipway.Live, "")
		s.is(release(4), release(4))
		s.placed([]string{"web"}, []string{"api"})
		web.leaves()
		s.ends(n, slipway.Live, "")
		s.placed(nil, nil)
		s.is(release(n), release(n))
	})
}

func TestReleaseThatWaitsForAPlaceIsAborted(t *testing.T) {
	t.Parallel()
	s, web := crowded(t, slipway.Quotas{Running: 1})
	s.tell(func() {
		s.live("v1")
		web.asks(workflows.PlaceGiven)
		n := s.submit(s.order("v2"))
		if _, err := s.update(workflows.LaneID(service), workflows.Abort, workflows.AbortInput{Release: releaseID(n), Request: workflows.Request{By: "ann"}}); err != nil {
			t.Fatal(err)
		}
		s.ends(n, slipway.Aborted, "")
		s.placed([]string{"web"}, nil)
	})
}

func TestReleaseIsRefusedWhereAsManyWaitAsMay(t *testing.T) {
	t.Parallel()
	s, web := crowded(t, slipway.Quotas{Running: 1, Queue: 1})
	atlas := s.neighbour("map")
	s.tell(func() {
		s.live("v1")
		web.asks(workflows.PlaceGiven)
		atlas.asks(workflows.PlaceWaits)
		_, err := s.submitWith("", s.order("v2"))
		s.refused(err, slipway.CodeTooMany, "project search has 1 release under way, and 1 of its services wait for their turn, which is all that may (quotas.running and quotas.queue in the fleet file): wait until")
		s.placed([]string{"web"}, []string{"map"})
		if s.laneStatus().Running != "" || len(s.laneStatus().Queue) != 0 {
			t.Errorf("lane is %+v", s.laneStatus())
		}
		atlas.leaves()
		n := s.submit(s.order("v2", holding(0)))
		atlas.asks(workflows.PlaceFull)
		web.leaves()
		s.ends(n, slipway.Live, "")
	})
}

// One that waits for people is in nobody's way, and goes on when they have
// decided, whoever has its place by then.
func TestReleaseAtAGateGivesItsPlaceUp(t *testing.T) {
	t.Parallel()
	s, web := crowded(t, slipway.Quotas{Running: 1})
	s.tell(func() {
		n := s.submit(s.order("v1", gated, holding(0)))
		s.reaches(n, slipway.AwaitingApproval)
		web.asks(workflows.PlaceGiven)
		s.placed([]string{"web"}, nil)
		for _, by := range []string{"lea", "max"} {
			s.signal(n, workflows.Decide, s.decision(n, by, slipway.Approve))
		}
		s.ends(n, slipway.Live, "")
		s.placed([]string{"web"}, nil)
	})
}

func TestReleaseThatHoldsGivesItsPlaceUp(t *testing.T) {
	t.Parallel()
	s, web := crowded(t, slipway.Quotas{Running: 1})
	s.tell(func() {
		s.live("v1")
		s.held()
		web.asks(workflows.PlaceGiven)
		s.rollback(nil)
		s.ends(2, slipway.RolledBack, "")
	})
}

func TestPlaceOfAReleaseThatWasTerminatedIsFreeAgain(t *testing.T) {
	t.Parallel()
	s, web := crowded(t, slipway.Quotas{Running: 1})
	s.tell(func() {
		s.live("v1")
		hang := s.fault(&fault{mode: hanging, activity: "ProbeGreen", first: 1})
		n := s.submit(s.order("v2"))
		s.until("it probes", func() bool { return s.hit(hang) })
		web.asks(workflows.PlaceWaits)
		s.signal(n, terminate, nil)
		s.placed([]string{"web"}, nil)
	})
}

func TestPlacesOfLanesThatAreGoneAreGivenToOthers(t *testing.T) {
	t.Parallel()
	s, web := crowded(t, slipway.Quotas{Running: 2})
	atlas := s.neighbour("map")
	s.tell(func() {
		s.live("v1")
		web.asks(workflows.PlaceGiven)
		atlas.asks(workflows.PlaceGiven)
		n := s.submit(s.order("v2", holding(0)))
		s.wait(10 * time.Second)
		s.placed([]string{"web", "map"}, []string{"api"})
		s.neighbours = []*neighbour{web} // the other one's lane was terminated
		began := s.env.Now()
		s.ends(n, slipway.Live, "")
		if took := s.env.Now().Sub(began); took > 2*time.Minute {
			t.Errorf("it took %s", took)
		}
		s.placed([]string{"web"}, nil)
	})
}

func TestQuotaThatIsRaisedLetsThoseWhoWaitStart(t *testing.T) {
	t.Parallel()
	for name, now := range map[string]slipway.Quotas{"raised": {Running: 2}, "taken away": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, web := crowded(t, slipway.Quotas{Running: 1})
			s.tell(func() {
				s.live("v1")
				web.asks(workflows.PlaceGiven)
				n := s.submit(s.order("v2", holding(0)))
				s.fleet.Projects[0].Quotas = now
				s.ends(n, slipway.Live, "")
				s.placed([]string{"web"}, nil)
			})
		})
	}
}

// A lane goes on in a new run with what it waits for. Here the Project was ended
// from outside meanwhile, and knows nothing of it.
func TestLaneThatContinuedAsNewWaitsOnForItsPlace(t *testing.T) {
	t.Parallel()
	s, _ := crowded(t, slipway.Quotas{Running: 1})
	order := s.order("v1", holding(0))
	order.Signature = s.sealed(order)
	s.lane = workflows.LaneState{
		Last: 1, Queue: []workflows.Queued{{ID: releaseID(1), Order: order}},
		Place: workflows.LanePlace{Ticket: 7, Turn: workflows.PlaceWaits},
	}
	s.tell(func() {
		s.ends(1, slipway.Live, "")
		s.placed(nil, nil)
	})
}
