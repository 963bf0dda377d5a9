package workflows_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/workflows"
)

const between = 10 * time.Minute

// slowly brings green to so many hosts at a time, ten minutes apart.
func slowly(shape func(*slipway.Service), atATime int) func(*slipway.Service) {
	return func(s *slipway.Service) {
		if shape != nil {
			shape(s)
		}
		s.Strategy.BlueGreen.MaxParallel, s.Strategy.BlueGreen.Delay = slipway.Share{Number: atATime}, slipway.Duration(between)
	}
}

// canaryAndRest makes two groups: h1, and all other hosts.
func canaryAndRest(s *slipway.Service) {
	inGroups(s)
	s.Strategy.BlueGreen.Groups = s.Strategy.BlueGreen.Groups[:1]
}

// begun is how long after the first host each host began with a release's green,
// sorted.
func (s *story) begun(n int) []time.Duration {
	var began []time.Time
	for _, c := range s.called("StartGreen") {
		if c.of == release(n) {
			began = append(began, c.when)
		}
	}
	slices.SortFunc(began, time.Time.Compare)
	var after []time.Duration
	for _, t := range began {
		after = append(after, t.Sub(began[0]).Round(time.Minute))
	}
	return after
}

// proved is how often a release's green was proven.
func (s *story) proved(n int) int {
	proved := 0
	for _, c := range s.called("ProbeGreen") {
		if c.of == release(n) {
			proved++
		}
	}
	return proved
}

// Each turn passes on a delay after it was used, and after the last hosts nobody
// waits. What was proven first is proven again before the switch.
func TestHostsBeginADelayApart(t *testing.T) {
	t.Parallel()
	s := newStory(t, 5)
	s.shape = slowly(nil, 2)
	s.tell(func() {
		s.live("v1")
		began := s.env.Now()
		n := s.submit(s.order("v2"))
		s.reaches(n, slipway.Holding)
		if got, want := s.begun(n), []time.Duration{0, 0, between, between, 2 * between}; !slices.Equal(got, want) {
			t.Errorf("hosts began after %v, want %v", got, want)
		}
		if took := s.env.Now().Sub(began); took > 2*between+time.Minute {
			t.Errorf("it took %s", took)
		}
		if got := s.proved(n); got != 10 {
			t.Errorf("green was proven %d times", got)
		}
		order := s.order("v1", rollingBack)
		s.signal(n, workflows.Accept, workflows.Request{By: "ann"})
		s.ends(n, slipway.Live, "")
		back := s.rollback(&order)
		s.ends(back, slipway.Live, "")
		if got := s.begun(back); got[4] != 0 {
			t.Errorf("going back began after %v", got)
		}
	})
}

func TestAnAbortDoesNotWaitForADelay(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.shape = slowly(nil, 1)
	s.tell(func() {
		s.live("v1")
		n := s.submit(s.order("v2"))
		s.until("green is proven on the first", func() bool { return phaseOf(s.status(n), "h1") == slipway.HostReady })
		s.wait(time.Minute)
		began := s.env.Now()
		s.signal(n, workflows.Abort, workflows.Request{By: "bob"})
		s.ends(n, slipway.Aborted, "aborted by bob")
		if took := s.env.Now().Sub(began); took > 10*time.Second {
			t.Errorf("that took %s", took)
		}
		s.is(release(1), release(1))
	})
}

// A host that does not answer has proven nothing that the next one could wait for.
func TestAHostThatHangsPassesItsTurnOnAtOnce(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.shape = slowly(nil, 1)
	s.tell(func() {
		s.live("v1")
		s.fault(&fault{mode: silent, activity: "PullImage", at: "h1"})
		n := s.submit(s.order("v2"))
		s.reaches(n, slipway.Holding)
		if got, want := s.begun(n), []time.Duration{0, between}; !slices.Equal(got, want) {
			t.Errorf("hosts began after %v, want %v", got, want)
		}
	})
}

// What dies while the other hosts have their turns never serves.
func TestWhatDiesInADelayDoesNotServe(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.shape = slowly(nil, 1)
	s.tell(func() {
		s.live("v1")
		n := s.submit(s.order("v2"))
		s.until("green is proven on the first", func() bool { return phaseOf(s.status(n), "h1") == slipway.HostReady })
		s.fault(&fault{mode: fails, activity: "ProbeGreen", at: "h1", text: "no such table"})
		s.ends(n, slipway.RolledBack, "no such table")
		s.is(release(1), release(1))
		for _, c := range s.called("CommitTarget") {
			if strings.HasSuffix(c.workflow, release(n)) {
				t.Errorf("edge %s was pointed at it", c.at)
			}
		}
	})
}
