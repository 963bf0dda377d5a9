package workflows_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"slipway"
	"slipway/workflows"
)

// TestEveryStepMayFail goes through a release once for each of its activities,
// and lets that one fail for good, or take effect without an answer. However it
// goes, all edges serve the same in the end, either the new or the old, as the
// outcome says, and of the other nothing is left. The world itself watches that
// no container goes while an edge serves it.
func TestEveryStepMayFail(t *testing.T) {
	t.Parallel()
	courses := map[string]func(*story){ // what happens besides
		"a release": func(*story) {},
		"a release that is undone": func(s *story) {
			s.fault(&fault{mode: fails, activity: "CommitTarget", at: "e2"})
		},
		"a release that is caught up on a host": func(s *story) {
			s.fault(&fault{mode: silent, activity: "HostFacts", at: "h2", first: 1})
			s.missed["e2"] = true // if it is silent, too, it is left out
		},
	}
	for _, name := range []string{"a release", "a release that is undone"} {
		prepare := courses[name]
		courses[name+", two containers on each host"] = func(s *story) {
			s.shape = twice(nil)
			prepare(s)
		}
	}
	several := maps.Clone(shapes)
	several["a service that migrates"], several["a lonely worker that migrates"] = migrating(nil), migrating(lonely)
	for name, shape := range several {
		courses[name] = func(s *story) { s.shape = shape }
		courses[name+" that is undone"] = func(s *story) {
			s.shape = shape
			s.fault(&fault{mode: fails, activity: "StopContainer", at: "h2"})
		}
	}
	for course, prepare := range courses {
		if racing && course != "a release that is caught up on a host" {
			continue
		}
		for name, mode := range map[string]mode{"fails": fails, "is mute": mute, "is silent": silent} {
			if mode == fails && course == "a release that is caught up on a host" {
				continue // a Cleanup that is told no for good says so, and ends
			}
			if racing && mode != silent {
				continue
			}
			t.Run(course+" where one "+name, func(t *testing.T) {
				t.Parallel()
				overSteps(t, func(t *testing.T, n int) bool { return sweep(t, prepare, mode, n) })
			})
		}
	}
}

var everyStep = flag.Bool("every", false, "sweep over every step of a release, and not over every other one")

// overSteps does something at one step of a release after the other, until it
// says that there were not so many; by itself at every other one, from the first
// or from the second.
func overSteps(t *testing.T, at func(t *testing.T, n int) (more bool)) {
	t.Helper()
	first, stride := 1, 1
	if !*everyStep {
		first, stride = 1+rand.IntN(2), 2
	}
	for n, more := first, true; more; n += stride {
		more = t.Run(fmt.Sprintf("step %d", n), func(t *testing.T) { more = at(t, n) }) && more
		if n > 150 {
			t.Fatal("it has no end")
		}
	}
}

// sweptUp waits for the end of the second release, during which f broke
// something, and returns what serves then: the new or the old, as the outcome
// says, and nothing else is left.
func (s *story) sweptUp(n int, f *fault) (left string) {
	s.t.Helper()
	s.until("it ends", func() bool { _, ok := s.closed[wfid(n)]; return ok })
	r := s.closed[wfid(n)].release
	s.caughtUp()
	if r.CleanupPending {
		s.wait(10 * time.Minute)
		s.cleaned(n)
	}
	left = release(1)
	if *r.Outcome == slipway.Live {
		left = release(2)
	}
	s.is(left, left)
	if s.t.Failed() {
		s.t.Logf("%s: %s; broken was %s", *r.Outcome, r.Reason, f.hit)
	}
	if status := s.laneStatus(); status.Live.Release != left || len(status.Stuck) > 0 {
		s.t.Errorf("lane says %+v", status)
	}
	return left
}

// sweep runs one release with its nth activity broken and reports whether it
// had so many.
func sweep(t *testing.T, prepare func(*story), mode mode, nth int) bool {
	f := &fault{mode: mode, nth: nth}
	s := newStory(t, 2)
	prepare(s)
	planned := s.faults
	s.faults = nil
	s.tell(func() {
		s.live("v1")
		f.until = s.env.Now().Add(5 * time.Minute) // some go on for as long as it takes
		s.faults = append(s.faults, f)
		s.faults = append(s.faults, planned...)
		n := s.submit(s.order("v2"))
		s.until("it holds or ends", func() bool { return s.status(n).Phase == slipway.Holding || s.status(n).Outcome != nil })
		if s.status(n).Outcome == nil {
			s.signal(n, workflows.Accept, workflows.Request{By: "ann"})
		}
		s.sweptUp(n, f)
		s.heal()
		s.live("v3")
		s.is(release(3), release(3))
	})
	return f.key != ""
}
