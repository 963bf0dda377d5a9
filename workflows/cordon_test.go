package workflows_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/workflows"
)

// cordons tells the lane which hosts are cordoned, each time anew.
func (s *story) cordons(drain bool, hosts ...string) {
	s.t.Helper()
	var cordons []slipway.Cordon
	for _, h := range hosts {
		cordons = append(cordons, slipway.Cordon{Host: h, By: "ops", Reason: "a new kernel", Drain: drain})
	}
	s.cordoned(cordons...)
}

// cordoned tells the lane of these cordons, and that there are no others.
func (s *story) cordoned(cordons ...slipway.Cordon) {
	s.t.Helper()
	s.told++
	all := slipway.Cordons{Revision: s.told, Hosts: cordons}
	if err := s.env.SignalWorkflowByID(workflows.LaneID(service), workflows.Cordoned, all); err != nil {
		s.t.Fatal(err)
	}
	s.wait(time.Millisecond)
}

// drained waits until what is live has left h2.
func (s *story) drained() {
	s.t.Helper()
	s.until("h2 is empty", func() bool { return !s.laneStatus().RunsOn("h2") })
}

func (s *story) refusedPlainly(err error, text string) {
	s.t.Helper()
	if slipway.ErrorCode(err) != slipway.CodeConflict || !strings.Contains(err.Error(), text) {
		s.t.Errorf("got %v, want %s: …%s…", err, slipway.CodeConflict, text)
	}
}

func TestDrainedHostIsLeftUnderTheEdgesAndUncordonedIsCaughtUp(t *testing.T) {
	ofAnyEdges(t, func(s *story, _ bool) {
		s.live("v1")
		s.cordons(true, "h2")
		s.drained()
		s.runs(on("h1", 1), on("h3", 1))
		for _, edge := range []string{"e1", "e2", "e3"} {
			if slices.Contains(s.upstreams(edge, release(1)), "h2") || len(s.upstreams(edge, release(1))) == 0 {
				s.t.Errorf("%s is sent to %q", edge, s.upstreams(edge, release(1)))
			}
		}
		if got := s.laneStatus().Behind; len(got) != 1 || got[0].Error != "drained by ops: a new kernel" {
			s.t.Errorf("behind are %+v", got)
		}
		s.wait(72 * time.Hour) // nothing brings it back by itself
		s.runs(on("h1", 1), on("h3", 1))

		s.cordons(false)
		s.caughtUp()
		s.is(release(1), release(1))
		if !slices.Contains(s.upstreams("e2", release(1)), "h2") {
			s.t.Errorf("e2 is sent to %q", s.upstreams("e2", release(1)))
		}
		s.live("v2")
		s.is(release(2), release(2))
	})
}

// Requests that are under way finish before their container goes.
func TestDrainWaitsForRequestsOnTheHostAlone(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.live("v1")
		s.cordons(true, "h2")
		s.drained()
		calls := s.called("DrainTarget")
		if len(calls) != 3 {
			t.Errorf("%d edges were asked to drain one host", len(calls))
		}
	})
}

func TestReleaseLeavesOutWhatIsCordoned(t *testing.T) {
	t.Parallel()
	for name, drain := range map[string]bool{"cordoned": false, "drained": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 3)
			s.tell(func() {
				s.live("v1")
				s.cordons(drain, "h2")
				if drain {
					s.drained()
				} else {
					s.wait(time.Hour)
					s.is(release(1), release(1)) // what runs there goes on
				}
				n := s.submit(s.order("v2", holding(0)))
				r := s.ends(n, slipway.Live, "")
				if phaseOf(r, "h2") != slipway.HostQuarantined || len(r.Behind) != 1 || !r.Behind[0].Cordoned {
					t.Errorf("h2 is %+v, behind are %+v", r.Hosts[1], r.Behind)
				}
				s.until("what was on h2 is gone", func() bool { return len(s.running()) == 2 })
				s.runs(on("h1", 2), on("h3", 2))
				s.wait(time.Hour)
				s.runs(on("h1", 2), on("h3", 2))
				s.cordons(false)
				s.caughtUp()
				s.is(release(2), release(2))
			})
		})
	}
}

// A cordon does not count against the hosts that may be silent, but both
// together never leave fewer than have to serve.
func TestCordonNeverUndercutsMinServing(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		atLeast := func(n int) func(*slipway.Order) {
			return func(o *slipway.Order) { o.Service.Strategy.BlueGreen.MinServing = slipway.Share{Number: n} }
		}
		s.live("v1", atLeast(2))
		s.cordons(true, "h2")
		s.drained()
		s.cordons(true, "h2", "h3")
		s.wait(time.Hour)
		s.runs(on("h1", 1), on("h3", 1))
		if err := s.laneStatus().MayLeave("h3"); slipway.ErrorCode(err) != slipway.CodeConflict {
			t.Errorf("h3 may be left: %v", err)
		}
		n := s.submit(s.order("v2", atLeast(2)))
		s.ends(n, slipway.Refused, "2 of 3 hosts are cordoned: h2 (drained by ops: a new kernel); h3")
		s.cordons(true, "h2")
		s.cut("h3")
		n = s.submit(s.order("v2", atLeast(2)))
		s.ends(n, slipway.Refused, "h3")
		s.heal()
		n = s.submit(s.order("v2", atLeast(2), holding(0)))
		s.ends(n, slipway.Live, "")
	})
}

