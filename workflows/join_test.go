package workflows_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"slipway"
	"slipway/workflows"
)

// without runs f while the fleet file does not have the last host yet, or any
// more, nor the edge on it.
func (s *story) without(f func()) {
	hosts, edges := s.fleet.Hosts, s.fleet.Edges
	n := len(hosts) - 1
	s.missed[edges[n].Name] = true
	s.fleet.Hosts, s.fleet.Edges = slices.Clone(hosts[:n]), slices.Clone(edges[:n])
	for i := range s.fleet.Edges {
		s.fleet.Edges[i].Hosts = slices.DeleteFunc(slices.Clone(edges[i].Hosts), func(h string) bool { return h == hosts[n].Name })
	}
	f()
	s.fleet.Hosts, s.fleet.Edges = hosts, edges
}

// join does what the API does when somebody has a host join: nil where there was
// nothing to ask.
func (s *story) join(host string, cordons ...slipway.Cordons) error {
	s.t.Helper()
	status := s.laneStatus()
	if joined, ok := status.Joins(host, s.fleet); !ok || joined.State != slipway.JoinUnasked {
		s.t.Fatalf("%s is %+v before it is asked to join", host, joined)
	}
	plan, err := slipway.NewPlan(s.fleet, status.Live.Service)
	if err != nil {
		s.t.Fatal(err)
	}
	_, news := status.Live.Join(plan, host, "", time.Time{})
	seal, err := s.keys.Proof(status.Live.Warrant.Order, &slipway.OrderStatement{})
	if err != nil {
		s.t.Fatal(err)
	}
	joining := slipway.Joining{Host: host, Release: status.Live.Release, Plan: plan, By: "ops", Reason: "more people"}
	joining.Signature = s.seal(slipway.JoinStatement{Order: seal.ID, Hosts: news.Hosts, Edges: news.Edges, By: joining.By, Reason: joining.Reason})
	in := workflows.JoinInput{Joining: joining}
	if len(cordons) > 0 {
		in.Cordons = cordons[0]
	}
	_, err = s.update(workflows.LaneID(service), workflows.Join, in)
	return err
}

// joined waits until a host is part of what is live.
func (s *story) joined(host string) {
	s.t.Helper()
	s.until(host+" has joined", func() bool {
		joined, ok := s.laneStatus().Joins(host, s.fleet)
		return ok && joined.State == slipway.JoinDone
	})
}

func (s *story) joinState(want slipway.JoinState) {
	s.t.Helper()
	if joined, _ := s.laneStatus().Joins("h3", s.fleet); joined.State != want {
		s.t.Errorf("h3 is %+v, want %s", joined, want)
	}
}

// removeHost tells the lane that a host is taken out for good.
func (s *story) removeHost(host string, gone bool) {
	s.t.Helper()
	cordon := slipway.Cordon{Host: host, By: "ops", Reason: "it is old", Drain: true, Remove: true, Gone: gone}
	cordon.Signature = s.seal(slipway.RequestStatement{
		Act: slipway.ActRemoveHost, Host: host, Edges: s.laneStatus().Live.Plan.EdgesOf(host), By: cordon.By, Reason: cordon.Reason,
	})
	s.cordoned(cordon)
}

func (s *story) forgotten(host string) {
	s.t.Helper()
	s.until(host+" is forgotten", func() bool { return !s.laneStatus().Live.Knows(host) })
}

func TestNewHostJoinsWhatIsLive(t *testing.T) {
	ofAnyEdges(t, func(s *story, local bool) {
		s.without(func() { s.live("v1") })
		s.wait(time.Hour) // nothing happens by itself
		s.runs(on("h1", 1), on("h2", 1))
		if err := s.join("h3"); err != nil {
			s.t.Fatal(err)
		}
		s.joined("h3")
		s.is(release(1), release(1))
		for i, edge := range []string{"e1", "e2", "e3"} {
			want := []string{"h1", "h2", "h3"}
			if local {
				want = want[i : i+1]
			}
			if got := s.upstreams(edge, release(1)); !slices.Equal(got, want) {
				s.t.Errorf("%s is sent to %q, want %q", edge, got, want)
			}
		}
		n := s.submit(s.order("v1", holding(0)))
		s.ends(n, slipway.Live, "serves exactly this already")
		s.live("v2")
		s.is(release(3), release(3))
		s.rollback(new(s.order(s.tags["v1"], rollingBack)))
		s.until("it went back", func() bool { return s.serving()[2] == release(4) })
	})
}

// Who is told of cordons is looked up in a list that may be behind: a lane that
// begins a new run just then misses them.
func TestAHostJoinsThatTheLaneBelievesCordoned(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.without(func() { s.live("v1") })
		s.cordons(false, "h3")
		if err := s.join("h3", slipway.Cordons{Revision: s.told + 1}); err != nil {
			t.Fatal(err)
		}
		s.joined("h3")
		s.is(release(1), release(1))
	})
}

