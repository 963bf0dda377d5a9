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

// replicas orders so many containers on each host.
func replicas(n int) func(*slipway.Service) { return func(s *slipway.Service) { s.Replicas = n } }

// containers are the names of a release's containers that an edge is sent to.
func (s *story) containers(edge, release string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, upstream := range s.edges[edge][service.Key()].Targets[release].Upstreams {
		host, name := s.container(upstream, release)
		out = append(out, host+"/"+name)
	}
	return out
}

func TestEdgesAreSentToEveryReplica(t *testing.T) {
	t.Parallel()
	s := shaped(t, replicas(3))
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.is(release(n), release(1), release(n))
		for _, edge := range []string{"e1", "e2"} {
			for _, release := range []string{release(1), release(n)} {
				want := []string{"h1/" + release, "h1/" + release + ".1", "h1/" + release + ".2", "h2/" + release, "h2/" + release + ".1", "h2/" + release + ".2"}
				if diff := cmp.Diff(want, s.containers(edge, release)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", edge, diff)
				}
			}
		}
		s.signal(n, workflows.Accept, workflows.Request{By: "ann"})
		s.ends(n, slipway.Live, "")
		s.is(release(n), release(n))
	})
}

// What proves that Slipway started a container goes where the container is told
// of, and nowhere else: of hundreds it would be too much for one message.
func TestEdgesAreShownOnlyTheContainersThatTheyAreSentTo(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.shape = replicas(2)
	s.local()
	s.tell(func() {
		s.live("v1")
		s.cordons(true, "h2") // so that its edge is amended to send requests to the others
		s.drained()
		for activity, want := range map[string]int{"StageTarget": 2, "AmendTarget": 4} {
			for _, c := range s.called(activity) {
				if c.proofs != want {
					t.Errorf("%s on %s carries the proofs of %d containers, want %d", activity, c.at, c.proofs, want)
				}
			}
		}
	})
}

// One container that is not well is enough: it would get its share of the
// requests.
func TestOneReplicaThatIsNotProvenUndoesTheRelease(t *testing.T) {
	t.Parallel()
	s := shaped(t, replicas(2))
	s.tell(func() {
		s.live("v1")
		s.fault(&fault{mode: fails, activity: "ProbeGreen", of: release(2) + ".1", at: "h2"})
		n := s.submit(s.order("v2"))
		r := s.ends(n, slipway.RolledBack, "")
		s.is(release(1), release(1))
		kept := s.called("KeepEvidence")
		if len(kept) != 1 || kept[0].of != release(2)+".1" || !strings.Contains(r.Hosts[1].Error, "evidence is kept in") {
			t.Errorf("evidence was kept by %+v; h2 is %+v", kept, r.Hosts[1])
		}
	})
}

func TestReplicaThatDiesWhileBlueIsHeldIsRolledBack(t *testing.T) {
	t.Parallel()
	s := shaped(t, replicas(2))
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.fall(release(n)+".1", true)
		s.ends(n, slipway.RolledBack, release(n)+".1 does not answer any more")
		s.is(release(1), release(1))
		for _, kept := range s.called("KeepEvidence") {
			if kept.of != release(n)+".1" {
				t.Errorf("evidence was kept of %s", kept.of)
			}
		}
	})
}

// Going back needs all of blue, and a host is one host however much of it is
// away.
func TestReplicaOfBlueThatDoesNotAnswerIsNoWayBack(t *testing.T) {
	t.Parallel()
	s := shaped(t, replicas(2))
	s.tell(func() {
		s.live("v1")
		n := s.held()
		sick := func(sick bool, containers ...string) {
			for _, c := range containers {
				s.fall(c, sick)
			}
			s.wait(5 * time.Second)
		}
		sick(true, release(1)+".1")
		if r := s.status(n); r.RollbackReady || r.Phase != slipway.Holding || r.Hosts[0].Error == "" {
			t.Errorf("one of two is sick, but the release is %s, ready %t: %+v", r.Phase, r.RollbackReady, r.Hosts)
		}
		sick(true, release(1))
		sick(false, release(1))
		if s.status(n).RollbackReady {
			t.Error("the first answers again, and that is taken for both")
		}
		sick(false, release(1)+".1")
		if r := s.status(n); !r.RollbackReady || r.Hosts[0].Error != "" {
			t.Errorf("all answer, but going back is ready: %t; %+v", r.RollbackReady, r.Hosts)
		}
	})
}

