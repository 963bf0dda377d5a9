package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/workflows"
)

// caughtUp waits until nothing of the service is behind.
func (s *story) caughtUp() {
	s.t.Helper()
	s.until("nothing is behind", func() bool { return len(s.laneStatus().Behind) == 0 })
}

// leftOut releases v2 on all hosts but h2 and what else is cut, and waits until
// it is held.
func (s *story) leftOut(away ...string) int {
	s.t.Helper()
	s.live("v1")
	s.cut(away...)
	n := s.held()
	if diff := cmp.Diff(away, behind(s.laneStatus().Behind)); diff != "" {
		s.t.Fatalf("behind (-want +got):\n%s", diff)
	}
	return n
}

func TestHostThatComesBackDuringTheHoldIsCaughtUp(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.local()
	s.tell(func() {
		n := s.leftOut("h2")
		s.wait(20 * time.Second)
		s.heal()
		s.caughtUp()
		if diff := cmp.Diff([]string{"h2"}, s.upstreams("e2", release(n))); diff != "" {
			t.Errorf("e2 is sent to (-want +got):\n%s", diff)
		}
		r := s.status(n)
		if phaseOf(r, "h2") != slipway.HostServing || len(r.Behind) != 0 || r.Hosts[1].Error != "" {
			t.Errorf("the release shows %+v, behind %+v", r.Hosts[1], r.Behind)
		}
		if live := s.laneStatus().Live; live.Hosts[1].Phase != slipway.HostServing || live.Hosts[1].Address == "" {
			t.Errorf("the lane has %+v", live.Hosts[1])
		}
		s.signal(n, workflows.Accept, workflows.Request{By: "ann"})
		if r := s.ends(n, slipway.Live, ""); r.CleanupPending {
			t.Error("something is left to clean up")
		}
		s.is(release(2), release(2))
	})
}

// What was caught up is watched like all others.
func TestGreenThatDiesWhereItWasCaughtUpIsRolledBack(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.local()
	s.tell(func() {
		n := s.leftOut("h2")
		s.heal()
		s.caughtUp()
		s.fall(release(n), true)
		s.ends(n, slipway.RolledBack, "does not answer any more")
		s.is(release(1), release(1))
	})
}

func TestHostThatComesBackAfterTheReleaseIsCaughtUp(t *testing.T) {
	t.Parallel()
	for name, away := range map[string][]string{"alone": {"h2"}, "with its edge": {"h2", "e2"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 3)
			s.local()
			s.tell(func() {
				n := s.leftOut(away...)
				s.signal(n, workflows.Accept, workflows.Request{By: "ann"})
				s.ends(n, slipway.Live, "")
				s.wait(72 * time.Hour)
				if got := behind(s.laneStatus().Behind); len(got) != len(away) {
					t.Errorf("behind are %q", got)
				}
				s.heal()
				s.caughtUp()
				s.cleaned(n)
				s.is(release(2), release(2))
				if diff := cmp.Diff([]string{"h2"}, s.upstreams("e2", release(n))); diff != "" {
					t.Errorf("e2 is sent to (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// An edge that was left out goes on with blue as long as that is held: going
// back is for the edges that the release knows.
func TestEdgeThatComesBackDuringTheHoldWaitsForItsEnd(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.local()
	s.tell(func() {
		n := s.leftOut("h2", "e2")
		s.heal()
		s.wait(30 * time.Second)
		s.serves(release(2), release(1), release(2))
		s.signal(n, workflows.Accept, workflows.Request{By: "ann"})
		s.ends(n, slipway.Live, "")
		s.caughtUp()
		s.cleaned(n)
		s.is(release(2), release(2))
	})
}

func TestEdgeThatWasLeftOutAloneIsCaughtUp(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.live("v1")
		s.cut("e2")
		lax := func(o *slipway.Order) {
			o.Service.Strategy.BlueGreen.Unreachable.Edges.Action = slipway.ActionQuarantine
		}
		n := s.submit(s.order("v2", lax, holding(0)))
		s.ends(n, slipway.Live, "")
		s.wait(time.Hour)
		s.heal()
		s.caughtUp()
		s.cleaned(n)
		s.is(release(2), release(2))
	})
}

// Going back ends a catch-up, wherever it stands, and what it has begun goes.
func TestCatchupInterruptedByARollback(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fault{
		"as it waits":              {mode: silent, activity: "HostFacts", at: "h2"},
		"as it pulls":              {mode: hanging, activity: "PullImage", at: "h2"},
		"as it starts the version": {mode: late, activity: "StartGreen", at: "h2"},
		"as it proves it":          {mode: hanging, activity: "ProbeGreen", at: "h2"},
		"as it tells the edge":     {mode: late, activity: "AmendTarget", at: "e2"},
		"when it is done":          {mode: silent, activity: "none"},
	} {
		for _, edgeAway := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := newStory(t, 3)
				s.local()
				s.tell(func() {
					away := []string{"h2"}
					if edgeAway {
						away = append(away, "e2")
					}
					n := s.leftOut(away...)
					f := s.fault(new(f))
					s.wait(5 * time.Second)
					s.mu.Lock()
					s.faults = []*fault{f}
					clear(s.away)
					s.mu.Unlock()
					s.wait(2 * time.Minute / 10)
					asked := s.env.Now()
					s.rollbackOf(n)
					if took := s.env.Now().Sub(asked); took > 5*time.Second {
						t.Errorf("going back took %s", took)
					}
					s.serves(s.serve(release(1))...)
					s.wait(time.Second)
					s.answer(f)
					s.heal()
					s.wait(30 * time.Minute)
					s.is(release(1), release(1))
					s.live("v3")
					s.wait(30 * time.Minute)
					s.is(release(3), release(3))
				})
			})
		}
	}
}

// The next release waits until the catch-up is over, and does its work.
func TestNextReleaseEndsTheCatchup(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fault{
		"as it pulls":              {mode: late, activity: "PullImage", at: "h2"},
		"as it starts the version": {mode: late, activity: "StartGreen", at: "h2"},
		"as it tells the edge":     {mode: late, activity: "AmendTarget", at: "e2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 3)
			s.local()
			s.tell(func() {
				n := s.leftOut("h2")
				f := s.fault(new(f))
				s.mu.Lock()
				s.faults = []*fault{f}
				clear(s.away)
				s.mu.Unlock()
				s.until("it is under way", func() bool { return s.hit(f) })
				next := s.submit(s.order("v3", holding(0)))
				s.wait(time.Second)
				s.answer(f)
				s.mu.Lock()
				s.faults = nil
				s.mu.Unlock()
				s.ends(next, slipway.Live, "")
				s.ends(n, slipway.Live, "")
				s.wait(time.Hour)
				s.is(release(3), release(3))
			})
		})
	}
}

