package workflows_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/workflows"
)

// good are the releases that the lane remembers as good, the latest first.
func (s *story) good() []string {
	out := []string{}
	for _, v := range s.laneStatus().Good {
		out = append(out, v.Release)
	}
	return out
}

// lanes checks what the lane believes.
func (s *story) lanes(live string, good ...string) {
	s.t.Helper()
	if got := s.laneStatus().Live; got == nil || got.Release != live {
		s.t.Errorf("lane says %v is live, want %s", got, live)
	}
	if diff := cmp.Diff(append([]string{}, good...), s.good()); diff != "" {
		s.t.Errorf("good (-want +got):\n%s", diff)
	}
}

func (s *story) submitWith(key string, order slipway.Order) (int, error) {
	result, err := s.update(workflows.LaneID(service), workflows.Submit, workflows.SubmitInput{Order: order, Key: key})
	return result.Release.Number, err
}

func TestReleasesGoOneAtATime(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		hang := &fault{mode: hanging, activity: "VerifyImage", first: 1}
		s.fault(hang)
		for want, tag := range []string{"v1", "v2"} {
			if n := s.submit(s.order(tag, holding(0))); n != want+1 {
				t.Errorf("%s got number %d", tag, n)
			}
		}
		status := s.laneStatus()
		if diff := cmp.Diff([]string{release(2)}, status.Queue); diff != "" || status.Running != release(1) {
			t.Errorf("%s is running; queue (-want +got):\n%s", status.Running, diff)
		}
		s.signal(1, workflows.Abort, workflows.Request{By: "ann"})
		s.ends(1, slipway.Aborted, "")
		three := s.submit(s.order("v3", holding(0)))
		s.ends(2, slipway.Live, "")
		if r := s.ends(three, slipway.Live, ""); r.Blue != release(2) {
			t.Errorf("blue of 3 was %q", r.Blue)
		}
		s.is(release(3), release(3))
	})
}

func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	back := s.order("v1", rollingBack)
	s.lane = workflows.LaneState{Last: 1 + workflows.QueueLimit, Running: 1}
	for n := range workflows.QueueLimit {
		s.lane.Queue = append(s.lane.Queue, workflows.Queued{ID: releaseID(2 + n), Order: back})
	}
	s.tell(func() {
		_, err := s.submitWith("", s.order("v1"))
		s.refused(err, slipway.CodeTooMany, "20 releases of search/api wait already")
		_, err = s.update(workflows.LaneID(service), workflows.Rollback, workflows.RollbackInput{Order: &back, Request: workflows.Request{By: "bob", Reason: "slow"}})
		s.refused(err, slipway.CodeTooMany, "20 releases of search/api wait already")
	})
}

func TestOrdersThatTheLaneRefuses(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		_, err := s.submitWith("", s.order("v1", func(o *slipway.Order) { o.Service.ServiceID.Service = "other" }))
		s.refused(err, slipway.CodeInvalid, "the order is for search/other")
		_, err = s.submitWith("", s.order("v1", func(o *slipway.Order) { o.RequestedBy = "" }))
		s.refused(err, slipway.CodeInvalid, "says who asks")
		_, err = s.update(workflows.LaneID(service), workflows.Rollback, workflows.RollbackInput{Request: workflows.Request{By: "bob", Reason: "slow"}})
		s.refused(err, slipway.CodeNotFound, "nothing to go back to")
		_, err = s.update(workflows.LaneID(service), workflows.Rollback, workflows.RollbackInput{Request: workflows.Request{By: "bob"}})
		s.refused(err, slipway.CodeInvalid, "and why")
		other := s.order("v1", rollingBack, func(o *slipway.Order) { o.Service.ServiceID.Service = "other" })
		_, err = s.update(workflows.LaneID(service), workflows.Rollback, workflows.RollbackInput{Order: &other, Request: workflows.Request{By: "bob", Reason: "slow"}})
		s.refused(err, slipway.CodeInvalid, "the order is for search/other")
	})
}

func TestSameKeySameRelease(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		first, err := s.submitWith("key", s.order("v1", holding(0)))
		if err != nil {
			t.Fatal(err)
		}
		for _, wait := range []time.Duration{0, time.Hour, 22 * time.Hour} { // also after it ended
			s.wait(wait)
			if again, err := s.submitWith("key", s.order("v1", holding(0))); err != nil || again != first {
				t.Errorf("the same key got release %d, %v", again, err)
			}
		}
		s.wait(2 * time.Hour)
		if again, err := s.submitWith("key", s.order("v1", holding(0))); err != nil || again == first {
			t.Errorf("a day later the same key got release %d, %v", again, err)
		}
	})
}

func TestReleaseThatHoldsDoesNotBlockTheNext(t *testing.T) {
	t.Parallel()
	for name, hold := range map[string]time.Duration{"that holds": time.Minute, "that holds nothing": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 2)
			s.tell(func() {
				s.live("v1")
				second := s.held()
				third := s.submit(s.order("v3", holding(hold)))
				s.ends(second, slipway.Live, "")
				if hold > 0 {
					s.reaches(third, slipway.Holding)
					s.is(release(3), release(2), release(3))
				}
				s.ends(third, slipway.Live, "")
				s.is(release(3), release(3))
				s.lanes(release(3), release(2), release(1))
			})
		})
	}
}

