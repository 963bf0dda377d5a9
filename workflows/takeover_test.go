package workflows_test

import (
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/workflows"
)

// shaped is a story of two hosts whose service is of that shape.
func shaped(t *testing.T, shape func(*slipway.Service)) *story {
	s := newStory(t, 2)
	s.shape = shape
	return s
}

var shapes = map[string]func(*slipway.Service){
	"a worker": routeless, "a lonely worker": lonely, "an exclusive service": exclusive,
	"two of an exclusive service on each host": twice(exclusive),
}

// eachShape tells a story once for every shape that takes over by stopping blue.
func eachShape(t *testing.T, script func(s *story)) { inShapes(t, shapes, script) }

func inShapes(t *testing.T, shapes map[string]func(*slipway.Service), script func(s *story)) {
	t.Parallel()
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := shaped(t, shape)
			s.tell(func() { script(s) })
		})
	}
}

// slowly releases v2, whose blue takes three seconds to stop, and waits until it
// holds it.
func (s *story) slowly() int {
	s.t.Helper()
	f := s.fault(&fault{mode: late, activity: "StopContainer"})
	n := s.submit(s.order("v2"))
	s.until("it stops", func() bool { return s.late(f, 2) })
	s.wait(3 * time.Second)
	s.heal()
	s.answer(f)
	s.until("the lane knows that it holds", func() bool { return s.laneStatus().Held == release(n) })
	return n
}

func TestBlueIsStoppedAndHeldAndThenRetired(t *testing.T) {
	eachShape(t, func(s *story) {
		s.live("v1")
		n := s.slowly()
		s.is(release(2), release(1)+stopped, release(2))
		r := s.status(n)
		if r.SwitchedAt == nil || !r.RollbackReady || (r.Gap > 0) != s.apart() {
			s.t.Errorf("release is %+v", r)
		}
		s.ends(n, slipway.Live, "")
		s.is(release(2), release(2))
		s.lanes(release(2), release(1))
		if got := s.laneStatus().Live.Gap; got != r.Gap {
			s.t.Errorf("the lane knows of a gap of %s, not %s", got, r.Gap)
		}
	})
}

func TestWayBackWhileBlueIsStopped(t *testing.T) {
	eachShape(t, func(s *story) {
		s.live("v1")
		n := s.held()
		s.wait(10 * time.Second)
		s.rollback(nil)
		s.ends(n, slipway.RolledBack, "bob went back: it is slow ("+release(1)+" runs again after ")
		s.is(release(1), release(1))
		s.lanes(release(1))
		s.live("v3")
		s.is(release(3), release(3))
	})
}

func TestGreenThatDiesWhileBlueIsStoppedIsRolledBack(t *testing.T) {
	eachShape(t, func(s *story) {
		s.live("v1")
		n := s.held()
		s.fall(release(2), true)
		s.ends(n, slipway.RolledBack, "does not answer any more")
		s.is(release(1), release(1))
	})
}

func TestGreenThatDoesNotStartAfterBlueWasStopped(t *testing.T) {
	eachShape(t, func(s *story) {
		s.live("v1")
		s.fault(&fault{mode: fails, activity: "ProbeGreen", at: "h2", text: "it exited with code 1", first: 1})
		s.ends(s.submit(s.order("v2")), slipway.RolledBack, "it exited with code 1")
		s.is(release(1), release(1))
	})
}

func TestHostThatDoesNotSayThatBlueRunsAgain(t *testing.T) {
	eachShape(t, func(s *story) {
		s.live("v1")
		n := s.held()
		s.fault(&fault{mode: away, at: "h2", until: s.env.Now().Add(48 * time.Hour)})
		s.signal(n, workflows.Rollback, workflows.Request{By: "bob", Reason: "it is slow"})
		r := s.ends(n, slipway.Failed, "look at it now")
		if !r.CleanupPending {
			s.t.Error("nothing is said to be pending")
		}
		s.wait(49 * time.Hour)
		s.cleaned(n)
		s.is(release(1), release(1))
		s.lanes(release(1))
	})
}