// How many there are is a setting like all others: it changes with a release and
// goes back with it.
func TestNumberOfReplicasChangesWithARelease(t *testing.T) {
	t.Parallel()
	for name, shape := range map[string]func(*slipway.Service){"a service": func(*slipway.Service) {}, "a worker": routeless, "an exclusive service": exclusive} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 1)
			of := func(n int) {
				s.shape = func(svc *slipway.Service) {
					shape(svc)
					svc.Replicas = n
				}
			}
			s.tell(func() {
				state := ""
				if s.shape = shape; s.order("v1").Service.StopsBlue() {
					state = stopped
				}
				of(0)
				s.live("v1")
				of(3)
				n := s.held()
				s.runs("h1/"+release(1)+state, on("h1", n), on("h1", n)+".1", on("h1", n)+".2")
				s.rollback(nil)
				s.ends(n, slipway.RolledBack, "went back")
				s.runs(on("h1", 1))
				s.live("v2")
				s.runs(on("h1", 3), on("h1", 3)+".1", on("h1", 3)+".2")
				of(2)
				s.live("v2") // the same image
				s.runs(on("h1", 4), on("h1", 4)+".1")
			})
		})
	}
}

func TestDrainedHostIsLeftByAllReplicasAndGetsThemBack(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.shape = replicas(2)
	s.tell(func() {
		s.live("v1")
		asked := s.fault(&fault{mode: late, activity: "DrainTarget"})
		s.cordons(true, "h2")
		s.until("all requests are waited for side by side", func() bool { return s.late(asked, 6) })
		s.heal()
		s.answer(asked)
		s.drained()
		s.runs(on("h1", 1), on("h1", 1)+".1", on("h3", 1), on("h3", 1)+".1")
		drained := map[string]int{}
		for _, c := range s.called("DrainTarget") {
			drained[c.at]++
		}
		if diff := cmp.Diff(map[string]int{"e1": 2, "e2": 2, "e3": 2}, drained); diff != "" {
			t.Errorf("waits for requests to a container (-want +got):\n%s", diff)
		}
		s.cordons(false)
		s.caughtUp()
		s.is(release(1), release(1))
		for _, edge := range []string{"e1", "e2", "e3"} {
			if got := s.containers(edge, release(1)); len(got) != 6 || !slices.Contains(got, on("h2", 1)+".1") {
				t.Errorf("%s is sent to %q", edge, got)
			}
		}
		s.live("v2")
		s.is(release(2), release(2))
	})
}

func TestNewHostGetsAllReplicas(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.shape = replicas(2)
	s.tell(func() {
		s.without(func() { s.live("v1") })
		if err := s.join("h2"); err != nil {
			t.Fatal(err)
		}
		s.joined("h2")
		s.is(release(1), release(1))
		if got := s.containers("e1", release(1)); len(got) != 4 {
			t.Errorf("e1 is sent to %q", got)
		}
	})
}

// What was adopted is the one container that it is.
func TestAdoptedContainerIsReplacedByReplicas(t *testing.T) {
	t.Parallel()
	s := shaped(t, replicas(2))
	s.tell(func() {
		s.mustAdopt(retire)
		if live := s.laneStatus().Live; live.Hosts[0].Replicas != nil {
			t.Errorf("it is %+v", live.Hosts[0])
		}
		n := s.held()
		s.rollback(nil)
		s.ends(n, slipway.RolledBack, "bob went back")
		s.live("v2")
		s.is(release(n+1), release(n+1))
	})
}

// After a wait, each of green's containers is to run what was verified.
func TestEveryReplicaIsLookedAtAgainAfterAGate(t *testing.T) {
	t.Parallel()
	s := shaped(t, replicas(2))
	s.tell(func() {
		s.live("v1")
		n := s.submit(s.order("v2", approve))
		s.reaches(n, slipway.AwaitingApproval)
		s.mu.Lock()
		swapped := s.hosts["h1"][release(n)+".1"]
		swapped.Image = digest("v4")
		s.hosts["h1"][release(n)+".1"] = swapped
		s.mu.Unlock()
		s.signal(n, workflows.Decide, s.decision(n, "lea", slipway.Approve))
		s.ends(n, slipway.RolledBack, "was verified")
		s.is(release(1), release(1))
	})
}

func TestReplicasOfAReleaseThatIsTerminatedAreClearedUp(t *testing.T) {
	t.Parallel()
	s := shaped(t, replicas(2))
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.signal(n, terminate, nil)
		s.cleaned(n)
		s.wait(time.Minute)
		s.is(s.serving()[0], s.serving()[0])
	})
}

func TestServiceOfReplicasIsRestartedAndRemoved(t *testing.T) {
	t.Parallel()
	s := shaped(t, replicas(2))
	s.tell(func() {
		s.live("v1")
		n := s.submit(s.order("v1", holding(0), restarting))
		s.ends(n, slipway.Live, "")
		s.is(release(n), release(n))
		s.ends(s.mustRemove(), slipway.Removed, "")
		s.is("")
	})
}
