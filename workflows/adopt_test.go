package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/workflows"
)

// legacy is a container that serves in the world, started by hand.
func (w *world) legacy() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.foreign = map[string]slipway.Found{"legacy": {
		Name: "legacy", ID: "4711", Image: "sha256:config", Tag: "api:old", Running: true,
		Digests: []string{"registry/search/api@" + digest("old")}, Addresses: []string{"172.17.0.2"},
		Published: []slipway.Published{{Port: 8080, Address: "0.0.0.0", HostPort: 80}},
	}}
	w.hosts["h1"]["legacy"] = slipway.ContainerState{Name: "legacy", ID: "4711", Running: true}
}

// adoption orders the legacy container of host h1.
func (w *world) adoption(change ...func(*slipway.Adoption)) slipway.Order {
	a := slipway.Adoption{Host: "h1", Container: "legacy"}
	for _, f := range change {
		f(&a)
	}
	return w.order("legacy", func(o *slipway.Order) {
		plan, err := o.Plan.Adopt(a)
		if err != nil {
			w.t.Fatal(err)
		}
		o.Kind, o.Plan, o.Adopt, o.RequestedBy = slipway.KindAdopt, plan, &a, "olga"
	})
}

func retire(a *slipway.Adoption) { a.Retire = true }

func (s *story) adopt(order slipway.Order) (int, error) {
	result, err := s.update(workflows.LaneID(service), workflows.Adopt, workflows.SubmitInput{Order: order})
	return result.Release.Number, err
}

func (s *story) mustAdopt(change ...func(*slipway.Adoption)) {
	s.t.Helper()
	s.legacy()
	n, err := s.adopt(s.adoption(change...))
	if err != nil {
		s.t.Fatalf("adopt: %v", err)
	}
	s.ends(n, slipway.Live, "")
}

func TestAdoptedContainerIsBlueOfTheFirstRelease(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.mustAdopt()
		s.lanes(release(0))
		if diff := cmp.Diff(s.serve(release(0)), s.serving()); diff != "" {
			t.Errorf("edges serve (-want +got):\n%s", diff)
		}
		for _, edge := range []string{"e1", "e2"} { // both by the port of the host, which stays
			if got := s.edges[edge][service.Key()].Targets[release(0)].Upstreams; !slices.Equal(got, []string{"192.0.2.1:80"}) {
				t.Errorf("%s reaches it at %v", edge, got)
			}
		}
		held := s.held()
		if r := s.status(held); r.Blue != release(0) || !r.RollbackReady {
			t.Errorf("blue is %q, going back is possible: %t", r.Blue, r.RollbackReady)
		}
		if back := s.rollback(nil); back != held {
			t.Errorf("going back makes release %d", back)
		}
		s.ends(held, slipway.RolledBack, "bob went back")
		s.lanes(release(0))
		if diff := cmp.Diff([]string{"h1/legacy"}, s.running()); diff != "" {
			t.Errorf("hosts run (-want +got):\n%s", diff)
		}
	})
}

// Until then the lane takes the release for live, and forgets what it held.
func TestAReleaseIsNothingToGoBackToWhenWhatWasAdoptedIsBroughtBackLate(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.mustAdopt()
		n := s.held()
		s.fault(&fault{mode: away, at: "e1", until: s.env.Now().Add(time.Hour)})
		s.signal(n, workflows.Rollback, workflows.Request{By: "bob", Reason: "it is slow"})
		s.ends(n, slipway.Failed, "look at it now")
		s.cleaned(n)
		s.lanes(release(0))
	})
}

func TestAdoptedContainerIsRemovedOnlyWhereThatWasSaid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change []func(*slipway.Adoption)
		left   []string
	}{
		"left running": {nil, []string{"h1/legacy"}},
		"retired":      {[]func(*slipway.Adoption){retire}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 2)
			s.tell(func() {
				s.mustAdopt(c.change...)
				preview, err := s.plan(s.order("v1", holding(0)))
				if err != nil {
					t.Fatal(err)
				}
				n := s.submit(s.order("v1", holding(0)))
				if r := s.ends(n, slipway.Live, ""); r.CleanupPending {
					t.Error("something is pending")
				}
				if diff := cmp.Diff(append(slices.Clone(c.left), s.run(release(n))...), s.running()); diff != "" {
					t.Errorf("hosts run (-want +got):\n%s", diff)
				}
				planned := []string{}
				for _, step := range preview.Steps {
					planned = append(planned, step.Does)
				}
				slices.Sort(planned)
				done := slices.Sorted(slices.Values(s.did[wfid(n)]))
				if diff := cmp.Diff(planned, done); diff != "" {
					t.Errorf("planned and done (-planned +done):\n%s", diff)
				}
				s.lanes(release(n)) // how legacy was started is not known, so nobody can go back to it
				_, err = s.update(workflows.LaneID(service), workflows.Rollback, workflows.RollbackInput{Request: workflows.Request{By: "bob", Reason: "slow"}})
				s.refused(err, slipway.CodeNotFound, "nothing to go back to")
			})
		})
	}
}