// Where a release is on its way, or holds what served before, a host joins when
// that is over; a release that was ordered since takes it in by itself.
func TestNewHostWaitsForAReleaseAndItsHold(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		var n int
		s.without(func() {
			s.live("v1")
			n = s.held()
		})
		if err := s.join("h3"); err != nil {
			t.Fatal(err)
		}
		s.wait(10 * time.Second)
		s.joinState(slipway.JoinWaits)
		s.runs(on("h1", 1), on("h1", 2), on("h2", 1), on("h2", 2))
		s.ends(n, slipway.Live, "")
		s.joined("h3")
		s.until("blue is gone", func() bool { return len(s.running()) == 3 })
		s.is(release(2), release(2))
	})
}

// What was wished for a version that has gone meanwhile is void: it is to be
// asked again.
func TestWishOfAVersionThatWentBackIsVoid(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.without(func() {
			s.live("v1")
			s.held()
		})
		if err := s.join("h3"); err != nil {
			t.Fatal(err)
		}
		s.rollback(nil)
		s.until("it is over", func() bool { return len(s.laneStatus().Joining) == 0 })
		s.joinState(slipway.JoinUnasked)
		s.until("green is gone", func() bool { return len(s.running()) == 2 })
		s.runs(on("h1", 1), on("h2", 1))
		if err := s.join("h3"); err != nil {
			t.Fatal(err)
		}
		s.joined("h3")
		s.is(release(1), release(1))
	})
}

// A host that does not answer joins when it does; its edge is up before.
func TestNewHostThatDoesNotAnswerJoinsLater(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.without(func() { s.live("v1") })
		s.cut("h3")
		if err := s.join("h3"); err != nil {
			t.Fatal(err)
		}
		s.wait(time.Hour)
		s.joinState(slipway.JoinBegun)
		s.serves(release(1), release(1), release(1))
		s.heal()
		s.joined("h3")
		s.is(release(1), release(1))
	})
}

// A release finds a host that is still to join, and one that is not even asked:
// it takes the host in, and the edge that never served anything begins last.
func TestReleaseTakesNewHostsAndEdgesIn(t *testing.T) {
	t.Parallel()
	for name, asked := range map[string]bool{"asked": true, "not asked": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 3)
			s.tell(func() {
				s.without(func() { s.live("v1") })
				if asked {
					s.cut("h3", "e3")
					if err := s.join("h3"); err != nil {
						t.Fatal(err)
					}
					s.wait(time.Minute)
					s.heal()
				}
				n := s.held()
				s.runs(on("h1", 1), on("h1", 2), on("h2", 1), on("h2", 2), on("h3", 2))
				s.serves(release(n), release(n), "")
				s.wait(2 * time.Hour)
				s.joined("h3")
				s.is(release(n), release(n))
			})
		})
	}
}

// Going back leaves a new edge as it was: serving nothing.
func TestReleaseWithANewEdgeGoesBack(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.without(func() { s.live("v1") })
		n := s.held(holding(80 * time.Minute))
		s.wait(70 * time.Minute)
		s.rollback(nil)
		s.ends(n, slipway.RolledBack, "")
		s.serves(release(1), release(1), "")
		s.until("green is gone", func() bool { return len(s.running()) == 2 })
		s.runs(on("h1", 1), on("h2", 1))
	})
}

// What joins a service of one host: the containers that are there have no port
// for an edge elsewhere.
func TestSecondHostJoinsTheOnlyOne(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.local()
	s.tell(func() {
		s.without(func() { s.live("v1") })
		if err := s.join("h2"); err != nil {
			t.Fatal(err)
		}
		s.joined("h2")
		s.is(release(1), release(1))
	})
}

// Workers without a route join, too.
func TestNewHostRunsWorkers(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.shape = lonely
	s.tell(func() {
		s.without(func() { s.live("v1") })
		if err := s.join("h3"); err != nil {
			t.Fatal(err)
		}
		s.joined("h3")
		s.runs(on("h1", 1), on("h2", 1), on("h3", 1))
		s.live("v2")
		s.runs(on("h1", 2), on("h2", 2), on("h3", 2))
	})
}

// An operator's word is needed: an order counts where it was signed for, and
// nobody who writes to Temporal can have it count elsewhere.
func TestNobodyJoinsWithoutASignature(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.without(func() { s.live("v1") })
		live := s.laneStatus().Live
		plan, err := slipway.NewPlan(s.fleet, live.Service)
		if err != nil {
			t.Fatal(err)
		}
		for _, signature := range []string{"", s.seal(slipway.JoinStatement{Order: "another", Hosts: []string{"h3"}, Edges: []string{"e3"}})} {
			_, err = s.update(workflows.LaneID(service), workflows.Join, workflows.JoinInput{Joining: slipway.Joining{Host: "h3", Release: live.Release, Plan: plan, By: "mallory", Reason: "x", Signature: signature}})
			if err != nil {
				t.Fatal(err)
			}
			s.wait(time.Hour)
			s.runs(on("h1", 1), on("h2", 1))
			s.serves(release(1), release(1), "")
			s.joinState(slipway.JoinBegun)
		}
	})
}