// Green is not removed before all edges have left it, and blue cannot run beside it.
func TestBlueThatWasStoppedRunsAgainWhenTheLastEdgeIsBroughtBack(t *testing.T) {
	inShapes(t, map[string]func(*slipway.Service){"one of it": exclusive, "two on each host": twice(exclusive)}, func(s *story) {
		s.live("v1")
		n := s.held()
		s.fault(&fault{mode: away, at: "e2", until: s.env.Now().Add(30 * time.Minute)})
		s.signal(n, workflows.Rollback, workflows.Request{By: "bob", Reason: "it is slow"})
		s.ends(n, slipway.Failed, "edge e2 has not said")
		s.cleaned(n)
		s.is(release(1), release(1))
		s.lanes(release(1))
	})
}

// What a newer release stops is not failing, and is nothing to go back from.
func TestNewerReleaseStopsWhatStillHoldsItsBlue(t *testing.T) {
	eachShape(t, func(s *story) {
		s.live("v1")
		second := s.held()
		f := s.fault(&fault{mode: late, activity: "StopContainer", at: "h1"})
		third := s.submit(s.order("v3"))
		s.until("it is about to take over", func() bool { return s.late(f, 1) })
		s.wait(5 * time.Second)
		if r := s.status(second); r.Phase != slipway.Holding {
			s.t.Errorf("the one that holds is %s: %s", r.Phase, r.Reason)
		}
		s.answer(f)
		s.ends(second, slipway.Live, "")
		s.is(release(3), release(2)+stopped, release(3))
		s.ends(third, slipway.Live, "")
		s.is(release(3), release(3))
		s.lanes(release(3), release(2), release(1))
	})
}

func TestNewerReleaseThatGivesWayLeavesTheOlderOneOnGuard(t *testing.T) {
	eachShape(t, func(s *story) {
		s.live("v1")
		second := s.held()
		s.fault(&fault{mode: fails, activity: "StopContainer", at: "h2", first: 1})
		s.ends(s.submit(s.order("v3")), slipway.RolledBack, "StopContainer h2 is broken")
		s.is(release(2), release(1)+stopped, release(2))
		s.fall(release(2), true)
		s.ends(second, slipway.RolledBack, "does not answer any more")
		s.is(release(1), release(1))
	})
}

// Cancelled in Temporal, the older one must not start its own blue under a
// newer one that serves already.
func TestOlderReleaseIsCancelledUnderANewerOne(t *testing.T) {
	t.Parallel()
	s := shaped(t, routeless)
	s.tell(func() {
		s.live("v1")
		second := s.held()
		f := s.fault(&fault{mode: late, activity: "StopContainer", at: "h1"})
		third := s.submit(s.order("v3"))
		s.until("it is about to take over", func() bool { return s.late(f, 1) })
		s.cancel(second)
		s.ends(second, slipway.Live, "a newer release, "+release(3)+", has taken its place")
		s.answer(f)
		s.ends(third, slipway.Live, "")
		s.is(release(3), release(3))
	})
}

func TestAbortWaitsUntilBlueHasStoppedAndStartsItAgain(t *testing.T) {
	eachShape(t, func(s *story) {
		s.live("v1")
		f := s.fault(&fault{mode: late, activity: "StopContainer"})
		n := s.submit(s.order("v2"))
		s.until("it stops", func() bool { return s.late(f, 2) })
		s.signal(n, workflows.Abort, workflows.Request{By: "ann"})
		s.wait(time.Second)
		s.answer(f)
		s.ends(n, slipway.Aborted, "aborted by ann")
		s.is(release(1), release(1))
	})
}

func TestReleaseThatStopsBlueIsTerminated(t *testing.T) {
	for _, activity := range []string{"PullImage", "StopContainer", "ProbeGreen", "RemoveContainer"} {
		t.Run(activity, func(t *testing.T) {
			eachShape(t, func(s *story) {
				s.live("v1")
				s.fault(&fault{mode: hanging, activity: activity, at: "h2"})
				n := s.submit(s.order("v2", holding(time.Second)))
				s.until("it hangs", func() bool { return len(s.calledBy(wfid(n), activity)) > 0 })
				s.wait(time.Second)
				s.heal()
				s.signal(n, terminate, nil)
				s.cleaned(n)
				left := release(1)
				if activity == "RemoveContainer" { // it had said that it serves
					left = release(2)
				}
				s.is(left, left)
				s.live("v3")
				s.is(release(3), release(3))
			})
		})
	}
}

