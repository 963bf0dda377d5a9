package workflows_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/workflows"
)

// migrating is a service with a command that runs before green.
func migrating(shape func(*slipway.Service)) func(*slipway.Service) {
	return func(s *slipway.Service) {
		if shape != nil {
			shape(s)
		}
		s.PreDeploy = &slipway.PreDeploy{Command: []string{"migrate"}, Timeout: slipway.DefaultPreDeployTimeout}
	}
}

func TestCommandRunsOncePerReleaseBeforeGreenStarts(t *testing.T) {
	everyShape(t, migrating, func(s *story) {
		s.live("v1")
		n := s.submit(s.order("v2", holding(0)))
		r := s.ends(n, slipway.Live, "")
		s.is(release(2), release(2))
		if diff := cmp.Diff([]string{release(1) + ".pre", release(2) + ".pre"}, s.ran); diff != "" {
			s.t.Errorf("ran (-want +got):\n%s", diff)
		}
		if p := r.PreDeploy; p == nil || p.Host != "h1" || p.Evidence != "/evidence/"+release(2) || p.Tail != "panic: no such table" {
			s.t.Errorf("it is shown as %+v", p)
		}
		did := s.did[wfid(n)]
		if ran, started := slices.Index(did, "run pre_deploy on h1"), slices.Index(did, "start green on h1"); ran < 0 || ran > started {
			s.t.Errorf("it did %q", did)
		}
		s.ends(s.submit(s.order("v2", holding(0), restarting)), slipway.Live, "")
		back := s.order("v1", rollingBack)
		s.ends(s.rollback(&back), slipway.Live, "")
		if len(s.ran) != 2 {
			s.t.Errorf("ran %q: neither a restart nor a rollback runs it", s.ran)
		}
	})
}

func TestCommandThatFailsIsTheEndOfTheRelease(t *testing.T) {
	everyShape(t, migrating, func(s *story) {
		s.live("v1")
		s.exit = 3
		n := s.submit(s.order("v2"))
		r := s.ends(n, slipway.RolledBack, "pre_deploy: "+release(2)+".pre on h1 exited with code 3; it said last:\npanic: no such table; its log is kept in /evidence/"+release(2))
		s.is(release(1), release(1))
		if r.CleanupPending || slices.Contains(s.did[wfid(n)], "start green on h1") {
			s.t.Errorf("release is %+v", r)
		}
	})
}

// An attempt whose answer was lost has run it: the next one reads how it ended.
func TestCommandWhoseAnswerWasLostIsNotRunAgain(t *testing.T) {
	everyShape(t, migrating, func(s *story) {
		s.live("v1")
		s.fault(&fault{mode: mute, activity: "RunPreDeploy", first: 2})
		s.ends(s.submit(s.order("v2", holding(0))), slipway.Live, "")
		s.is(release(2), release(2))
		if len(s.ran) != 2 {
			s.t.Errorf("ran %q", s.ran)
		}
	})
}

func TestAbortWhileACommandRuns(t *testing.T) {
	everyShape(t, migrating, func(s *story) {
		s.live("v1")
		s.fault(&fault{mode: hanging, activity: "RunPreDeploy"})
		n := s.submit(s.order("v2"))
		s.until("it runs", func() bool { return len(s.calledBy(wfid(n), "RunPreDeploy")) > 0 })
		s.signal(n, workflows.Abort, workflows.Request{By: "ann"})
		s.ends(n, slipway.Aborted, "aborted by ann")
		s.is(release(1), release(1))
	})
}

// What is known of it then is its log.
func TestCommandThatNobodyHearsOfAgain(t *testing.T) {
	everyShape(t, migrating, func(s *story) {
		s.live("v1")
		s.fault(&fault{mode: mute, activity: "RunPreDeploy", text: "host h1 does not answer"})
		n := s.submit(s.order("v2"))
		r := s.ends(n, slipway.RolledBack, "host h1 does not answer")
		s.is(release(1), release(1))
		if p := r.PreDeploy; p == nil || p.Evidence == "" || p.Took != 0 {
			s.t.Errorf("it is shown as %+v", p)
		}
	})
}

func TestReleaseIsTerminatedWhileItsCommandRuns(t *testing.T) {
	everyShape(t, migrating, func(s *story) {
		s.live("v1")
		s.fault(&fault{mode: mute, activity: "RunPreDeploy"})
		n := s.submit(s.order("v2"))
		s.until("it runs", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.ran) == 2 })
		s.signal(n, terminate, nil)
		s.cleaned(n)
		s.is(release(1), release(1))
	})
}

// One that comes back is brought what is live; the command does not run again.
func TestCommandRunsOnAHostThatAnswers(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.local()
	s.shape = migrating(nil)
	s.tell(func() {
		s.live("v1")
		s.cut("h1")
		n := s.held()
		if p := s.status(n).PreDeploy; p == nil || p.Host != "h2" {
			t.Errorf("it is shown as %+v", p)
		}
		s.heal()
		s.caughtUp()
		if want := []string{release(1) + ".pre", release(2) + ".pre"}; !slices.Equal(s.ran, want) {
			t.Errorf("ran %q", s.ran)
		}
	})
}

// Where blue stops first it comes after the gates; it is begun only with their
// decisions.
func TestCommandWaitsForTheGatesWhereBlueStopsFirst(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.shape = migrating(exclusive)
	s.tell(func() {
		s.live("v1")
		n := s.submit(s.order("v2", approve, holding(0)))
		s.reaches(n, slipway.AwaitingApproval)
		if len(s.ran) != 1 {
			t.Errorf("ran %q before anybody approved", s.ran)
		}
		s.signal(n, workflows.Decide, s.decision(n, "lea", slipway.Approve))
		s.ends(n, slipway.Live, "")
		if want := []string{release(1) + ".pre", release(2) + ".pre"}; !slices.Equal(s.ran, want) {
			t.Errorf("ran %q", s.ran)
		}
	})
}