func TestRemovedHostIsForgotten(t *testing.T) {
	ofAnyEdges(t, func(s *story, _ bool) {
		s.live("v1")
		s.removeHost("h3", false)
		s.forgotten("h3")
		s.runs(on("h1", 1), on("h2", 1))
		s.serves(release(1), release(1), "")
		if got := s.laneStatus(); len(got.Behind) > 0 || len(got.Live.Hosts) != 2 || len(got.Live.Plan.Edges) != 2 {
			s.t.Errorf("what is live is %+v", got.Live)
		}
		s.without(func() {
			n := s.submit(s.order("v1", holding(0)))
			s.ends(n, slipway.Live, "serves exactly this already")
			s.live("v2")
		})
		s.runs(on("h1", 3), on("h2", 3))
		s.serves(release(3), release(3), "")

		s.cordons(false) // it is given back after all
		if err := s.join("h3"); err != nil {
			s.t.Fatal(err)
		}
		s.joined("h3")
		s.is(release(3), release(3))
	})
}

// What was drained before, is removed as well.
func TestDrainedHostIsRemoved(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.live("v1")
		s.cordons(true, "h3")
		s.until("h3 is empty", func() bool { return !s.laneStatus().RunsOn("h3") })
		s.serves(release(1), release(1), release(1))
		s.removeHost("h3", false)
		s.forgotten("h3")
		s.serves(release(1), release(1), "")
		s.runs(on("h1", 1), on("h2", 1))
	})
}

// A host that is dead keeps its place until somebody says that it never comes
// back; then nothing is asked of it.
func TestDeadHostIsRemovedWhenItIsGivenUp(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.live("v1")
		s.cut("h3", "e3")
		s.removeHost("h3", false)
		s.wait(time.Hour)
		if status := s.laneStatus(); !status.Live.Knows("h3") {
			t.Error("h3 is forgotten while its edge may send people there")
		}
		s.mu.Lock()
		s.edges["e3"] = slipway.Table{}
		s.mu.Unlock()
		s.removeHost("h3", true)
		s.forgotten("h3")
		for _, edge := range []string{"e1", "e2"} {
			if got := s.upstreams(edge, release(1)); len(got) != 2 {
				t.Errorf("%s is sent to %q", edge, got)
			}
		}
		s.without(func() { s.live("v2") })
		s.runs(on("h1", 2), on("h2", 2), on("h3", 1)) // nobody reaches it
	})
}

// A removal waits for what is on its way and its hold, and what was ordered
// before and still waits is not carried out.
func TestRemovalOfAHostDuringARelease(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		before := s.order("v3")
		s.removeHost("h3", false)
		s.wait(30 * time.Second)
		s.is(release(n), release(1), release(n))
		s.refusedPlainly(s.laneStatus().MayForget("h3"), "holds what served before")
		late := s.submit(before)
		s.ends(late, slipway.Refused, "host h3 was removed by ops: it is old, after this was asked for: ask again")
		s.ends(n, slipway.Live, "")
		s.forgotten("h3")
		s.until("blue is gone", func() bool { return len(s.running()) == 2 })
		s.runs(on("h1", n), on("h2", n))
		s.serves(release(n), release(n), "")
	})
}

// The last host stays, and so does the last edge.
func TestLastHostAndLastEdgeAreNotRemoved(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.fleet.Edges = s.fleet.Edges[:1]
	delete(s.edges, "e2")
	s.tell(func() {
		s.live("v1")
		s.refusedPlainly(s.laneStatus().MayForget("h1"), "no other edge leads to search/api than e1")
		s.removeHost("h1", false)
		s.wait(time.Hour)
		s.runs(on("h1", 1), on("h2", 1))
		s.cordons(false)
		s.removeHost("h2", false)
		s.forgotten("h2")
		s.refusedPlainly(s.laneStatus().MayForget("h1"), "would serve")
		if got := fmt.Sprint(s.running()); got != "[h1/search.api.1]" {
			t.Errorf("there run %s", got)
		}
	})
}

// Nobody points an edge at nothing who has not signed for it.
func TestEdgeIsNotTakenWithoutASignature(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.live("v1")
		s.wait(2 * time.Hour) // an undo could be the reason before
		s.cordoned(slipway.Cordon{Host: "h3", By: "mallory", Reason: "x", Drain: true, Remove: true, Signature: "none"})
		s.wait(time.Hour)
		s.serves(release(1), release(1), release(1))
	})
}
