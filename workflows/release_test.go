package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/workflows"
)

func TestFirstReleaseGoesLiveAndHoldsNothing(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		n := s.submit(s.order("v1"))
		r := s.ends(n, slipway.Live, "")
		if r.Blue != "" || r.HoldUntil != nil || r.SwitchedAt == nil || r.Digest != digest("v1") {
			t.Errorf("release is %+v", r)
		}
		s.is(release(1), release(1))
		if status := s.laneStatus(); status.Live == nil || status.Live.Release != release(1) || status.Held != "" {
			t.Errorf("lane says %+v", status)
		}
	})
}

func TestSecondReleaseHoldsBlueAndRetiresItWhenTheTimeIsOver(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.held(holding(10 * time.Minute))
		s.is(release(2), release(1), release(2))
		if status := s.laneStatus(); status.Held != release(2) || status.Running != "" || status.Live.Release != release(2) {
			t.Errorf("lane says %+v", status)
		}
		s.wait(9 * time.Minute)
		if r := s.status(n); r.Phase != slipway.Holding || !r.RollbackReady {
			t.Errorf("after nine minutes it is %s, ready %t", r.Phase, r.RollbackReady)
		}
		s.ends(n, slipway.Live, "")
		s.is(release(2), release(2))
	})
}

func TestAcceptedReleaseRetiresBlueAtOnce(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		began := s.env.Now()
		if _, err := s.update(wfid(n), workflows.Accept, workflows.Request{By: "ann"}); err != nil {
			t.Fatal(err)
		}
		s.ends(n, slipway.Live, "")
		if took := s.env.Now().Sub(began); took > time.Second {
			t.Errorf("it took %s", took)
		}
		s.is(release(2), release(2))
	})
}

func TestExactlyThisServesAlready(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		before := len(s.called("StartGreen"))
		s.ends(s.submit(s.order("v1", holding(0))), slipway.Live, release(1)+" serves exactly this already")
		if n := len(s.called("StartGreen")); n != before {
			t.Errorf("%d containers were started", n-before)
		}
		s.is(release(1), release(1))
		if status := s.laneStatus(); status.Live.Release != release(1) {
			t.Errorf("lane says %s is live", status.Live.Release)
		}
	})
}

func TestForcedReleaseOfTheSameIsDoneAnyway(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		s.live("v1", forced)
		s.is(release(2), release(2))
	})
}

func TestMissingImageIsRefusedAndNothingIsChanged(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		s.ends(s.submit(s.order("nowhere")), slipway.Refused, "there is no search/api:nowhere")
		s.is(release(1), release(1))
	})
}

func TestGreenThatNeverGetsReadyIsUndone(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		before := len(s.called("RestoreTarget")) + len(s.called("StageTarget"))
		s.fault(&fault{mode: fails, activity: "ProbeGreen", at: "h2", text: "it exited with code 1; it said last: no such table"})
		r := s.ends(s.submit(s.order("v2")), slipway.RolledBack, "no such table")
		s.is(release(1), release(1))
		if after := len(s.called("RestoreTarget")) + len(s.called("StageTarget")); after != before {
			t.Errorf("edges were written to")
		}
		if diff := cmp.Diff([]string{"h2/" + release(2)}, s.evidence); diff != "" {
			t.Errorf("evidence (-want +got):\n%s", diff)
		}
		if h := r.Hosts[1]; h.Phase != slipway.HostFailed || !strings.Contains(h.Error, "/evidence/"+release(2)) {
			t.Errorf("host is shown as %+v", h)
		}
		if h := r.Hosts[0]; h.Phase != slipway.HostRemoved {
			t.Errorf("the other host is shown as %+v", h)
		}
	})
}

