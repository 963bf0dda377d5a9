package workflows_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/workflows"
)

// A host that is cut off after its edge has said what it serves takes its edge
// with it: nobody waits for that, and the others go on.
func TestEdgeThatGoesWithItsHostIsLeftOutWithIt(t *testing.T) {
	t.Parallel()
	for name, activity := range map[string]string{"as it pulls": "PullImage", "as green starts": "StartGreen", "as green is proven": "ProbeGreen"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 3)
			s.local()
			s.tell(func() {
				s.live("v1")
				s.fault(&fault{mode: silent, activity: activity, at: "h2"})
				s.fault(&fault{mode: silent, activity: "RemoveContainer", at: "h2"})
				s.fault(&fault{mode: silent, activity: "ReadRoute", at: "e2", nth: 2}) // since it was looked at
				s.fault(&fault{mode: away, activity: "StageTarget", at: "e2", until: s.env.Now().Add(time.Minute)})
				s.missed["e2"] = true
				began := s.env.Now()
				n := s.submit(s.order("v2"))
				s.reaches(n, slipway.Holding)
				if took := s.env.Now().Sub(began); took > 20*time.Second {
					t.Errorf("it took %s", took)
				}
				if diff := cmp.Diff([]string{"h2", "e2"}, behind(s.status(n).Behind)); diff != "" {
					t.Errorf("behind (-want +got):\n%s", diff)
				}
				s.serves(release(2), release(1), release(2))
				s.signal(n, workflows.Accept, workflows.Request{By: "ann"})
				s.ends(n, slipway.Live, "")
				s.heal()
				s.wait(2 * time.Hour)
				s.cleaned(n)
				s.is(release(2), release(2))
			})
		})
	}
}

// An edge that was told of green, and not yet to point at it, cannot serve it.
// If it does not answer, everybody has what they had, and nobody is called.
func TestEdgeThatGoesAwayBeforeAnyIsPointedAtGreenLeavesNothingInDoubt(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]mode{"before it hears": away, "and has heard": mute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 3)
			s.local()
			s.tell(func() {
				s.live("v1")
				s.fault(&fault{mode: how, activity: "StageTarget", at: "e2"})
				s.fault(&fault{mode: away, activity: "RestoreTarget", at: "e2"})
				s.fault(&fault{mode: away, activity: "UnstageTarget", at: "e2"})
				began := s.env.Now()
				n := s.submit(s.order("v2"))
				r := s.ends(n, slipway.RolledBack, "edge e2 does not answer: it has not acknowledged search.api.2 within the switch_timeout of 10s")
				if took := s.env.Now().Sub(began); took > 30*time.Second {
					t.Errorf("it took %s", took)
				}
				if !r.CleanupPending {
					t.Error("nothing is said to be pending, but e2 may know green")
				}
				s.serves(s.serve(release(1))...)
				s.runs(on("h1", 1), on("h2", 1), on("h2", 2), on("h3", 1))
				s.heal()
				s.wait(10 * time.Minute)
				s.cleaned(n)
				s.is(release(1), release(1))
				s.live("v3")
				s.is(release(3), release(3))
			})
		})
	}
}
