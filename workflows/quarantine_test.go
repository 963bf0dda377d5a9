package workflows_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/workflows"
)

// phaseOf is how a host stands in a release.
func phaseOf(r slipway.Release, host string) slipway.HostPhase {
	for _, h := range r.Hosts {
		if h.Name == host {
			return h.Phase
		}
	}
	return ""
}

// behind are the names of what a release or a service has left behind.
func behind(list []slipway.Behind) []string {
	out := []string{}
	for _, b := range list {
		out = append(out, b.Host+b.Edge)
	}
	return out
}

func (s *story) serves(want ...string) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.serving()); diff != "" {
		s.t.Errorf("edges serve (-want +got):\n%s", diff)
	}
}

func (s *story) runs(want ...string) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.running()); diff != "" {
		s.t.Errorf("hosts run (-want +got):\n%s", diff)
	}
}

func on(host string, n int) string { return host + "/" + release(n) }

func approve(o *slipway.Order) { gated(o); o.Service.Gates[0].Approvers.Quorum = 1 }

// A host that hangs is left out, wherever the release stands: the others go on,
// its edge is sent to them, and nobody waits.
func TestHostThatHangsIsLeftOut(t *testing.T) {
	t.Parallel()
	for name, activity := range map[string]string{
		"when it is looked at": "HostFacts",
		"as it pulls":          "PullImage",
		"as green starts":      "StartGreen",
		"as green is proven":   "ProbeGreen",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 3)
			s.local()
			s.tell(func() {
				s.live("v1")
				s.fault(&fault{mode: silent, activity: activity, at: "h2"})
				s.fault(&fault{mode: silent, activity: "RemoveContainer", at: "h2"})
				began := s.env.Now()
				n := s.submit(s.order("v2"))
				s.reaches(n, slipway.Holding)
				if took := s.env.Now().Sub(began); took > 10*time.Second {
					t.Errorf("it took %s", took)
				}
				r := s.status(n)
				if phaseOf(r, "h2") != slipway.HostQuarantined || phaseOf(r, "h3") != slipway.HostServing || r.Hosts[1].Error != "h2 does not answer" {
					t.Errorf("hosts are %+v", r.Hosts)
				}
				if diff := cmp.Diff([]string{"h2"}, behind(r.Behind)); diff != "" {
					t.Errorf("behind (-want +got):\n%s", diff)
				}
				s.is2(n, "h1", "h3")
				s.signal(n, workflows.Accept, workflows.Request{By: "ann"})
				if r := s.ends(n, slipway.Live, ""); !r.CleanupPending {
					t.Error("nothing is said to be pending")
				}
			})
		})
	}
}

// is2 checks that all edges serve release n, and that the second one is sent to
// the other two hosts, because its own is left out.
func (s *story) is2(n int, hosts ...string) {
	s.t.Helper()
	s.serves(s.serve(release(n))...)
	if diff := cmp.Diff(hosts, s.upstreams("e2", release(n))); diff != "" {
		s.t.Errorf("e2 is sent to (-want +got):\n%s", diff)
	}
}

func TestHostThatHangsAtAGateIsLeftOut(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.local()
	s.tell(func() {
		s.live("v1")
		n := s.submit(s.order("v2", approve))
		s.reaches(n, slipway.AwaitingApproval)
		s.cut("h2", "e2")
		s.signal(n, workflows.Decide, s.decision(n, "lea", slipway.Approve))
		s.reaches(n, slipway.Holding)
		s.serves(release(2), release(1), release(2))
		if diff := cmp.Diff([]string{"h2", "e2"}, behind(s.status(n).Behind)); diff != "" {
			t.Errorf("behind (-want +got):\n%s", diff)
		}
	})
}

func TestEdgeWithoutAWayToGreenIsAway(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.local()
	for i := range s.fleet.Hosts {
		s.fleet.Hosts[i].Ports = slipway.PortRange{}
	}
	s.tell(func() {
		s.live("v1")
		s.hang()
		n := s.held()
		s.serves(s.serve(release(n))...)
		if target := s.edges["e2"][service.Key()].Targets[release(n)]; !target.Away() {
			t.Errorf("e2 is sent to %+v", target)
		}
	})
}

