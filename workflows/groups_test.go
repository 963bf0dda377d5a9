package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/workflows"
)

// inGroups makes h1 the canary, which is watched for five minutes, then h2, for
// one. What further hosts there are come last.
func inGroups(s *slipway.Service) {
	s.Strategy.BlueGreen.Groups = []slipway.Group{
		{Hosts: slipway.Selector{Names: []string{"h1"}}, Watch: slipway.Duration(5 * time.Minute)},
		{Hosts: slipway.Selector{Names: []string{"h2"}}, Watch: slipway.Duration(time.Minute)},
	}
}

// grouped is a story of three hosts with an edge each, in as many groups, and
// v1 live on all of them.
func grouped(t *testing.T, script func(s *story)) {
	t.Helper()
	s := newStory(t, 3)
	s.local()
	s.tell(func() {
		s.live("v1")
		s.shape = inGroups
		script(s)
	})
}

// canary releases v2 and waits until the canary is watched.
func (s *story) canary() int {
	s.t.Helper()
	n := s.submit(s.order("v2"))
	s.reaches(n, slipway.Watching)
	s.serves(release(2), release(1), release(1))
	s.runs(on("h1", 1), on("h1", 2), on("h2", 1), on("h3", 1))
	return n
}

// inWatch waits until a group is watched.
func (s *story) inWatch(n, group int) {
	s.t.Helper()
	s.until("the group is watched", func() bool { r := s.status(n); return r.Group == group && r.Phase == slipway.Watching })
}

func TestGroupsComeOneAfterTheOther(t *testing.T) {
	t.Parallel()
	grouped(t, func(s *story) {
		n := s.canary()
		began := s.env.Now()
		if r := s.status(n); r.Group != 1 || r.SwitchedAt != nil || r.Groups[0].SwitchedAt == nil || r.Groups[1].SwitchedAt != nil {
			t.Errorf("groups are %d of %+v", r.Group, r.Groups)
		}
		s.inWatch(n, 2)
		s.serves(release(2), release(2), release(1))
		if took := s.env.Now().Sub(began); took < 5*time.Minute {
			t.Errorf("the canary was watched for %s", took)
		}
		s.reaches(n, slipway.Holding)
		s.serves(s.serve(release(2))...)
		if took := s.env.Now().Sub(began); took < 6*time.Minute || took > 7*time.Minute {
			t.Errorf("it held after %s", took)
		}
		s.rollbackOf(n)
		s.is(release(1), release(1))
	})
}

// Whatever fails in whatever group, all groups go back, and nobody is asked who
// had not been told.
func TestWhatFailsInAGroupGoesBackInAll(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		when     func(s *story, n int)
		outcome  slipway.Outcome
		reason   string
		restored []string
	}{
		"the canary dies": {
			func(s *story, _ int) { s.fall(release(2), true) },
			slipway.RolledBack, "group 1 of 3 did not pass its watch: " + release(2) + " does not answer any more",
			[]string{"e1"},
		},
		"green is not proven in the second": {
			func(s *story, _ int) {
				s.fault(&fault{mode: fails, activity: "ProbeGreen", at: "h2", text: "no such table"})
			},
			slipway.RolledBack, "no such table",
			[]string{"e1"},
		},
		"the second does not switch": {
			func(s *story, _ int) { s.fault(&fault{mode: fails, activity: "CommitTarget", at: "e2"}) },
			slipway.RolledBack, "CommitTarget e2 is broken",
			[]string{"e1", "e2"},
		},
		"an acknowledgement of the last is lost": {
			func(s *story, _ int) { s.fault(&fault{mode: mute, activity: "CommitTarget", at: "e3"}) },
			slipway.RolledBack, "edge e3 does not answer",
			[]string{"e1", "e2", "e3"},
		},
		"it dies in the second": {
			func(s *story, n int) { s.inWatch(n, 2); s.fall(release(2), true) },
			slipway.RolledBack, "group 2 of 3 did not pass its watch",
			[]string{"e1", "e2"},
		},
		"a person aborts as the canary is watched": {
			func(s *story, n int) { s.signal(n, workflows.Abort, workflows.Request{By: "bob"}) },
			slipway.Aborted, "aborted by bob",
			[]string{"e1"},
		},
		"a person rolls back": {
			func(s *story, n int) {
				if got := s.rollback(nil); got != n {
					s.t.Errorf("release %d goes back", got)
				}
			},
			slipway.Aborted, "aborted by bob: a rollback goes first: it is slow",
			[]string{"e1"},
		},
		"a person goes back on the canary's edge": {
			func(s *story, _ int) { s.override("e1", release(1)) },
			slipway.RolledBack, "operator:ops went back to " + release(1) + " on edge e1: it is on fire",
			[]string{"e1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			grouped(t, func(s *story) {
				n := s.canary()
				c.when(s, n)
				r := s.ends(n, c.outcome, c.reason)
				if !strings.Contains(r.Reason, "served again after") {
					t.Errorf("it does not say how long that took: %s", r.Reason)
				}
				s.is(release(1), release(1))
				asked := map[string]bool{}
				for _, call := range s.called("RestoreTarget") {
					asked[call.at] = true
				}
				want := map[string]bool{}
				for _, edge := range c.restored {
					want[edge] = true
				}
				if diff := cmp.Diff(want, asked); diff != "" {
					t.Errorf("restored (-want +got):\n%s", diff)
				}
				s.heal()
				s.fall(release(2), false)
				if status := s.laneStatus(); status.Live.Release != release(1) || status.Running != "" {
					t.Errorf("lane says %+v", status)
				}
				s.shape = nil
				s.live("v3")
				s.is(release(3), release(3))
			})
		})
	}
}

