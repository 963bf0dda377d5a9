package workflows_test

import (
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/workflows"
)

// stop tells the lane what is stopped, each time anew: the line of all, if no
// project is named.
func (s *story) stop(projects ...string) {
	s.t.Helper()
	if len(projects) == 0 {
		projects = []string{""}
	}
	s.line(projects...)
}

func (s *story) resume() { s.line() }

func (s *story) line(projects ...string) {
	s.t.Helper()
	s.told++
	line := slipway.Line{Revision: s.told}
	for _, p := range projects {
		line.Stops = append(line.Stops, slipway.Stop{Project: p, By: "ops", Reason: "the shop is on fire", At: s.env.Now()})
	}
	if err := s.env.SignalWorkflowByID(workflows.LaneID(service), workflows.LineStopped, line); err != nil {
		s.t.Fatal(err)
	}
	s.wait(time.Millisecond)
}

// stands waits until a release stands still, and then an hour longer.
func (s *story) stands(n int, phase slipway.Phase) {
	s.t.Helper()
	s.until(release(n)+" stands still", func() bool { return s.status(n).Waits != nil })
	s.wait(time.Hour)
	r := s.status(n)
	if r.Waits == nil || r.Waits.For != slipway.WaitsForLine || r.Phase != phase || r.Waits.Until != nil || !strings.HasSuffix(r.Waits.Reason, "was stopped by ops: the shop is on fire") {
		s.t.Errorf("%s is %s and waits for %+v", release(n), r.Phase, r.Waits)
	}
}

// stoppedIn releases v2 and stops the line while an activity is under way.
func (s *story) stoppedIn(activity string, change ...func(*slipway.Order)) int {
	s.t.Helper()
	f := s.fault(&fault{mode: late, activity: activity, first: 1})
	n := s.submit(s.order("v2", change...))
	s.until(activity+" is under way", func() bool { return s.late(f, 1) })
	s.stop()
	s.answer(f)
	return n
}

func TestStoppedLineHoldsAReleaseWhereNothingIsHalfDone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		while string
		phase slipway.Phase
		runs  []string
	}{
		{"VerifyImage", slipway.Replicating, []string{release(1)}}, // before green starts
		{"PullImage", slipway.Probing, []string{release(1), release(2)}},
		{"ProbeGreen", slipway.Probing, []string{release(1), release(2)}},
	} {
		t.Run(c.while, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 2)
			s.tell(func() {
				s.live("v1")
				n := s.stoppedIn(c.while)
				s.stands(n, c.phase)
				s.is(release(1), c.runs...)
				s.resume()
				s.reaches(n, slipway.Holding)
				if waits := s.status(n).Waits; waits != nil {
					t.Errorf("it waits for %s", waits)
				}
			})
		})
	}
}

// What has begun is brought to its end: edges are never left half switched.
func TestStoppedLineLetsASwitchFinishAndKeepsTheWayBack(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.stoppedIn("StageTarget")
		s.stands(n, slipway.Holding) // an hour, where blue is held for a minute
		s.is(release(2), release(1), release(2))
		s.rollbackOf(n)
		s.is(release(1), release(1))
	})
}

func TestHoldThatWasOverIsOverWhenTheLineIsResumed(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.stop(service.Project)
		s.stands(n, slipway.Holding)
		s.stop(service.Project, "") // by somebody else, too
		s.wait(time.Hour)
		s.resume()
		s.ends(n, slipway.Live, "")
		s.is(release(2), release(2))
	})
}

func TestStoppedLineHoldsAfterAGateAndLooksOnceMore(t *testing.T) {
	t.Parallel()
	for name, died := range map[string]bool{"green is well": false, "green died meanwhile": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 1)
			s.tell(func() {
				n := s.atGate()
				s.stop()
				for _, who := range []string{"lea", "max"} {
					s.signal(n, workflows.Decide, s.decision(n, who, slipway.Approve))
				}
				s.stands(n, slipway.AwaitingApproval)
				if died {
					s.fault(&fault{mode: fails, activity: "ProbeGreen", text: "it has died"})
				}
				s.resume()
				if died {
					s.ends(n, slipway.RolledBack, "it has died")
					s.is(release(1), release(1))
					return
				}
				s.ends(n, slipway.Live, "")
			})
		})
	}
}