// A host that comes back while the next release runs is taken in by that, or
// caught up after it.
func TestHostThatComesBackWhileTheNextReleaseRuns(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.local()
	s.tell(func() {
		n := s.leftOut("h2", "e2")
		next := s.submit(s.order("v3", approve))
		s.reaches(next, slipway.AwaitingApproval)
		s.heal()
		s.signal(next, workflows.Decide, s.decision(next, "lea", slipway.Approve))
		s.reaches(next, slipway.Holding)
		s.ends(n, slipway.Live, "")
		s.serves(release(3), release(1), release(3))
		s.signal(next, workflows.Accept, workflows.Request{By: "ann"})
		s.ends(next, slipway.Live, "")
		s.caughtUp()
		s.wait(2 * time.Hour)
		s.is(release(3), release(3))
	})
}

func TestWhatIsInTheWayOfCatchingUpIsShown(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.local()
	s.tell(func() {
		n := s.leftOut("h2")
		s.heal()
		s.fault(&fault{mode: fails, activity: "ProbeGreen", at: "h2", until: s.env.Now().Add(20 * time.Minute)})
		s.until("it is said", func() bool {
			b := s.laneStatus().Behind
			return len(b) == 1 && b[0].Error == "ProbeGreen h2 is broken"
		})
		if r := s.status(n); len(r.Behind) != 1 || r.Behind[0].Error != "ProbeGreen h2 is broken" {
			t.Errorf("the release says %+v", r.Behind)
		}
		s.caughtUp()
		s.wait(time.Hour)
		s.cleanedIfPending(n)
		s.is(release(2), release(2))
	})
}

// What was begun has its ports already: that the host has no other left is no
// reason not to go on with it.
func TestWhatWasBegunOnAHostThatIsFullByNowIsCaughtUp(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.leftOut("h2")
		s.heal()
		s.fault(&fault{mode: fails, activity: "ProbeGreen", at: "h2", first: 1})
		s.until("it has begun", func() bool { return slices.Contains(s.running(), on("h2", 2)) })
		s.mu.Lock()
		for port := 20000; port < 21000; port++ {
			s.ports = append(s.ports, port)
		}
		s.mu.Unlock()
		s.caughtUp()
	})
}

func (s *story) cleanedIfPending(n int) {
	s.t.Helper()
	if s.closed[wfid(n)].release.CleanupPending {
		s.cleaned(n)
	}
}

// An operator's decision on an edge that was left out stands.
func TestOverrideOnAnEdgeThatIsBehindStands(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.local()
	s.tell(func() {
		n := s.leftOut("h2", "e2")
		s.signal(n, workflows.Accept, workflows.Request{By: "ann"})
		s.ends(n, slipway.Live, "")
		s.override("e2", release(1))
		s.heal()
		s.until("it is said", func() bool {
			b := s.laneStatus().Behind
			return len(b) == 1 && b[0].Edge == "e2" && b[0].Error == "edge e2 was pointed at "+release(1)+" by operator:ops (it is on fire): that stands"
		})
		s.wait(time.Hour)
		s.serves(release(2), release(1), release(2))
		s.runs(on("h1", 2), on("h2", 1), on("h2", 2), on("h3", 2))
	})
}
