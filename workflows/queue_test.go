package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"

	"slipway"
	"slipway/workflows"
)

func TestNewerReleaseTakesThePlaceOfOneThatWaitsInTheQueue(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		hang := s.fault(&fault{mode: hanging, activity: "ProbeGreen", first: 2})
		first := s.submit(s.order("v1", holding(0)))
		s.reaches(first, slipway.Probing)
		s.until("it hangs", func() bool { return s.hit(hang) })
		second := s.submit(s.order("v2", holding(0)))
		third := s.submit(s.order("v3", holding(0)))
		s.ends(second, slipway.Superseded, release(third)+" (v3, by ann) took its place while it waited in the queue")
		if calls := s.called("VerifyImage"); len(calls) != 1 {
			t.Errorf("the images of %d releases were looked at, want that of the first", len(calls))
		}
		s.reaches(first, slipway.Probing) // it has its turn, and nothing to wait for
		s.signal(first, workflows.Abort, workflows.Request{By: "ann"})
		s.ends(third, slipway.Live, "")
		s.is(release(third), release(third))
	})
}

func TestNewerReleaseTakesThePlaceOfOneAtAGate(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		second := s.atGate()
		third := s.submit(s.order("v3", holding(0)))
		r := s.ends(second, slipway.Superseded, release(third)+" (v3, by ann) took its place while it waited at gate go")
		if r.Gates[0].State != slipway.GateSkipped {
			t.Errorf("its gate is %s", r.Gates[0].State)
		}
		if r := s.ends(third, slipway.Live, ""); r.Blue != release(1) {
			t.Errorf("the newer one began with %s", r.Blue)
		}
		s.is(release(third), release(third))
	})
}

// A release that comes while an older one is being proven waits; the older one
// gives way when it gets to its gate.
func TestReleaseGivesWayAtAGateThatItReachesLater(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		hang := s.fault(&fault{mode: late, activity: "ProbeGreen", first: 2})
		second := s.submit(s.order("v2", gated))
		s.until("both hosts prove it", func() bool { return s.late(hang, 2) })
		third := s.submit(s.order("v3", holding(0)))
		s.wait(time.Second)
		s.reaches(second, slipway.Probing)
		s.answer(hang)
		s.ends(second, slipway.Superseded, "at gate go")
		s.ends(third, slipway.Live, "")
	})
}

// A message to a release whose workflow is only about to start would be lost:
// it is sent when that has started.
func TestReleaseHearsOfANewerOneThatCameBeforeItBegan(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		s.submitBoth(s.order("v2", gated, holding(0)), s.order("v3", holding(0)))
		s.ends(2, slipway.Superseded, "")
		s.ends(3, slipway.Live, "")
	})
}

// submitBoth asks for two releases in one moment.
func (s *story) submitBoth(orders ...slipway.Order) {
	s.t.Helper()
	answers := 0
	for i, order := range orders {
		callback := &testsuite.TestUpdateCallback{
			OnAccept:   func() {},
			OnReject:   func(err error) { s.t.Errorf("submit: %v", err) },
			OnComplete: func(any, error) { answers++ },
		}
		err := s.env.UpdateWorkflowByID(workflows.LaneID(service), workflows.Submit, fmt.Sprint("both ", i), callback, s.signed("", workflows.Submit, workflows.SubmitInput{Order: order}))
		if err != nil {
			s.t.Fatal(err)
		}
	}
	s.until("answers", func() bool { return answers == len(orders) })
}

func TestReleasePastItsGatesIsNotSuperseded(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		n := s.atGate()
		stage := s.fault(&fault{mode: late, activity: "StageTarget", first: 2})
		for _, who := range []string{"lea", "max"} {
			s.signal(n, workflows.Decide, s.decision(n, who, slipway.Approve))
		}
		s.until("both edges learn of it", func() bool { return s.late(stage, 2) })
		third := s.submit(s.order("v3", holding(0)))
		s.wait(time.Second)
		s.answer(stage)
		s.ends(n, slipway.Live, "")
		if r := s.ends(third, slipway.Live, ""); r.Blue != release(n) {
			t.Errorf("the newer one began with %s", r.Blue)
		}
	})
}

func TestWayBackGivesWayToNoRelease(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		s.live("v2")
		hang := s.fault(&fault{mode: hanging, activity: "ProbeGreen", first: 1})
		running := s.submit(s.order("v3"))
		s.reaches(running, slipway.Probing)
		s.until("it hangs", func() bool { return s.hit(hang) })
		back := s.order("v1", rollingBack, holding(0))
		n := s.rollback(&back)
		newer := s.submit(s.order("v4", holding(0)))
		s.ends(n, slipway.Live, "")
		s.ends(newer, slipway.Live, "")
	})
}

func TestReleaseThatWaitsInTheQueueCanBeAborted(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		hang := s.fault(&fault{mode: hanging, activity: "ProbeGreen", first: 1})
		first := s.submit(s.order("v1", holding(0)))
		s.reaches(first, slipway.Probing)
		s.until("it hangs", func() bool { return s.hit(hang) })
		second := s.submit(s.order("v2"))
		abort := workflows.AbortInput{Release: releaseID(second), Request: workflows.Request{By: "bob", Reason: "not yet"}}
		if _, err := s.update(workflows.LaneID(service), workflows.Abort, abort); err != nil {
			t.Fatal(err)
		}
		s.ends(second, slipway.Aborted, "aborted by bob: not yet")
		_, err := s.update(workflows.LaneID(service), workflows.Abort, abort)
		s.refused(err, slipway.CodeConflict, "does not wait in the queue any more")
		abort.Release, abort.By = releaseID(first), ""
		_, err = s.update(workflows.LaneID(service), workflows.Abort, abort)
		s.refused(err, slipway.CodeInvalid, "says who aborts")
		if queue := s.laneStatus().Queue; len(queue) != 0 {
			t.Errorf("queue is %v", queue)
		}
		s.signal(first, workflows.Abort, workflows.Request{By: "ann"})
		s.ends(first, slipway.Aborted, "")
		s.is("")
	})
}