// The newer release retires what the older one still watches: that it does not
// answer any more is no reason to go back.
func TestHeldGreenThatANewerReleaseReplacedIsNotMissed(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		second := s.held()
		s.fault(&fault{mode: hanging, activity: "DrainTarget"}) // of the third: it does not come to its end
		third := s.submit(s.order("v3", holding(0)))
		s.until("it has switched", func() bool { return s.serving()[0] == release(3) && s.serving()[1] == release(3) })
		s.fall(release(2), true)
		s.wait(5 * time.Second)
		s.lanes(release(3), release(2), release(1))
		if r := s.status(second); r.Outcome != nil && *r.Outcome != slipway.Live {
			t.Errorf("the older one ended %s: %s", *r.Outcome, r.Reason)
		}
		if r := s.status(third); r.Outcome != nil {
			t.Errorf("the newer one ended %s", *r.Outcome)
		}
		if diff := cmp.Diff(s.serve(release(3)), s.serving()); diff != "" {
			t.Errorf("edges (-want +got):\n%s", diff)
		}
	})
}

func TestFailureOfTheNextLeavesTheHoldAsItWas(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		second := s.held()
		s.fault(&fault{mode: fails, activity: "CommitTarget", at: "e2"})
		third := s.submit(s.order("v3"))
		s.ends(third, slipway.RolledBack, "")
		s.wait(5 * time.Second)
		s.reaches(second, slipway.Holding)
		s.is(release(2), release(1), release(2))
		s.lanes(release(2), release(1))
		if n := s.rollback(nil); n != second {
			t.Errorf("release %d goes back", n)
		}
		s.ends(second, slipway.RolledBack, "") // at generations that it did not write
		s.is(release(1), release(1))
		s.lanes(release(1))
	})
}

func TestRollbackAbortsWhatIsOnItsWayFirst(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		second := s.held()
		hang := s.fault(&fault{mode: hanging, activity: "ProbeGreen", first: 2})
		third := s.submit(s.order("v3"))
		s.reaches(third, slipway.Probing)
		s.until("it hangs", func() bool { return s.hit(hang) })
		fourth := s.submit(s.order("v4", holding(0)))
		if n := s.rollback(nil); n != second {
			t.Errorf("release %d goes back", n)
		}
		s.ends(third, slipway.Aborted, "a rollback goes first: it is slow")
		s.ends(second, slipway.RolledBack, "bob went back")
		if r := s.ends(fourth, slipway.Live, ""); r.Blue != release(1) {
			t.Errorf("the next one began with %s", r.Blue)
		}
	})
}

func TestRollbackAfterTheHoldIsAReleaseWithoutGates(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		s.live("v2")
		s.live("v3")
		hang := s.fault(&fault{mode: hanging, activity: "ProbeGreen", first: 2})
		running := s.submit(s.order("v4"))
		s.reaches(running, slipway.Probing)
		s.until("it hangs", func() bool { return s.hit(hang) })
		waiting := s.submit(s.order("v4", holding(0)))
		back := s.order("v2", rollingBack, gated)
		n := s.rollback(&back)
		s.ends(running, slipway.Aborted, "a rollback goes first")
		r := s.ends(n, slipway.Live, "")
		if r.Gates[0].State != slipway.GateSkipped || r.Kind != slipway.KindRollback {
			t.Errorf("it is a %s with gate %s", r.Kind, r.Gates[0].State)
		}
		if next := s.ends(waiting, slipway.Live, ""); next.Blue != release(n) {
			t.Errorf("the one that waited began with %s, so it did not wait", next.Blue)
		}
	})
}

// Some edges send requests to it already: whoever goes back then means what they
// see, and not what it takes the place of.
func TestRollbackOfWhatIsSwitchingGoesBackOneVersionAndNotTwo(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		s.live("v2")
		hang := s.fault(&fault{mode: hanging, activity: "CommitTarget", at: "e2", first: 1})
		n := s.submit(s.order("v3"))
		s.reaches(n, slipway.Switching)
		s.until("one edge has switched", func() bool { return s.hit(hang) })
		back := s.order("v1", rollingBack)
		result, err := s.update(workflows.LaneID(service), workflows.Rollback, workflows.RollbackInput{
			Order: &back, Switching: n, Request: workflows.Request{By: "bob", Reason: "it is slow"},
		})
		if err != nil || result.Release.Number != n {
			t.Errorf("%v, %v; want that release %d goes back", result, err, n)
		}
		s.ends(n, slipway.Aborted, "a rollback goes first: it is slow")
		s.wait(time.Minute)
		s.is(release(2), release(2))
		s.lanes(release(2), release(1))
	})
}