// As long as nothing has been changed, a release that too many hosts would have
// to be left out of is refused, and undone after that.
func TestTooManyHostsAway(t *testing.T) {
	t.Parallel()
	for activity, outcome := range map[string]slipway.Outcome{"HostFacts": slipway.Refused, "PullImage": slipway.RolledBack, "StartGreen": slipway.RolledBack} {
		t.Run(activity, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 3)
			s.tell(func() {
				s.live("v1")
				for _, host := range []string{"h2", "h3"} {
					s.fault(&fault{mode: silent, activity: activity, at: host})
					s.fault(&fault{mode: silent, activity: "RemoveContainer", at: host})
				}
				n := s.submit(s.order("v2"))
				r := s.ends(n, outcome, "2 of 3 hosts do not answer: h2 (h2 does not answer); h3 (h3 does not answer); 1 may be left out (unreachable.max is 50%, min_serving 1)")
				s.is(release(1), release(1))
				if r.CleanupPending != (activity == "StartGreen") {
					t.Errorf("cleanup pending: %t", r.CleanupPending)
				}
				if r.CleanupPending { // green may have been started after all
					s.heal()
					s.wait(10 * time.Minute)
					s.cleaned(n)
					s.is(release(1), release(1))
				}
			})
		})
	}
}

func TestServiceFileSaysHowManyHostsMayBeAway(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*slipway.BlueGreen){
		"none":                  func(b *slipway.BlueGreen) { b.Unreachable.Action = slipway.ActionFail },
		"all of them must be":   func(b *slipway.BlueGreen) { b.MinServing = slipway.Share{Number: 100, Percent: true} },
		"a service file before": func(b *slipway.BlueGreen) { b.Unreachable, b.MinServing = slipway.Unreachable{}, slipway.Share{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 2)
			s.tell(func() {
				s.live("v1")
				s.fault(&fault{mode: away, activity: "HostFacts", at: "h2"})
				s.ends(s.submit(s.order("v2", func(o *slipway.Order) { change(&o.Service.Strategy.BlueGreen) })), slipway.Refused, "HostFacts h2 is broken")
				s.is(release(1), release(1))
			})
		})
	}
}

// A host that answers, and whose green fails, fails the release.
func TestHostThatAnswersIsNotLeftOut(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.live("v1")
		s.fault(&fault{mode: fails, activity: "ProbeGreen", at: "h2"})
		s.ends(s.submit(s.order("v2")), slipway.RolledBack, "ProbeGreen h2 is broken")
		s.is(release(1), release(1))
	})
}

// An edge that does not answer may still send people to the old version, so
// what it may send them to stays, however long that takes.
func TestEdgeThatIsAwayWithItsHostIsLeftOut(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.local()
	s.tell(func() {
		s.live("v1")
		s.cut("h2", "e2")
		n := s.submit(s.order("v2", holding(0)))
		r := s.ends(n, slipway.Live, "")
		if !r.CleanupPending || !r.Edges[1].LeftOut {
			t.Errorf("it ended as %+v", r)
		}
		s.wait(24 * time.Hour)
		s.serves(release(2), release(1), release(2))
		s.runs(on("h1", 2), on("h2", 1), on("h3", 2))
	})
}

func TestEdgeThatIsAwayAloneFailsTheRelease(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.live("v1")
		s.cut("e2")
		s.ends(s.submit(s.order("v2")), slipway.Refused, "e2 does not answer")
		s.is(release(1), release(1))
		lax := func(o *slipway.Order) {
			o.Service.Strategy.BlueGreen.Unreachable.Edges.Action = slipway.ActionQuarantine
		}
		n := s.submit(s.order("v2", lax, holding(0)))
		r := s.ends(n, slipway.Live, "")
		s.serves(release(3), release(1), release(3))
		// e2 may send people to any host.
		if diff := cmp.Diff(s.run(release(1), release(3)), s.running()); diff != "" || !r.CleanupPending {
			t.Errorf("hosts run (-want +got):\n%s", diff)
		}
	})
}

// After staging, every edge that takes part counts.
func TestEdgeThatStopsAnsweringAsItIsSwitchedSendsAllBack(t *testing.T) {
	t.Parallel()
	for _, activity := range []string{"StageTarget", "CommitTarget"} {
		s := newStory(t, 3)
		s.local()
		s.tell(func() {
			s.live("v1")
			s.hang()
			s.fault(&fault{mode: away, activity: activity, at: "e3"})
			s.ends(s.submit(s.order("v2")), slipway.RolledBack, "edge e3 does not answer: it has not acknowledged search.api.2 within the switch_timeout of 10s")
			s.is(release(1), release(1))
		})
	}
}

