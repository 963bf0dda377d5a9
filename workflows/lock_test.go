package workflows_test

import (
	"testing"
	"time"

	"slipway"
	"slipway/workflows"
)

func (s *story) lock(name, by, reason string) error {
	_, err := s.update(workflows.LaneID(service), name, workflows.Request{By: by, Reason: reason})
	return err
}

func TestLockKeepsNewReleasesAway(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		if err := s.lock(workflows.Lock, "otto", "the database moves"); err != nil {
			t.Fatal(err)
		}
		if lock := s.laneStatus().Lock; lock == nil || lock.By != "otto" || lock.Reason != "the database moves" || lock.At.IsZero() {
			t.Errorf("lock is %+v", lock)
		}
		_, err := s.submitWith("", s.order("v2"))
		s.refused(err, slipway.CodeConflict, "search/api is locked by otto: the database moves; only going back is possible")
		if err := s.lock(workflows.Unlock, "ann", "it has moved"); err != nil {
			t.Fatal(err)
		}
		s.live("v2")
		if lock := s.laneStatus().Lock; lock != nil {
			t.Errorf("lock is %+v", lock)
		}
	})
}

func TestLockLetsGoOnWhatIsOnItsWayAndHoldsWhatWaits(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		prove := s.fault(&fault{mode: late, activity: "ProbeGreen", first: 1})
		first, err := s.submitWith("key", s.order("v1", holding(0)))
		if err != nil {
			t.Fatal(err)
		}
		s.until("it is proven", func() bool { return s.late(prove, 1) })
		second := s.submit(s.order("v2", holding(0)))
		if err := s.lock(workflows.Lock, "otto", "freeze"); err != nil {
			t.Fatal(err)
		}
		if again, err := s.submitWith("key", s.order("v1", holding(0))); err != nil || again != first {
			t.Errorf("the same request got release %d, %v", again, err)
		}
		s.answer(prove)
		s.ends(first, slipway.Live, "")
		s.wait(time.Hour)
		if status := s.laneStatus(); len(status.Queue) != 1 || status.Running != "" {
			t.Errorf("running %q, queue %v", status.Running, status.Queue)
		}
		if err := s.lock(workflows.Unlock, "otto", "over"); err != nil {
			t.Fatal(err)
		}
		s.ends(second, slipway.Live, "")
	})
}

func TestLockStopsNoWayBack(t *testing.T) {
	t.Parallel()
	for name, hold := range map[string]time.Duration{"held": time.Hour, "not held": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 1)
			s.tell(func() {
				s.live("v1")
				n := s.submit(s.order("v2", holding(hold)))
				s.until("it serves", func() bool {
					live := s.laneStatus().Live
					return live.Release == release(n) && s.laneStatus().Running == ""
				})
				if err := s.lock(workflows.Lock, "otto", "freeze"); err != nil {
					t.Fatal(err)
				}
				back := s.order("v1", rollingBack, holding(0))
				if s.rollback(&back) == n {
					s.ends(n, slipway.RolledBack, "bob went back")
				} else {
					s.ends(n+1, slipway.Live, "")
				}
				if s.laneStatus().Lock == nil {
					t.Error("going back has unlocked it")
				}
			})
		})
	}
}

func TestLocksThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.refused(s.lock(workflows.Unlock, "ann", "over"), slipway.CodeConflict, "search/api is not locked")
		s.refused(s.lock(workflows.Lock, "", "freeze"), slipway.CodeInvalid, "who locks, and why")
		s.refused(s.lock(workflows.Lock, "otto", ""), slipway.CodeInvalid, "who locks, and why")
		for range 2 { // the same again: its answer may have been lost
			if err := s.lock(workflows.Lock, "otto", "freeze"); err != nil {
				t.Fatal(err)
			}
		}
		s.refused(s.lock(workflows.Lock, "ann", "audit"), slipway.CodeConflict, "search/api is already locked by otto: freeze")
		s.refused(s.lock(workflows.Unlock, "ann", ""), slipway.CodeInvalid, "and why")
	})
}