func TestOneEdgeThatDoesNotCommitSendsAllBack(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]mode{"never": away, "without an answer": mute, "for good": fails} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 2)
			s.tell(func() {
				s.live("v1")
				s.fault(&fault{mode: mode, activity: "CommitTarget", at: "e2"})
				reason := "edge e2 does not answer: it has not acknowledged search.api.2 within the switch_timeout of 10s"
				if mode == fails { // then it says itself what is wrong
					reason = "CommitTarget e2 is broken"
				}
				r := s.ends(s.submit(s.order("v2")), slipway.RolledBack, reason)
				s.is(release(1), release(1))
				for _, e := range r.Edges {
					if e.Active != release(1) {
						t.Errorf("edge %s is shown to serve %q", e.Name, e.Active)
					}
				}
				s.heal()
				s.live("v2") // nothing is in the way of the next one
				s.is(release(3), release(3))
			})
		})
	}
}

func TestCommitsWhoseAnswerIsLostAreRepeated(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		s.fault(&fault{mode: mute, activity: "CommitTarget", first: 4})
		s.live("v2")
		s.is(release(2), release(2))
	})
}

func TestEdgesThatDisagreeAtTheStartAreNamed(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.fault(&fault{mode: hanging, activity: "RestoreTarget"}) // the release that holds may not bring them together
		s.override("e2", release(1))
		s.reaches(n, slipway.Undoing)
		r := s.submit(s.order("v3"))
		end := s.ends(r, slipway.Refused, "edge e1 serves "+release(2))
		if !strings.Contains(end.Reason, "edge e2 serves "+release(1)) {
			t.Errorf("reason is %q", end.Reason)
		}
	})
}

func TestWhatEdgesWerePointedAtByHandIsBlue(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.fault(&fault{mode: hanging, activity: "RestoreTarget"})
		s.override("e1", release(1))
		s.override("e2", release(1))
		s.reaches(n, slipway.Undoing)
		s.fault(&fault{mode: hanging, activity: "PullImage"})
		next := s.submit(s.order("v3"))
		s.until("the lane hears of it", func() bool { return s.laneStatus().Live.Release == release(1) })
		if r := s.status(next); r.Blue != release(1) {
			t.Errorf("blue is %s", r.Blue)
		}
	})
}

// phases are those at which a release can be stopped, with the activity that
// it waits for meanwhile.
var phases = map[slipway.Phase]string{
	slipway.Verifying:   "VerifyImage",
	slipway.Replicating: "ReplicateImage",
	slipway.Deploying:   "PullImage",
	slipway.Probing:     "ProbeGreen",
	slipway.Switching:   "CommitTarget",
}

func TestAbortInEachPhaseUndoesEverything(t *testing.T) {
	t.Parallel()
	ways := map[string]func(*story, int){
		"by update": func(s *story, n int) {
			if _, err := s.update(wfid(n), workflows.Abort, workflows.Request{By: "ann", Reason: "wrong tag"}); err != nil {
				s.t.Errorf("abort: %v", err)
			}
		},
		"by signal":   func(s *story, n int) { s.signal(n, workflows.Abort, workflows.Request{By: "ann", Reason: "wrong tag"}) },
		"in Temporal": func(s *story, n int) { s.cancel(n) },
	}
	for phase, activity := range phases {
		for way, abort := range ways {
			t.Run(string(phase)+" "+way, func(t *testing.T) {
				t.Parallel()
				s := newStory(t, 2)
				s.tell(func() {
					s.live("v1")
					at := map[bool]string{true: "e2"}[activity == "CommitTarget"] // the other one has committed
					s.fault(&fault{mode: hanging, activity: activity, at: at})
					n := s.submit(s.order("v2"))
					s.reaches(n, phase)
					s.wait(time.Second)
					abort(s, n)
					reason := map[bool]string{true: "cancelled in Temporal", false: "aborted by ann: wrong tag"}[way == "in Temporal"]
					s.ends(n, slipway.Aborted, reason)
					s.is(release(1), release(1))
					s.heal()
					s.live("v3")
				})
			})
		}
	}
}

func TestAbortAfterTheSwitchIsRefused(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		_, err := s.update(wfid(n), workflows.Abort, workflows.Request{By: "ann"})
		s.refused(err, slipway.CodeConflict, "serves already: roll search/api back instead")
		s.signal(n, workflows.Abort, workflows.Request{By: "ann"}) // ignored
		s.ends(n, slipway.Live, "")
		s.is(release(2), release(2))
	})
}
