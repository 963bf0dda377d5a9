package workflows_test

import (
	"testing"
	"time"

	"slipway"
	"slipway/workflows"
)

func restarting(o *slipway.Order) { o.Kind, o.Force, o.Tag = slipway.KindRestart, true, digest(o.Tag) }

// A restart takes the place of the containers that serve, without gates and
// without a hold, and is nothing to go back from: what served before stays what
// served before.
func TestRestart(t *testing.T) {
	t.Parallel()
	for name, shape := range map[string]func(*slipway.Service){"a service": nil, "a worker": routeless, "a lonely worker": lonely} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 2)
			s.shape = shape
			s.tell(func() {
				s.live("v1")
				s.live("v2")
				n := s.submit(s.order("v2", holding(0), restarting))
				r := s.ends(n, slipway.Live, "")
				if r.Kind != slipway.KindRestart || r.Blue != release(2) {
					t.Errorf("release is %+v", r)
				}
				s.is(release(3), release(3))
				s.lanes(release(3), release(1))
				s.fault(&fault{mode: fails, activity: "ProbeGreen", at: "h2", first: 1})
				s.ends(s.submit(s.order("v2", holding(0), restarting)), slipway.RolledBack, "ProbeGreen h2 is broken")
				s.is(release(3), release(3))
				s.lanes(release(3), release(1))
			})
		})
	}
}

func TestRestartSkipsGatesAndHoldButNoLock(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		n := s.submit(s.order("v1", gated))
		s.reaches(n, slipway.AwaitingApproval)
		for _, by := range []string{"lea", "max"} {
			s.signal(n, workflows.Decide, s.decision(n, by, slipway.Approve))
		}
		s.ends(n, slipway.Live, "")
		r := s.ends(s.submit(s.order("v1", gated, restarting)), slipway.Live, "")
		if r.Gates[0].State != slipway.GateSkipped {
			t.Errorf("gate is %s", r.Gates[0].State)
		}
		if err := s.lock(workflows.Lock, "otto", "freeze"); err != nil {
			t.Fatal(err)
		}
		_, err := s.submitWith("", s.order("v1", gated, restarting))
		s.refused(err, slipway.CodeConflict, "locked by otto: freeze")
	})
}

// A restart waits for a release that is on its way, takes nobody's place, and is
// of what was live when it was asked for, or not at all.
func TestRestartOfWhatIsNotLiveAnyMore(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		f := s.fault(&fault{mode: late, activity: "ProbeGreen"})
		second := s.submit(s.order("v2", holding(0)))
		s.until("it is proven", func() bool { return s.late(f, 1) })
		s.heal()
		third := s.submit(s.order("v1", holding(0), restarting))
		s.answer(f)
		s.ends(second, slipway.Live, "")
		s.ends(third, slipway.Superseded, release(2)+" is live by now")
		s.is(release(2), release(2))
		_, err := s.submitWith("", s.order("v1", holding(0), restarting))
		s.refused(err, slipway.CodeConflict, "what is live of search/api has changed meanwhile")
	})
}

// Slipway has not brought the edge back, a person has; the lane does not know yet.
func TestRestartDoesNotBringBackWhatAPersonHasGoneBackFrom(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.fault(&fault{mode: away, activity: "RestoreTarget", until: s.env.Now().Add(20 * time.Minute)})
		s.signal(n, workflows.Rollback, workflows.Request{By: "bob", Reason: "it is slow"})
		s.ends(n, slipway.Failed, "look at it now")
		s.override("e1", release(1))
		s.ends(s.submit(s.order("v2", restarting)), slipway.Superseded, "the edges serve "+release(1))
		s.lanes(release(1))
		s.cleaned(n)
		s.is(release(1), release(1))
	})
}