func TestStoppedLineQueuesNewReleases(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		s.stop()
		n := s.submit(s.order("v2", holding(0)))
		s.wait(24 * time.Hour)
		if status := s.laneStatus(); len(status.Queue) != 1 || status.Running != "" || status.Stop == nil || status.Stop.By != "ops" {
			t.Errorf("the lane is %+v", status)
		}
		s.resume()
		s.ends(n, slipway.Live, "")
		s.stop("another")
		s.live("v3")
	})
}

// A lane that nobody has told yet is told by whoever submits.
func TestSubmitTellsALaneWhatIsStopped(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		line := slipway.Line{Revision: 1, Stops: []slipway.Stop{{By: "ops", Reason: "fire"}}}
		_, err := s.update(workflows.LaneID(service), workflows.Submit, workflows.SubmitInput{Order: s.order("v1"), Line: line})
		if err != nil {
			t.Fatal(err)
		}
		s.wait(time.Hour)
		if status := s.laneStatus(); len(status.Queue) != 1 || status.Stop == nil {
			t.Errorf("the lane is %+v", status)
		}
	})
}

func TestWaysBackStayOpenWhileTheLineIsStopped(t *testing.T) {
	t.Parallel()
	t.Run("abort of what stands still", func(t *testing.T) {
		t.Parallel()
		s := newStory(t, 2)
		s.tell(func() {
			s.live("v1")
			n := s.stoppedIn("ProbeGreen")
			s.stands(n, slipway.Probing)
			s.signal(n, workflows.Abort, workflows.Request{By: "ann", Reason: "no"})
			s.ends(n, slipway.Aborted, "aborted by ann")
			s.is(release(1), release(1))
		})
	})
	t.Run("rollback of what is not held any more", func(t *testing.T) {
		t.Parallel()
		s := newStory(t, 2)
		s.tell(func() {
			s.live("v1")
			s.live("v2")
			n := s.stoppedIn("ProbeGreen", func(o *slipway.Order) { o.Tag = "v3" })
			s.stands(n, slipway.Probing)
			begun := s.env.Now()
			back := s.order("v1", rollingBack, holding(0))
			s.ends(s.rollback(&back), slipway.Live, "")
			if took := s.env.Now().Sub(begun); took > time.Minute {
				t.Errorf("it took %s", took)
			}
			s.ends(n, slipway.Aborted, "a rollback goes first")
		})
	})
}

func TestNewerReleaseTakesThePlaceOfOneThatStandsStill(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		n := s.stoppedIn("ProbeGreen")
		s.stands(n, slipway.Probing)
		newer := s.submit(s.order("v3", holding(0)))
		s.ends(n, slipway.Superseded, "took its place while it stood still, because the line was stopped by ops")
		s.wait(time.Hour)
		s.is(release(1), release(1))
		s.resume()
		s.ends(newer, slipway.Live, "")
	})
}

func TestStoppedLineHoldsBetweenGroupsUnderWatch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		then    func(s *story, n int)
		outcome slipway.Outcome
		reason  string
	}{
		"goes on":         {func(s *story, _ int) { s.resume() }, slipway.Live, ""},
		"the canary dies": {func(s *story, _ int) { s.fall(release(2), true) }, slipway.RolledBack, "(the line was stopped by ops: the shop is on fire), what serves of it failed: " + release(2) + " does not answer any more"},
		"a person goes back on an edge": {
			func(s *story, _ int) { s.override("e1", release(1)) }, slipway.RolledBack, "operator:ops went back to " + release(1) + " on edge e1",
		},
		"aborted": {
			func(s *story, n int) { s.signal(n, workflows.Abort, workflows.Request{By: "ann", Reason: "no"}) }, slipway.Aborted, "aborted by ann",
		},
		"rolled back": {
			func(s *story, _ int) { s.rollback(nil) }, slipway.Aborted, "a rollback goes first",
		},
		"a newer one waits": {
			func(s *story, n int) {
				s.submit(s.order("v3"))
				s.stands(n, slipway.Watching)
				s.resume()
			}, slipway.Live, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			grouped(t, func(s *story) {
				n := s.canary()
				s.stop()
				s.stands(n, slipway.Watching)
				s.serves(release(2), release(1), release(1))
				c.then(s, n)
				if c.outcome == slipway.Live {
					s.until("it serves everywhere", func() bool { return s.status(n).SwitchedAt != nil })
					return
				}
				s.ends(n, c.outcome, c.reason)
				s.is(release(1), release(1))
			})
		})
	}
}