// Going back while the canary is watched goes to what served, not to what served
// before that.
func TestRollbackOfACanaryGoesToBlue(t *testing.T) {
	t.Parallel()
	grouped(t, func(s *story) {
		shape := s.shape
		s.shape = nil
		s.live("v2")
		s.shape = shape
		n := s.submit(s.order("v3"))
		s.reaches(n, slipway.Watching)
		order := s.order("v1", rollingBack)
		if got := s.rollback(&order); got != n {
			t.Errorf("release %d goes back", got)
		}
		s.ends(n, slipway.Aborted, "it is slow")
		s.wait(time.Minute)
		s.is(release(2), release(2))
	})
}

// The release before still holds its blue, and goes back while the canary of the
// next one is watched: so does the next one, and the edges agree again.
func TestGoingBackUnderACanaryTakesItAlong(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.local()
	s.tell(func() {
		s.live("v1")
		held := s.submit(s.order("v2", holding(time.Hour)))
		s.reaches(held, slipway.Holding)
		s.shape = inGroups
		n := s.submit(s.order("v3"))
		s.reaches(n, slipway.Watching)
		s.signal(held, workflows.Rollback, workflows.Request{By: "bob", Reason: "it is slow"})
		s.ends(n, slipway.RolledBack, "group 1 of 3 did not pass its watch: edge e")
		s.ends(held, slipway.RolledBack, "bob went back")
		s.is(release(1), release(1))
	})
}

func TestGatesComeBeforeTheCanarySwitches(t *testing.T) {
	t.Parallel()
	grouped(t, func(s *story) {
		n := s.submit(s.order("v2", approve))
		s.reaches(n, slipway.AwaitingApproval)
		s.serves(s.serve(release(1))...)
		s.signal(n, workflows.Decide, s.decision(n, "lea", slipway.Approve))
		s.reaches(n, slipway.Holding)
		s.serves(s.serve(release(2))...)
	})
}

// A host that hangs is left out of its group, and its edge is sent to hosts where
// green runs by then; a group of which nothing answers is not passed over.
func TestHostsThatHangInGroups(t *testing.T) {
	t.Parallel()
	grouped(t, func(s *story) {
		n := s.canary()
		s.hang()
		s.ends(n, slipway.RolledBack, "no host of group 2 takes part ([h2])")
		s.serves(s.serve(release(1))...)
		s.ends(s.submit(s.order("v3")), slipway.Refused, "no host of group 2 takes part ([h2])")
		s.shape = func(svc *slipway.Service) {
			inGroups(svc)
			svc.Strategy.BlueGreen.Groups = svc.Strategy.BlueGreen.Groups[:1]
		}
		last := s.submit(s.order("v4"))
		s.reaches(last, slipway.Holding)
		s.serves(s.serve(release(last))...)
		if diff := cmp.Diff([]string{"h1", "h3"}, s.upstreams("e2", release(last))); diff != "" {
			t.Errorf("e2 is sent to (-want +got):\n%s", diff)
		}
	})
}

// The last group's watch may be given up, too; then it is held.
func TestAbortInTheLastWatchGoesBack(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.local()
	s.tell(func() {
		s.live("v1")
		s.shape = inGroups
		n := s.submit(s.order("v2"))
		s.inWatch(n, 2)
		s.rollback(nil)
		s.ends(n, slipway.Aborted, "it is slow")
		s.is(release(1), release(1))
	})
}

func TestSoManyHostsDeployAtATime(t *testing.T) {
	t.Parallel()
	s := newStory(t, 5)
	s.shape = func(svc *slipway.Service) {
		svc.Strategy.BlueGreen.MaxParallel = slipway.Share{Number: 40, Percent: true}
	}
	s.tell(func() {
		s.fault(&fault{mode: hanging, activity: "StartGreen"})
		n := s.submit(s.order("v1"))
		s.until("two pull", func() bool { return len(s.called("PullImage")) >= 2 })
		s.wait(5 * time.Second)
		if got := len(s.called("PullImage")); got != 2 {
			t.Errorf("%d hosts pull at a time", got)
		}
		s.signal(n, workflows.Abort, workflows.Request{By: "bob"})
		r := s.ends(n, slipway.Aborted, "")
		if got := len(s.called("RemoveContainer")); got != 2 || phaseOf(r, "h5") != slipway.HostPending {
			t.Errorf("%d hosts were asked to remove what two may have; h5 is %s", got, phaseOf(r, "h5"))
		}
		s.heal()
		s.live("v2")
		s.is(release(2), release(2))
	})
}

// A release that is ended from outside while its canary is watched leaves edges
// that differ; a Cleanup brings them together.
func TestOrphanedCanaryIsBroughtBack(t *testing.T) {
	t.Parallel()
	grouped(t, func(s *story) {
		n := s.canary()
		s.signal(n, terminate, nil)
		s.cleaned(n)
		s.is(release(1), release(1))
		s.shape = nil
		s.live("v3")
		s.is(release(3), release(3))
	})
}
