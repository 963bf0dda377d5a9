package workflows_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/workflows"
)

func TestEdgeThatDoesNotAcknowledgeTheWayBackIsNeverLeftAlone(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.fault(&fault{mode: away, at: "e2", until: s.env.Now().Add(4 * 24 * time.Hour)})
		s.signal(n, workflows.Rollback, workflows.Request{By: "bob", Reason: "it is slow"})
		r := s.ends(n, slipway.Failed, "edge e2 has not said that "+release(1)+" serves again")
		if !r.CleanupPending {
			t.Error("nothing is said to be pending")
		}
		s.lanes(release(1)) // on the edge that answers
		for range 3 {
			s.wait(24 * time.Hour)
			if diff := cmp.Diff(s.run(release(1), release(2)), s.running()); diff != "" {
				t.Fatalf("hosts run (-want +got):\n%s", diff)
			}
		}
		if diff := cmp.Diff([]string{release(1), release(2)}, s.serving()); diff != "" {
			t.Errorf("edges serve (-want +got):\n%s", diff)
		}
		s.wait(24 * time.Hour)
		s.cleaned(n)
		s.is(release(1), release(1))
		s.lanes(release(1))
	})
}

func TestWhatIsLiveIsKnownAgainWhenTheOnlyEdgeIsBroughtBack(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.fault(&fault{mode: away, at: "e1", until: s.env.Now().Add(time.Hour)})
		s.signal(n, workflows.Rollback, workflows.Request{By: "bob", Reason: "it is slow"})
		s.ends(n, slipway.Failed, "look at it now")
		s.lanes(release(n), release(1)) // for all that anybody knows
		s.wait(2 * time.Hour)
		s.cleaned(n)
		s.is(release(1), release(1))
		s.lanes(release(1))
	})
}

// What edges serve by the time they answer may have been released over since, and
// is what that release would go back to.
func TestWhatANewerReleaseHoldsIsNotCleanedUp(t *testing.T) {
	t.Parallel()
	long := func(o *slipway.Order) { o.Service.Strategy.BlueGreen.Hold = slipway.Duration(4 * time.Hour) }
	for name, c := range map[string]struct {
		edges int
		leave func(s *story, n int, next func() int) int
	}{
		"where the only edge had not said that it went back": {1, func(s *story, n int, next func() int) int {
			s.fault(&fault{mode: away, activity: "RestoreTarget", until: s.env.Now().Add(10 * time.Minute)})
			s.signal(n, workflows.Rollback, workflows.Request{By: "bob", Reason: "it is slow"})
			s.ends(n, slipway.Failed, "look at it now")
			return next()
		}},
		"where it was terminated while it held": {2, func(s *story, n int, next func() int) int {
			f := s.fault(&fault{mode: late, activity: "ProbeGreen"})
			newer := next()
			s.until("the newer one is proven", func() bool { return s.late(f, 2) })
			s.signal(n, terminate, nil)
			s.wait(time.Second)
			s.heal()
			s.answer(f)
			return newer
		}},
		"where it was terminated while a newer one switched": {2, func(s *story, n int, next func() int) int {
			f := s.fault(&fault{mode: late, activity: "CommitTarget", at: "e2"})
			newer := next()
			s.until("one edge has switched", func() bool { return s.late(f, 1) && s.serving()[0] == release(newer) })
			s.signal(n, terminate, nil)
			s.wait(20 * time.Second)
			s.heal()
			s.answer(f)
			return newer
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, c.edges)
			s.tell(func() {
				s.live("v1")
				n := s.held(long)
				newer := c.leave(s, n, func() int { return s.submit(s.order("v3", long)) })
				s.until("the lane knows that it holds", func() bool { return s.laneStatus().Held == release(newer) })
				s.cleaned(n)
				s.is(release(newer), release(n), release(newer))
				s.lanes(release(newer), release(n), release(1))
				s.rollback(nil)
				s.ends(newer, slipway.RolledBack, "bob went back")
				s.is(release(n), release(n))
				s.lanes(release(n), release(1))
			})
		})
	}
}