func TestLastHostOfAServiceIsNotDrained(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		s.cordons(true, "h1")
		s.wait(time.Hour)
		s.is(release(1), release(1))
		s.refusedPlainly(s.laneStatus().MayLeave("h1"), "0 of its 1 hosts would serve, but min_serving wants 1")
	})
}

// A release that was on its way to a host goes on; when it and its hold are
// over, the host is emptied.
func TestDrainDuringAReleaseWaitsForItsEnd(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.cordons(true, "h2")
		s.wait(30 * time.Second)
		s.is(release(2), release(1), release(2))
		s.refusedPlainly(s.laneStatus().MayLeave("h2"), "holds what served before")
		s.signal(n, workflows.Accept, workflows.Request{By: "ann"})
		s.ends(n, slipway.Live, "")
		s.drained()
		s.until("it is gone", func() bool { return len(s.running()) == 2 })
		s.runs(on("h1", 2), on("h3", 2))
	})
}

// An edge that does not acknowledge may still send people there: nothing is
// removed before it has.
func TestDrainWaitsForAnEdgeThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.live("v1")
		s.cut("e3")
		s.cordons(true, "h2")
		s.wait(10 * time.Minute)
		s.is(release(1), release(1))
		if !s.laneStatus().RunsOn("h2") {
			t.Error("h2 counts as empty")
		}
		s.heal()
		s.drained()
		s.runs(on("h1", 1), on("h3", 1))
	})
}

// Nor does it matter when people change their minds half way.
func TestUncordonBeforeTheHostIsEmptyBringsItBack(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.live("v1")
		s.cut("e3")
		s.cordons(true, "h2")
		s.wait(5 * time.Minute)
		s.cordons(false)
		s.wait(time.Minute)
		s.heal()
		s.caughtUp()
		s.is(release(1), release(1))
		for _, edge := range []string{"e1", "e2", "e3"} {
			if got := s.upstreams(edge, release(1)); len(got) != 3 {
				t.Errorf("%s is sent to %q", edge, got)
			}
		}
	})
}

// A host that does not remove its container is left all the same: nobody sends
// anything there.
func TestHostThatDoesNotAnswerIsDrainedOfTraffic(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.live("v1")
		s.cut("h2")
		s.cordons(true, "h2")
		s.drained()
		for _, edge := range []string{"e1", "e2", "e3"} {
			if got := s.upstreams(edge, release(1)); slices.Contains(got, "h2") {
				t.Errorf("%s is sent to %q", edge, got)
			}
		}
		s.heal()
		s.cordons(false)
		s.caughtUp()
		s.is(release(1), release(1))
	})
}

// A version that is gone back to is on the hosts that it was on.
func TestGoingBackAfterADrainLeavesTheHostOut(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.live("v1")
		s.cordons(true, "h2")
		s.drained()
		n := s.held()
		s.rollback(nil)
		s.ends(n, slipway.RolledBack, "")
		s.serves(release(1), release(1), release(1))
		s.runs(on("h1", 1), on("h3", 1))
		s.cordons(false)
		s.caughtUp()
		s.is(release(1), release(1))
	})
}

// Whoever makes a lane tells it what is cordoned.
func TestFirstReleaseOfAServiceLeavesOutWhatIsCordoned(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		result, err := s.update(workflows.LaneID(service), workflows.Submit, workflows.SubmitInput{
			Order: s.order("v1", holding(0)), Cordons: slipway.Cordons{Revision: 7, Hosts: []slipway.Cordon{{Host: "h1", By: "ops", Reason: "a new kernel"}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		s.ends(result.Release.Number, slipway.Live, "")
		s.runs(on("h2", 1), on("h3", 1))
	})
}

func TestPlanSaysWhatIsCordoned(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		env := s.aside()
		env.RegisterWorkflowWithOptions(workflows.Plan, workflow.RegisterOptions{Name: workflows.PlanType})
		order := s.order("v1")
		env.ExecuteWorkflow(workflows.PlanType, workflows.PlanInput{Order: order, Cordoned: []slipway.Cordon{{Host: "h2", By: "ops", Reason: "a new kernel"}}})
		var preview slipway.Preview
		if err := env.GetWorkflowResult(&preview); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(preview.Warnings, "host h2 is cordoned by ops: a new kernel: it is left out until it is uncordoned") {
			t.Errorf("warnings are %q", preview.Warnings)
		}
		for _, step := range preview.Steps {
			if strings.Contains(fmt.Sprint(step), "start green on h2") {
				t.Errorf("there is a step on what is cordoned: %v", step)
			}
		}
	})
}

// What takes no requests leaves a host as well, and never runs twice.
func TestWorkerIsDrainedAndNeverRunsTwice(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.shape = lonely
	s.tell(func() {
		s.live("v1")
		s.cordons(false, "h2")
		n := s.submit(s.order("v2", holding(0)))
		s.ends(n, slipway.Refused, "runs on host h2, which is cordoned by ops: a new kernel, and would go on beside this: uncordon the host, or drain it (slipway host drain h2)")
		s.cordons(true, "h2")
		s.drained()
		s.runs(on("h1", 1), on("h3", 1))
		s.live("v3")
		s.runs(on("h1", 3), on("h3", 3))
		s.cordons(false)
		s.caughtUp()
		s.runs(on("h1", 3), on("h2", 3), on("h3", 3))
	})
}