func (s *story) calledBy(workflow, name string) []call {
	var out []call
	for _, c := range s.called(name) {
		if c.workflow == workflow {
			out = append(out, c)
		}
	}
	return out
}

// A version with a route and one without do not take over from each other.
func TestRouteIsNeitherGivenNorTakenByARelease(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, after func(*slipway.Service)
		says          string
	}{
		"given": {routeless, nil, release(1) + ", which is live, has no route, and this has one"},
		"taken": {nil, routeless, release(1) + ", which is live, has a route, and this has none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 2)
			s.shape = c.before
			s.tell(func() {
				s.live("v1")
				s.shape = c.after
				s.ends(s.submit(s.order("v2")), slipway.Refused, c.says)
			})
		})
	}
}

func TestGateOfALonelyWorkerIsBeforeAnythingStops(t *testing.T) {
	t.Parallel()
	s := shaped(t, lonely)
	s.tell(func() {
		s.live("v1")
		n := s.submit(s.order("v2", gated))
		s.reaches(n, slipway.AwaitingApproval)
		s.is(release(1), release(1))
		for _, by := range []string{"lea", "max"} {
			s.signal(n, workflows.Decide, s.decision(n, by, slipway.Approve))
		}
		s.ends(n, slipway.Live, "")
		s.is(release(2), release(2))
	})
}

func TestPlanSaysWhatTakingOverCosts(t *testing.T) {
	t.Parallel()
	for name, wants := range map[string][]string{
		"a worker":             {"both versions run for a moment", release(1) + " is stopped to take over", "while the Docker Engine of a host hangs"},
		"a lonely worker":      {"nothing serves from when " + release(1) + " is stopped until this is proven: at most 1m10s", "going back takes as long"},
		"an exclusive service": {"at most 1m10s", "the edges answer 502 meanwhile"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := shaped(t, shapes[name])
			s.tell(func() {
				s.live("v1")
				preview, err := s.plan(s.order("v2"))
				if err != nil {
					t.Fatal(err)
				}
				for _, want := range wants {
					if text := strings.Join(preview.Warnings, "\n"); !strings.Contains(text, want) {
						t.Errorf("no warning says %q:\n%s", want, text)
					}
				}
				s.slowly()
				preview, err = s.plan(s.order("v3"))
				if text := strings.Join(preview.Warnings, "\n"); err != nil || s.apart() != strings.Contains(text, "when "+release(2)+" took over it was 3") {
					t.Errorf("%v, and the gap before is not told: %s", err, text)
				}
			})
		})
	}
}

// A consumer on a host that hangs runs on there, and is caught up.
func TestWorkerOnAHostThatHangsIsCaughtUp(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.shape = routeless
	s.tell(func() {
		s.live("v1")
		s.hang()
		n := s.held()
		s.runs(on("h1", 1)+stopped, on("h1", 2), on("h2", 1), on("h3", 1)+stopped, on("h3", 2))
		s.signal(n, workflows.Accept, workflows.Request{By: "ann"})
		if r := s.ends(n, slipway.Live, ""); !r.CleanupPending {
			t.Error("nothing is said to be pending")
		}
		s.runs(on("h1", 2), on("h2", 1), on("h3", 2))
		s.heal()
		s.wait(2 * time.Hour)
		s.cleaned(n)
		s.runs(on("h1", 2), on("h2", 2), on("h3", 2))
		s.live("v3")
		s.is(release(3), release(3))
	})
}

// Back from a host that hangs there is no way that would have to start anything.
func TestWayBackOfAWorkerThatWasLeftOutOfAHost(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.shape = routeless
	s.tell(func() {
		s.live("v1")
		s.hang()
		n := s.held()
		s.rollback(nil)
		s.ends(n, slipway.RolledBack, release(1)+" runs again after")
		s.is(release(1), release(1))
	})
}

func TestWhatStopsItsBlueIsRemovedWithIt(t *testing.T) {
	eachShape(t, func(s *story) {
		s.live("v1")
		s.held()
		s.ends(s.mustRemove(), slipway.Removed, "removed by olga: end of life")
		s.gone()
		s.ends(s.submit(s.order("v2", holding(0))), slipway.Live, "")
		s.is(release(4), release(4))
	})
}
