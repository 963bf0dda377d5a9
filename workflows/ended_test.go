package workflows_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway"
)

// noted are the ends of releases, as they were written down.
func (s *story) noted() (lines []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.endings {
		lines = append(lines, fmt.Sprintf("%s %s %s %s: %s", e.Action, e.Release, e.After["tag"], e.After["outcome"], e.Code))
	}
	return lines
}

// However a release ends, by itself, by people, in the queue, or from outside.
func TestHowEachReleaseEndedIsWrittenDownOnce(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		s.held()
		s.rollback(nil)
		s.ends(2, slipway.RolledBack, "")
		hang := s.fault(&fault{mode: hanging, activity: "ProbeGreen", first: 1})
		three := s.submit(s.order("v2"))
		s.until("it probes", func() bool { return s.hit(hang) })
		s.submit(s.order("v3"))
		s.submit(s.order("v4")) // takes the place of the one before
		s.ends(4, slipway.Superseded, "")
		s.signal(three, terminate, nil)
		s.until("what was lost is written down", func() bool { return len(s.noted()) >= 4 })
		s.ends(s.submit(s.order("v4", func(o *slipway.Order) { o.Signature = nobody })), slipway.Refused, "")
		want := []string{
			"release.end search.api.1 v1 live: ok",
			"release.end search.api.2 v2 rolled_back: ok",
			"release.end search.api.4 v3 superseded: ok",
			"release.end search.api.3 v2 : internal",
		}
		s.until("all are written down", func() bool { return len(s.noted()) == 6 })
		noted := s.noted()
		if diff := cmp.Diff(want, noted[:4]); diff != "" {
			t.Errorf("written down (-want +got):\n%s", diff)
		}
		if forged := "release.end search.api.6 v4 refused: forbidden"; !slices.Contains(noted[4:], forged) {
			t.Errorf("written down in the end: %q", noted[4:])
		}
	})
}

// A worker that cannot write tries until it can; nobody waits for that.
func TestAnEndThatCannotBeWrittenDownKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		full := s.fault(&fault{mode: silent, activity: "NoteEnd"})
		n := s.submit(s.order("v1", holding(0)))
		s.until("it is tried", func() bool { return s.hit(full) })
		s.until("the next one may start", func() bool { return s.laneStatus().Running == "" })
		next := s.submit(s.order("v2", holding(0)))
		s.until("it serves", func() bool { live := s.laneStatus().Live; return live != nil && live.Release == release(next) })
		if got := s.status(n); got.Outcome == nil || *got.Outcome != slipway.Live {
			t.Errorf("the one before is %+v", got)
		}
		s.heal()
		s.ends(n, slipway.Live, "")
		s.ends(next, slipway.Live, "")
		s.until("both are written down", func() bool { return len(s.noted()) == 2 })
	})
}