func TestSwitchShowsItsSkew(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.live("v1")
		s.fault(&fault{mode: away, activity: "CommitTarget", at: "e2", first: 2})
		n := s.held()
		if skew := s.status(n).SwitchSkew; skew <= 0 {
			t.Errorf("the skew is %s", skew)
		}
	})
}

// While blue is held a host that goes away undoes nothing.
func TestHostThatGoesAwayWhileBlueIsHeldUndoesNothing(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.local()
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.cut("h2", "e2")
		s.wait(20 * time.Second)
		if r := s.status(n); r.Phase != slipway.Holding || !r.RollbackReady || r.Hosts[1].Error == "" || r.Hosts[0].Error != "" {
			t.Errorf("it is %s, going back possible: %t, hosts are %+v", r.Phase, r.RollbackReady, r.Hosts)
		}
		s.cut("h3", "e3")
		s.wait(20 * time.Second)
		if r := s.status(n); r.Phase != slipway.Holding || r.RollbackReady {
			t.Errorf("with two away it is %s, going back possible: %t", r.Phase, r.RollbackReady)
		}
		s.serves(s.serve(release(2))...)
	})
}

// Going back does not need a host that is left out, nor its edge.
func TestRollbackWhileAHostIsLeftOut(t *testing.T) {
	t.Parallel()
	for name, away := range map[string][]string{"with its edge": {"h2", "e2"}, "and its edge answers": {"h2"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 3)
			s.local()
			s.tell(func() {
				s.live("v1")
				s.cut(away...)
				n := s.held()
				asked := s.env.Now()
				r := s.rollbackOf(n)
				if took := s.env.Now().Sub(asked); took > 5*time.Second {
					t.Errorf("it took %s", took)
				}
				s.serves(s.serve(release(1))...)
				s.heal()
				s.wait(10 * time.Minute)
				if r.CleanupPending {
					s.cleaned(n)
				}
				s.is(release(1), release(1))
				s.live("v3")
				s.is(release(3), release(3))
			})
		})
	}
}

// The next release takes a host in that answers again, and its edge.
func TestNextReleaseTakesTheHostInAgain(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.local()
	s.tell(func() {
		s.live("v1")
		s.cut("h2", "e2")
		n := s.submit(s.order("v2", holding(0)))
		s.ends(n, slipway.Live, "")
		s.heal()
		s.live("v3")
		s.wait(2 * time.Hour)
		s.cleaned(n)
		s.is(release(3), release(3))
	})
}

func TestUndoneNextReleaseLeavesTheEdgeWhereItWas(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.local()
	s.tell(func() {
		s.live("v1")
		s.cut("h2", "e2")
		s.ends(s.submit(s.order("v2", holding(0))), slipway.Live, "")
		s.heal()
		stuck := s.fault(&fault{mode: fails, activity: "StageTarget", at: "e2", first: 1})
		s.until("e2 is all but caught up", func() bool { return s.hit(stuck) })
		s.fault(&fault{mode: fails, activity: "CommitTarget", at: "e3", first: 1})
		r := s.ends(s.submit(s.order("v3")), slipway.RolledBack, "CommitTarget e3 is broken")
		if r.Edges[0].Active != release(2) || r.Edges[1].Active != release(1) {
			t.Errorf("it left the edges as %+v", r.Edges)
		}
		s.lanes(release(2), release(1))
		s.until("e2 is caught up after all", func() bool { return s.serving()[1] == release(2) })
	})
}

func TestPlanSaysWhichHostWouldBeLeftOut(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.live("v1")
		s.hang()
		preview, err := s.plan(s.order("v2"))
		if err != nil {
			t.Fatal(err)
		}
		if want := "host h2 does not answer (h2 does not answer): it is left out until it does"; !strings.Contains(fmt.Sprint(preview.Warnings), want) {
			t.Errorf("no warning says %q: %q", want, preview.Warnings)
		}
		for _, step := range preview.Steps {
			if step.Phase != slipway.Verifying && strings.HasSuffix(step.Does, " h2") && !strings.HasPrefix(step.Does, "watch") {
				t.Errorf("it would %s", step.Does)
			}
		}
	})
}