// Without a hold, what switches may be live before it hears.
func TestRollbackOfWhatHadJustSwitchedReleasesTheOneBefore(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		s.live("v2")
		retiring := s.fault(&fault{mode: late, activity: "DrainTarget", at: "e2"})
		n := s.submit(s.order("v3", holding(0)))
		s.until("both edges have switched", func() bool { return s.late(retiring, 1) })
		back := s.order("v2", holding(0), rollingBack)
		result, err := s.update(workflows.LaneID(service), workflows.Rollback, workflows.RollbackInput{
			Order: &back, Switching: n, Request: workflows.Request{By: "bob", Reason: "it is slow"},
		})
		if err != nil || result.Release.Number != n {
			t.Errorf("%v, %v; want that release %d is given up", result, err, n)
		}
		s.heal()
		s.answer(retiring)
		s.ends(n, slipway.Live, "")
		s.ends(n+1, slipway.Live, "")
		s.is(release(n+1), release(n+1))
		s.lanes(release(n+1), release(1))
	})
}

func TestRollbackOfWhatHasGoneBackByItselfLeavesTheReleaseBefore(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		held := s.held()
		s.fault(&fault{mode: fails, activity: "CommitTarget", at: "e2", first: 1})
		n := s.submit(s.order("v3"))
		s.ends(n, slipway.RolledBack, "is broken")
		back := s.order("v2", rollingBack)
		result, err := s.update(workflows.LaneID(service), workflows.Rollback, workflows.RollbackInput{
			Order: &back, Switching: n, Request: workflows.Request{By: "bob", Reason: "it is slow"},
		})
		if err != nil || result.Release.Number != n {
			t.Errorf("%v, %v; want what release %d has come to", result, err, n)
		}
		s.ends(held, slipway.Live, "")
		s.is(release(held), release(held))
		s.lanes(release(held), release(1))
	})
}

func TestGoingBackForgetsWhatCameAfter(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		for _, tag := range []string{"v1", "v2", "v3"} {
			s.live(tag)
		}
		s.lanes(release(3), release(2), release(1))
		back := s.order("v2", rollingBack, holding(0))
		s.ends(s.rollback(&back), slipway.Live, "")
		s.lanes(release(4), release(1)) // not release 3, which somebody fled from
	})
}

func TestLaneRemembersSoManyGoodVersions(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		for n := range workflows.GoodLimit + 3 {
			tag := fmt.Sprintf("n%d", n)
			s.tags[tag] = digest(tag)
			s.live(tag)
		}
		s.lanes(release(8), release(7), release(6), release(5), release(4), release(3))
	})
}

func TestReleaseWhoseBlueWentBackMeanwhileTellsTheLaneTheTruth(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		second := s.held()
		hang := s.fault(&fault{mode: hanging, activity: "StageTarget", first: 1})
		third := s.submit(s.order("v3"))
		s.reaches(third, slipway.Switching)
		s.until("it hangs", func() bool { return s.hit(hang) })
		s.fall(release(2), true) // it goes back by itself, without the lane
		s.ends(second, slipway.RolledBack, "")
		s.signal(third, workflows.Abort, workflows.Request{By: "ann"})
		s.ends(third, slipway.Aborted, "")
		s.is(release(1), release(1))
		s.lanes(release(1))
	})
}

func TestContinuedLaneKeepsItsStateAndHearsTheEnd(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		second := s.held()
		s.lanes(release(2), release(1))
		s.renew = true
		s.env.SetContinueAsNewSuggested(true)
		s.signal(second, "wake", nil)
	})
	renewed, ok := errors.AsType[*workflow.ContinueAsNewError](s.end)
	if !ok || renewed.WorkflowType.Name != workflows.LaneType {
		t.Fatalf("lane ended with: %v", s.end)
	}
	var in workflows.LaneInput
	if err := converter.GetDefaultDataConverter().FromPayloads(renewed.Input, &in); err != nil {
		t.Fatal(err)
	}
	if in.State.Last != 2 || in.State.Held != 2 || len(in.State.Open) != 1 || in.State.Live.Release != release(2) {
		t.Errorf("it goes on with %+v", in.State)
	}

	next := newStory(t, 2) // the release goes on elsewhere, and reports when it likes
	next.world, next.lane = s.world, in.State
	next.tell(func() {
		next.lanes(release(2), release(1))
		if held := next.laneStatus().Held; held != release(2) {
			t.Errorf("%q is held", held)
		}
		next.closed[wfid(2)] = closed{release: slipway.Release{ID: release(2)}}
		next.until("it hears the end", func() bool { return next.laneStatus().Held == "" })
		if n := next.submit(next.order("v3")); n != 3 {
			t.Errorf("the next one is number %d", n)
		}
	})
}

func TestCancelledLaneLeavesItsReleasesAlone(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		second := s.held()
		s.env.CancelWorkflow()
		s.env.SetDetachedChildWait(true) // of the test environment: the release may go on
		s.wait(30 * time.Second)
		if end, over := s.closed[wfid(second)]; over {
			t.Errorf("it ended %s: %s", *end.release.Outcome, end.release.Reason)
		}
		s.is(release(2), release(1), release(2))
		s.signal(second, terminate, nil)
	})
}