func TestHostThatIsAwayDoesNotKeepAReleaseWaiting(t *testing.T) {
	t.Parallel()
	t.Run("while blue is retired", func(t *testing.T) {
		t.Parallel()
		s := newStory(t, 2)
		s.tell(func() {
			s.live("v1")
			s.fault(&fault{mode: away, activity: "RemoveContainer", at: "h2", until: s.env.Now().Add(48 * time.Hour)})
			n := s.submit(s.order("v2", holding(0)))
			if r := s.ends(n, slipway.Live, ""); !r.CleanupPending {
				t.Error("nothing is said to be pending")
			}
			s.lanes(release(2), release(1))
			s.wait(48 * time.Hour)
			s.cleaned(n)
			s.is(release(2), release(2))
		})
	})
	t.Run("while green is undone", func(t *testing.T) {
		t.Parallel()
		s := newStory(t, 2)
		s.tell(func() {
			s.live("v1")
			s.fault(&fault{mode: fails, activity: "ProbeGreen", at: "h1"})
			s.fault(&fault{mode: away, activity: "RemoveContainer", at: "h1", until: s.env.Now().Add(48 * time.Hour)})
			n := s.submit(s.order("v2"))
			if r := s.ends(n, slipway.RolledBack, "ProbeGreen h1 is broken"); !r.CleanupPending {
				t.Error("nothing is said to be pending")
			}
			s.wait(48 * time.Hour)
			s.cleaned(n)
			s.is(release(1), release(1))
		})
	})
}

func TestTerminatedReleaseIsClearedUp(t *testing.T) {
	t.Parallel()
	for phase, activity := range phases {
		t.Run(string(phase), func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 2)
			s.tell(func() {
				s.live("v1")
				at := map[bool]string{true: "e2"}[activity == "CommitTarget"] // the other one has committed
				s.fault(&fault{mode: hanging, activity: activity, at: at})
				n := s.submit(s.order("v2"))
				next := s.submit(s.order("v3", holding(0)))
				s.reaches(n, phase)
				s.wait(time.Second)
				s.heal()
				s.signal(n, terminate, nil)
				s.cleaned(n)
				if r := s.ends(next, slipway.Live, ""); r.Blue != release(1) {
					t.Errorf("the next one began with %q", r.Blue)
				}
				s.is(release(3), release(3))
				s.lanes(release(3), release(1))
			})
		})
	}
}

func TestTerminatedReleaseThatServesStays(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.signal(n, terminate, nil)
		s.cleaned(n)
		s.is(release(2), release(2))
		s.lanes(release(2), release(1))
		if held := s.laneStatus().Held; held != "" {
			t.Errorf("%s is held", held)
		}
		s.live("v3")
		s.is(release(3), release(3))
	})
}

// A restart takes the place of what is live, and a way back that of what came
// after: neither is in the list of what to go back to.
func TestWhatARestartOrAWayBackReplacedIsRemovedAlsoWhereItIsTerminated(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tag    string
		change func(*slipway.Order)
		good   []string
	}{
		"a restart":  {"v2", restarting, []string{release(1)}},
		"a way back": {"v1", rollingBack, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 2)
			s.tell(func() {
				s.live("v1")
				s.live("v2")
				f := s.fault(&fault{mode: hanging, activity: "DrainTarget", at: "e2"})
				n := s.submit(s.order(c.tag, holding(0), c.change))
				s.until("it retires", func() bool { return s.hit(f) })
				s.heal()
				s.signal(n, terminate, nil)
				s.cleaned(n)
				s.is(release(3), release(3))
				s.lanes(release(3), c.good...)
			})
		})
	}
}

