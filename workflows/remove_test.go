package workflows_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/workflows"
)

func (s *story) remove(by, reason string) (int, error) {
	result, err := s.update(workflows.LaneID(service), workflows.Remove, workflows.RemoveInput{Request: workflows.Request{By: by, Reason: reason}})
	return result.Release.Number, err
}

func (s *story) mustRemove() int {
	s.t.Helper()
	n, err := s.remove("olga", "end of life")
	if err != nil {
		s.t.Fatalf("remove: %v", err)
	}
	return n
}

// gone checks that nothing of the service is left, and that its lane knows why.
func (s *story) gone() {
	s.t.Helper()
	s.is("")
	for name, table := range s.edges {
		if len(table) > 0 {
			s.t.Errorf("edge %s still has %v", name, table)
		}
	}
	status := s.laneStatus()
	if status.Live != nil || status.Running != "" || status.Removal == nil || status.Removal.By != "olga" || status.Removal.Reason != "end of life" {
		s.t.Errorf("lane says %+v, removal %+v", status, status.Removal)
	}
}

func TestRemoveTakesRouteAndContainersAwayAndNumbersGoOn(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.mustRemove()
		if r := s.ends(n, slipway.Removed, "removed by olga: end of life"); r.CleanupPending || r.Kind != slipway.KindRemove || r.Tag != "v1" || r.Hosts[0].Phase != slipway.HostRemoved {
			t.Errorf("it ended as %+v", r)
		}
		s.gone()
		if n := s.submit(s.order("v2", holding(0))); n != 3 {
			t.Errorf("the next release has number %d", n)
		}
		s.ends(3, slipway.Live, "")
		s.is(release(3), release(3))
		if r := s.laneStatus().Removal; r != nil {
			t.Errorf("what is live again is said to be %s", r)
		}
	})
}

func TestRemoveAcceptsWhatIsHeldFirst(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		held := s.held()
		n := s.mustRemove()
		s.ends(held, slipway.Live, "")
		s.ends(n, slipway.Removed, "")
		s.gone()
		s.is("") // neither green nor blue
		if diff := cmp.Diff([]string{release(2), release(1)}, s.good()); diff != "" {
			t.Errorf("good (-want +got):\n%s", diff)
		}
	})
}

func TestRemoveThatWasAMistakeIsGoneBackOn(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		s.ends(s.mustRemove(), slipway.Removed, "")
		back := s.order(digest("v1"), rollingBack, holding(0))
		s.ends(s.rollback(&back), slipway.Live, "")
		s.is(release(3), release(3))
		s.lanes(release(3))
	})
}

func TestRemovalsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		refused := func(code slipway.Code, text string) {
			t.Helper()
			_, err := s.remove("olga", "end of life")
			s.refused(err, code, text)
		}
		refused(slipway.CodeNotFound, "nothing of search/api is live: there is nothing to remove")
		_, err := s.remove("olga", "")
		s.refused(err, slipway.CodeInvalid, "and why")
		hang := s.fault(&fault{mode: late, activity: "ProbeGreen", first: 1})
		first := s.submit(s.order("v1", holding(0)))
		s.until("it is proven", func() bool { return s.late(hang, 1) })
		refused(slipway.CodeConflict, "search.api.1 is on its way: wait for its end (slipway watch search.api.1), or abort it (slipway abort search.api.1), and then remove search/api")
		s.answer(hang)
		s.ends(first, slipway.Live, "")
		if err := s.lock(workflows.Lock, "otto", "audit"); err != nil {
			t.Fatal(err)
		}
		refused(slipway.CodeConflict, "search/api is locked by otto: audit; it stays until it is unlocked")
		if err := s.lock(workflows.Unlock, "otto", "over"); err != nil {
			t.Fatal(err)
		}
		hang = s.fault(&fault{mode: late, activity: "RemoveRoute", first: 1})
		n := s.mustRemove()
		s.until("its route goes", func() bool { return s.late(hang, 1) })
		refused(slipway.CodeConflict, "search/api is being removed by search.api.2")
		_, err = s.submitWith("", s.order("v2"))
		s.refused(err, slipway.CodeConflict, "search/api is being removed by search.api.2: release it again when that has ended")
		back := s.order("v1", rollingBack)
		_, err = s.update(workflows.LaneID(service), workflows.Rollback, workflows.RollbackInput{Order: &back, Request: workflows.Request{By: "bob", Reason: "no"}})
		s.refused(err, slipway.CodeConflict, "is being removed")
		_, err = s.update(wfid(n), workflows.Abort, workflows.Request{By: "bob"})
		s.refused(err, slipway.CodeConflict, "not aborted half way")
		s.answer(hang)
		s.ends(n, slipway.Removed, "")
		refused(slipway.CodeNotFound, "search/api is gone already: removed by olga: end of life")
	})
}

func TestRemoveLeavesToACleanupWhatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	t.Run("a host", func(t *testing.T) {
		t.Parallel()
		s := newStory(t, 2)
		s.tell(func() {
			s.live("v1")
			s.fault(&fault{mode: away, activity: "RemoveContainer", at: "h2", until: s.env.Now().Add(48 * time.Hour)})
			n := s.mustRemove()
			if r := s.ends(n, slipway.Removed, "still to go: container search.api.1 on host h2"); !r.CleanupPending {
				t.Error("nothing is said to be pending")
			}
			s.live("v2") // in the meantime
			s.wait(48 * time.Hour)
			s.cleaned(n)
			s.is(release(3), release(3))
		})
	})
	t.Run("an edge, for which all containers wait", func(t *testing.T) {
		t.Parallel()
		s := newStory(t, 2)
		s.tell(func() {
			s.live("v1")
			s.fault(&fault{mode: away, at: "e2", until: s.env.Now().Add(48 * time.Hour)})
			n := s.mustRemove()
			if r := s.ends(n, slipway.Removed, "still to go: the route on edge e2, container search.api.1 on host h1, container search.api.1 on host h2"); !r.CleanupPending {
				t.Error("nothing is said to be pending")
			}
			if diff := cmp.Diff([]string{"", release(1)}, s.serving()); diff != "" {
				t.Errorf("edges serve (-want +got):\n%s", diff)
			}
			s.wait(48 * time.Hour)
			s.cleaned(n)
			s.gone()
		})
	})
}

func TestRemovalThatIsEndedFromOutsideIsFinished(t *testing.T) {
	t.Parallel()
	for _, activity := range []string{"ReadRoute", "RestoreTarget", "DrainTarget", "RemoveRoute", "RemoveContainer"} {
		t.Run(activity, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 2)
			s.tell(func() {
				s.live("v1")
				s.fault(&fault{mode: hanging, activity: activity})
				n := s.mustRemove()
				s.reaches(n, slipway.Removing)
				s.wait(time.Second)
				s.heal()
				s.signal(n, terminate, nil)
				s.cleaned(n)
				s.gone()
				s.live("v2")
				s.is(release(3), release(3))
			})
		})
	}
}

func TestRemovalIsNotStoppedHalfWay(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		hang := s.fault(&fault{mode: late, activity: "RestoreTarget", first: 1})
		n := s.mustRemove()
		s.until("an edge is off", func() bool { return s.late(hang, 1) })
		s.cancel(n)
		s.wait(time.Second)
		s.answer(hang)
		s.ends(n, slipway.Removed, "")
		s.gone()
	})
}
