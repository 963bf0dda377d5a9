package workflows_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/workflows"
)

// rollbackOf asks one release to go back and waits until it has.
func (s *story) rollbackOf(n int) slipway.Release {
	s.t.Helper()
	s.signal(n, workflows.Rollback, workflows.Request{By: "bob", Reason: "it is slow"})
	return s.ends(n, slipway.RolledBack, "bob went back: it is slow")
}

func TestRollbackWhileHeldIsASwitchAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.wait(30 * time.Second)
		s.mu.Lock()
		before := len(s.calls)
		s.mu.Unlock()
		asked := s.env.Now()
		if got := s.rollback(nil); got != n {
			t.Errorf("release %d was asked to go back", got)
		}
		s.ends(n, slipway.RolledBack, "bob went back: it is slow")
		s.is(release(1), release(1))
		restores := map[string]bool{}
		after := slices.DeleteFunc(slices.Clone(s.calls[before:]), func(c call) bool { return c.name == "CheckRequest" })
		for _, c := range after[:2] {
			if c.name != "RestoreTarget" || c.when.Sub(asked) > time.Millisecond {
				t.Errorf("%s %s came before the way back, %s after it was asked for", c.name, c.at, c.when.Sub(asked))
			}
			restores[c.at] = true
		}
		if len(restores) != 2 {
			t.Errorf("restored were %v", restores)
		}
		if status := s.laneStatus(); status.Live.Release != release(1) || status.Held != "" || len(status.Good) != 0 {
			t.Errorf("lane says %+v", status)
		}
	})
}

func TestGreenThatDiesWhileBlueIsHeldIsRolledBack(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.fall(release(2), true)
		s.ends(n, slipway.RolledBack, "does not answer any more")
		s.is(release(1), release(1))
	})
}

func TestBlueThatDoesNotAnswerIsNoWayBack(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		for _, sick := range []bool{true, false} {
			s.fall(release(1), sick)
			s.wait(5 * time.Second)
			if r := s.status(n); r.RollbackReady == sick || r.Phase != slipway.Holding {
				t.Errorf("blue sick: %t, but the release is %s, ready %t", sick, r.Phase, r.RollbackReady)
			}
		}
	})
}

// A host may be away for as long as blue is held, and what asks for it again and
// again must not fill the history. When it is back, so is the way back.
func TestAWatchThatEndsIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		n := s.held(holding(100 * time.Hour))
		gone := s.fault(&fault{activity: "WatchHost", at: "h1", text: "the fleet file has no host h1"})
		s.until("the watch of h1 has ended", func() bool { return s.hit(gone) })
		s.wait(24 * time.Hour)
		at := func(r slipway.Release) string { return r.Hosts[0].Error }
		if r := s.status(n); r.RollbackReady || r.Phase != slipway.Holding || !strings.Contains(at(r), "no host h1") {
			t.Errorf("the release is %s, ready %t, of h1 it says %q", r.Phase, r.RollbackReady, at(r))
		}
		if gone.hits > 24*60/5+10 {
			t.Errorf("it was asked for %d times in a day", gone.hits)
		}
		s.heal()
		s.wait(6 * time.Minute)
		if r := s.status(n); !r.RollbackReady || at(r) != "" {
			t.Errorf("ready %t, of h1 it says %q", r.RollbackReady, at(r))
		}
		s.rollbackOf(n)
	})
}

func TestAnEdgeWhoseWatchEndsIsWatchedAgain(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		n := s.held(holding(time.Hour))
		gone := s.fault(&fault{activity: "WatchEdge", at: "e1", text: "the fleet file has no edge e1"})
		s.until("the watch of e1 has ended", func() bool { return s.hit(gone) })
		s.heal()
		s.override("e1", release(1))
		s.ends(n, slipway.RolledBack, "operator:ops went back to "+release(1))
	})
}

func TestOverrideOnAnEdgeIsAdopted(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.override("e2", release(1))
		wrote := s.edges["e2"][service.Key()].Generation
		s.ends(n, slipway.RolledBack, "operator:ops went back to "+release(1)+" on edge e2: it is on fire")
		s.is(release(1), release(1))
		if route := s.edges["e2"][service.Key()]; route.Generation != wrote || route.By != "operator:ops" {
			t.Errorf("what the operator wrote was overwritten: %+v", route)
		}
	})
}

func TestCancelInTemporalWhileBlueIsHeldGoesBack(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.cancel(n)
		s.ends(n, slipway.Aborted, "cancelled in Temporal")
		s.is(release(1), release(1))
	})
}

func TestNothingToEndWithoutAHold(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		s.fault(&fault{mode: hanging, activity: "ProbeGreen"})
		n := s.submit(s.order("v2"))
		s.reaches(n, slipway.Probing)
		for _, name := range []string{workflows.Accept, workflows.Rollback} {
			_, err := s.update(wfid(n), name, workflows.Request{By: "ann"})
			s.refused(err, slipway.CodeConflict, "holds nothing: it is probing")
		}
	})
}

// An operator may go back at the last moment, when the hold is over and blue is
// on its way out.
func TestBlueIsNotRemovedUnderAnOverrideAtTheLastMoment(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.fault(&fault{mode: away, activity: "DrainTarget", until: s.env.Now().Add(5 * time.Second)})
		s.signal(n, workflows.Accept, workflows.Request{By: "ann"})
		s.wait(time.Second)
		s.override("e1", release(1))
		r := s.ends(n, slipway.Live, "")
		if !r.CleanupPending {
			t.Error("nothing is said to be left")
		}
		s.wait(time.Hour)
		if !slices.Contains(s.running(), "h1/"+release(1)) {
			t.Errorf("blue is gone: %v", s.running())
		}
	})
}

func TestEvidenceIsKeptOfGreenThatDiesWhileBlueIsHeld(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.fall(release(n), true)
		r := s.ends(n, slipway.RolledBack, "does not answer any more")
		s.is(release(1), release(1))
		failed := 0
		for _, h := range r.Hosts {
			if h.Phase == slipway.HostFailed && strings.Contains(h.Error, "/evidence/"+release(n)) {
				failed++
			}
		}
		if failed == 0 || len(s.evidence) != failed {
			t.Errorf("hosts are shown as %+v; evidence %v", r.Hosts, s.evidence)
		}
	})
}