func TestReleaseTerminatedOnItsWayBackIsBroughtBack(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.fault(&fault{mode: hanging, activity: "RestoreTarget", at: "e2"})
		s.signal(n, workflows.Rollback, workflows.Request{By: "bob", Reason: "it is slow"})
		s.reaches(n, slipway.Undoing)
		s.wait(time.Second)
		s.heal()
		s.signal(n, terminate, nil)
		s.cleaned(n)
		s.is(release(1), release(1))
		s.lanes(release(1))
	})
}

func TestWhatIsLiveIsKnownAlsoWhereAnEdgeOfATerminatedReleaseWasAwayForLong(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.fault(&fault{mode: away, at: "e2", until: s.env.Now().Add(30 * time.Minute)})
		s.signal(n, workflows.Rollback, workflows.Request{By: "bob", Reason: "it is slow"})
		s.reaches(n, slipway.Undoing)
		s.wait(time.Second)
		s.signal(n, terminate, nil)
		s.until("the lane waits no longer", func() bool { return s.laneStatus().Held == "" })
		s.cleaned(n)
		s.is(release(1), release(1))
		s.lanes(release(1))
	})
}

func TestTerminatedReleaseDoesNotBlockTheLaneWhileAnEdgeIsAway(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		s.fault(&fault{mode: hanging, activity: "CommitTarget", at: "e2"})
		n := s.submit(s.order("v2"))
		s.reaches(n, slipway.Switching)
		s.wait(time.Second)
		s.fault(&fault{mode: away, at: "e2", until: s.env.Now().Add(24 * time.Hour)})
		s.signal(n, terminate, nil)
		s.ends(s.submit(s.order("v3")), slipway.Refused, "is broken")
		s.wait(24 * time.Hour)
		s.cleaned(n)
		s.is(release(1), release(1))
		s.lanes(release(1))
	})
}

// A host that was dropped from the fleet file may still run what is to go, and an
// edge may still serve it.
func TestWhatTheFleetFileHasDroppedIsCleanedUpWhenItIsBack(t *testing.T) {
	t.Parallel()
	for name, local := range map[string]bool{"a host": false, "a host with its edge": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 3)
			if local {
				s.local()
			}
			s.tell(func() {
				s.live("v1")
				n := 0
				s.without(func() {
					n = s.submit(s.order("v2", holding(0)))
					if r := s.ends(n, slipway.Live, ""); !r.CleanupPending {
						t.Error("nothing is said to be pending")
					}
					s.wait(3 * 24 * time.Hour)
					if _, over := s.closed[workflows.CleanupID(releaseID(n))]; over {
						t.Fatal("it has given up")
					}
				})
				s.wait(time.Hour)
				if !slices.Contains(s.running(), "h3/"+release(1)) {
					t.Fatalf("what e3 serves is gone: %q", s.running())
				}
				if err := s.join("h3"); err != nil {
					t.Fatal(err)
				}
				s.joined("h3")
				s.cleaned(n)
				s.is(release(2), release(2))
			})
		})
	}
}

// What a person has decided on one edge keeps no other from being brought back.
func TestEdgeIsBroughtBackAlsoWhereAPersonHasDecidedOnAnother(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		for _, edge := range []string{"e1", "e2"} {
			s.fault(&fault{mode: away, at: edge, until: s.env.Now().Add(map[string]time.Duration{"e1": time.Hour, "e2": 4 * time.Hour}[edge])})
		}
		s.signal(n, workflows.Rollback, workflows.Request{By: "bob", Reason: "it is slow"})
		s.ends(n, slipway.Failed, "look at it now")
		s.override("e1", release(1))
		s.override("e1", release(2))
		s.wait(5 * time.Hour)
		id := workflows.CleanupID(releaseID(n))
		s.until(id+" ends", func() bool { _, ok := s.closed[id]; return ok })
		if err := s.closed[id].err; err == nil || !strings.Contains(err.Error(), "edge e1 was pointed at "+release(2)+" by operator:ops") {
			t.Errorf("it ended with %v", err)
		}
		if diff := cmp.Diff([]string{release(2), release(1)}, s.serving()); diff != "" {
			t.Errorf("edges serve (-want +got):\n%s", diff)
		}
	})
}
