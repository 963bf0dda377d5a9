package workflows_test

import (
	"testing"
	"time"

	"slipway"
	"slipway/workflows"
)

// The older release goes back at the moment in which the newer one has half
// switched: some edges serve the newer one, and the others are restored under
// it.
func TestWayBackUnderANewerReleaseThatIsSwitching(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		second := s.held()
		hang := s.fault(&fault{mode: hanging, activity: "CommitTarget", at: "e2", first: 1})
		third := s.submit(s.order("v3"))
		s.until("it has half switched", func() bool { return s.serving()[0] == release(3) })
		s.until("it hangs", func() bool { return s.hit(hang) })
		s.fall(release(2), true)
		s.reaches(second, slipway.Undoing)
		s.wait(10 * time.Second)
		s.signal(third, workflows.Abort, workflows.Request{By: "ann"})
		s.ends(third, slipway.Aborted, "")
		s.ends(second, slipway.RolledBack, "does not answer any more")
		s.is(release(1), release(1))
		s.lanes(release(1))
	})
}

// An abort that arrives together with the last acknowledgement was taken, so it
// is carried out.
func TestAbortThatComesWithTheLastAcknowledgement(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		f := s.fault(&fault{mode: late, activity: "CommitTarget"})
		n := s.submit(s.order("v2", holding(0)))
		s.until("it is committed", func() bool { return s.serving()[0] == release(2) })
		if _, err := s.update(wfid(n), workflows.Abort, workflows.Request{By: "ann"}); err != nil { // it waits until its signature is verified
			t.Fatal(err)
		}
		s.answer(f)
		s.ends(n, slipway.Aborted, "aborted by ann")
		s.is(release(1), release(1))
	})
}

func TestRollbackThatComesTooLateForTheHoldIsReleased(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		second := s.held()
		f := s.fault(&fault{mode: late, activity: "DrainTarget"})
		third := s.submit(s.order("v3", holding(0)))
		s.until("it has switched", func() bool { return s.hit(f) })
		s.heal()
		back := s.order("v2", rollingBack)
		s.rollback(&back)
		s.wait(time.Second)
		s.answer(f)
		s.ends(second, slipway.Live, "")
		s.ends(third, slipway.Live, "")
		s.ends(4, slipway.Live, "")
		s.is(release(4), release(4))
	})
}