func TestAdoptionsThatAreRefusedChangeNothing(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		refused := func(reason string, change func(*slipway.Found)) {
			t.Helper()
			s.legacy()
			found := s.foreign["legacy"]
			change(&found)
			s.foreign["legacy"] = found
			n, err := s.adopt(s.adoption())
			if err != nil {
				t.Fatal(err)
			}
			s.ends(n, slipway.Refused, reason)
			for edge, table := range s.edges {
				if len(table) > 0 {
					t.Errorf("%s has learnt of it: %v", edge, table)
				}
			}
		}
		refused("container legacy on host h1 is not running: start it first", func(f *slipway.Found) { f.Running = false })
		refused("is Slipway's own, of shop.web.3", func(f *slipway.Found) { f.Release = "shop.web.3" })
		refused("edge e2 cannot reach port 8080 of container legacy on host h1: it publishes 127.0.0.1:80 for 8080; start it with that port published on 192.0.2.1",
			func(f *slipway.Found) { f.Published[0].Address = "127.0.0.1" })
		s.fault(&fault{mode: fails, activity: "ProbeGreen", text: "it answered 404 Not Found"})
		refused("does not pass the health check of the service file at http://192.0.2.1:80/, so nothing was changed: see that container.port is right (it is 8080; ports that the image exposes: 80 443), and healthcheck.path. it answered 404 Not Found",
			func(f *slipway.Found) { f.Exposed = []int{80, 443} })
		s.heal()
		s.mustAdopt()
		_, err := s.adopt(s.adoption())
		s.refused(err, slipway.CodeConflict, "search/api is live already: search.api.0 serves")
	})
}

func TestAdoptionIsUndoneWhereAnEdgeDoesNotTakeIt(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.legacy()
		s.fault(&fault{mode: fails, activity: "CommitTarget", at: "e2"})
		n, err := s.adopt(s.adoption(retire))
		if err != nil {
			t.Fatal(err)
		}
		s.ends(n, slipway.RolledBack, "CommitTarget e2 is broken")
		if diff := cmp.Diff(s.serve(""), s.serving()); diff != "" {
			t.Errorf("edges serve (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"h1/legacy"}, s.running()); diff != "" {
			t.Errorf("hosts run (-want +got):\n%s", diff)
		}
		s.heal()
		s.mustAdopt() // once more
	})
}

func TestAdoptionEndedFromOutsideLeavesTheContainerAlone(t *testing.T) {
	t.Parallel()
	for _, activity := range []string{"FindContainer", "StageTarget", "CommitTarget"} {
		t.Run(activity, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 2)
			s.tell(func() {
				s.legacy()
				s.fault(&fault{mode: hanging, activity: activity, at: map[string]string{"CommitTarget": "e2"}[activity]})
				n, err := s.adopt(s.adoption(retire))
				if err != nil {
					t.Fatal(err)
				}
				s.until("it has begun", func() bool { return s.status(n).Phase != slipway.Queued })
				s.wait(time.Second)
				s.heal()
				s.signal(n, terminate, nil)
				s.cleaned(n)
				if diff := cmp.Diff(s.serve(""), s.serving()); diff != "" {
					t.Errorf("edges serve (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff([]string{"h1/legacy"}, s.running()); diff != "" {
					t.Errorf("hosts run (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestRemoveLeavesWhatWasAdoptedRunning(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.mustAdopt()
		s.ends(s.mustRemove(), slipway.Removed, "container legacy on host h1, which was adopted, is left running")
		if diff := cmp.Diff([]string{"h1/legacy"}, s.running()); diff != "" {
			t.Errorf("hosts run (-want +got):\n%s", diff)
		}
		s.mustAdopt() // again
		s.lanes(release(0))
	})
}
