package workflows_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/workflows"
)

// noReturn is a service whose migration the version before may not survive.
func noReturn(shape func(*slipway.Service)) func(*slipway.Service) {
	return func(s *slipway.Service) {
		migrating(shape)(s)
		s.PreDeploy.PointOfNoReturn = true
	}
}

// everyShape tells a story for every order in which versions start and stop.
func everyShape(t *testing.T, more func(func(*slipway.Service)) func(*slipway.Service), script func(s *story)) {
	all := map[string]func(*slipway.Service){"a service": more(nil)}
	for name, shape := range shapes {
		all[name] = more(shape)
	}
	inShapes(t, all, script)
}

func eachNoReturn(t *testing.T, script func(s *story)) {
	everyShape(t, noReturn, func(s *story) { s.live("v1"); script(s) })
}

// gotStuck waits until a release is stuck, and wants everybody to be told.
func (s *story) gotStuck(n int, during slipway.Phase, reason, serving string) {
	s.t.Helper()
	s.reaches(n, slipway.Stuck)
	s.until("the lane knows", func() bool { return len(s.laneStatus().Stuck) > 0 })
	r, lane := s.status(n), s.laneStatus().Stuck[0]
	if r.Stuck.During != during || !strings.Contains(r.Stuck.Reason, reason) || r.Stuck.Serving != serving || !strings.Contains(r.Reason, "slipway accept goes on, slipway") {
		s.t.Errorf("it is %+v: %s", r.Stuck, r.Reason)
	}
	if lane.Release != release(n) || !strings.Contains(lane.Reason, reason) {
		s.t.Errorf("the lane says %+v", lane)
	}
}

func (s *story) asks(n int, name string) {
	s.t.Helper()
	if _, err := s.update(wfid(n), name, workflows.Request{By: "bob", Reason: "I looked"}); err != nil {
		s.t.Fatalf("%s: %v", name, err)
	}
}

// before is what serves while the release has not switched, and before it is
// told where blue is stopped first.
func (s *story) before() (slipway.Phase, string) {
	if s.apart() {
		return slipway.Switching, "nothing, because " + release(1) + " was stopped"
	}
	return slipway.Deploying, release(1)
}

func TestWhatFailsAfterThePointOfNoReturnWaitsForAPerson(t *testing.T) {
	eachNoReturn(t, func(s *story) {
		during, serving := s.before()
		s.fault(&fault{mode: fails, activity: "StartGreen", at: "h2", text: "no such network"})
		n := s.submit(s.order("v2", holding(0)))
		s.gotStuck(n, during, "no such network", serving)
		s.wait(100 * time.Hour)
		s.reaches(n, slipway.Stuck)
		s.heal()
		s.asks(n, workflows.Accept)
		r := s.ends(n, slipway.Live, "it was stuck: no such network, until accepted by bob: I looked")
		s.is(release(2), release(2))
		if len(s.ran) != 2 || r.Stuck != nil || len(s.laneStatus().Stuck) != 0 {
			s.t.Errorf("ran %q; stuck %+v, as the lane says %+v", s.ran, r.Stuck, s.laneStatus().Stuck)
		}
	})
}

func TestWhoAbortsWhatIsStuckUndoesItByForce(t *testing.T) {
	eachNoReturn(t, func(s *story) {
		during, serving := s.before()
		s.fault(&fault{mode: fails, activity: "ProbeGreen", at: "h2", text: "no such table"})
		n := s.submit(s.order("v2"))
		if during == slipway.Deploying {
			during = s.whereItStuck(n)
		}
		s.gotStuck(n, during, "no such table", serving)
		s.heal()
		s.asks(n, workflows.Abort)
		s.ends(n, slipway.Aborted, "aborted by bob: I looked")
		s.is(release(1), release(1))
		if status := s.laneStatus(); status.Live.Release != release(1) || len(status.Stuck) != 0 {
			s.t.Errorf("lane says %+v", status)
		}
	})
}

// whereItStuck is where: whether all had started when one failed is chance.
func (s *story) whereItStuck(n int) slipway.Phase {
	s.reaches(n, slipway.Stuck)
	return s.status(n).Stuck.During
}

// What is stuck keeps others away; a rollback is the way back from it, and not
// from what served before it.
func TestTheLaneWaitsForWhatIsStuck(t *testing.T) {
	eachNoReturn(t, func(s *story) {
		s.live("v3")
		s.fault(&fault{mode: fails, activity: "StartGreen", at: "h2", text: "no such network"})
		n := s.submit(s.order("v2"))
		s.reaches(n, slipway.Stuck)
		next := s.submit(s.order("v4", holding(0)))
		s.wait(time.Hour)
		if got := s.status(next); got.Phase != slipway.Queued {
			s.t.Errorf("the next one is %s", got.Phase)
		}
		value, err := s.env.QueryWorkflowByID(workflows.LaneID(service), workflows.Waiting, releaseID(next))
		var waits slipway.Release
		if err == nil {
			err = value.Get(&waits)
		}
		if err != nil || !strings.Contains(waits.Reason, release(n)+" is stuck while ") {
			s.t.Errorf("it does not say why it waits: %q (%v)", waits.Reason, err)
		}
		s.heal()
		order := s.order("v1", rollingBack)
		if got := s.rollback(&order); got != n {
			s.t.Errorf("release %d goes back", got)
		}
		s.ends(n, slipway.Aborted, "a rollback goes first: it is slow")
		s.ends(next, slipway.Live, "")
		s.is(release(next), release(next))
	})
}

// A command that failed may have done half of it.
func TestACommandThatFailsIsNoWayBackEither(t *testing.T) {
	eachNoReturn(t, func(s *story) {
		during, serving := s.before()
		s.exit = 3
		n := s.submit(s.order("v2", holding(0)))
		s.gotStuck(n, during, "pre_deploy: "+release(2)+".pre on h1 exited with code 3", serving)
		s.asks(n, workflows.Accept) // somebody has done the rest of it by hand
		s.ends(n, slipway.Live, "until accepted by bob")
		s.is(release(2), release(2))
		if len(s.ran) != 2 {
			s.t.Errorf("ran %q", s.ran)
		}
	})
}

func TestGreenThatDiesAfterThePointOfNoReturnIsHeldAsItIs(t *testing.T) {
	for name, decide := range map[string]struct {
		act     string
		outcome slipway.Outcome
		reason  string
		serves  string
	}{
		"a person accepts":   {workflows.Accept, slipway.Live, "it was stuck: " + release(2) + " does not answer any more, until accepted by bob: I looked", release(2)},
		"a person goes back": {workflows.Rollback, slipway.RolledBack, "bob went back: I looked", release(1)},
	} {
		t.Run(name, func(t *testing.T) {
			eachNoReturn(t, func(s *story) {
				n := s.held()
				s.fall(release(2), true)
				s.gotStuck(n, slipway.Holding, "does not answer any more", release(2))
				s.wait(3 * time.Hour)
				r := s.status(n)
				if r.Phase != slipway.Stuck || !r.RollbackReady || !slices.ContainsFunc(r.Hosts, func(h slipway.ReleaseHost) bool { return strings.Contains(h.Error, "evidence is kept in") }) {
					s.t.Errorf("it is %s, ready %t, hosts %+v", r.Phase, r.RollbackReady, r.Hosts)
				}
				s.asks(n, decide.act)
				s.ends(n, decide.outcome, decide.reason)
				s.is(decide.serves, decide.serves)
			})
		})
	}
}

// While green serves, a mended version is the way forward.
func TestANewerReleaseTakesOverFromWhatIsStuckWhileItServes(t *testing.T) {
	eachNoReturn(t, func(s *story) {
		n := s.held()
		s.fall(release(2), true)
		s.gotStuck(n, slipway.Holding, "does not answer any more", release(2))
		next := s.submit(s.order("v3", holding(0)))
		s.ends(next, slipway.Live, "")
		s.ends(n, slipway.Live, "it was stuck")
		s.is(release(3), release(3))
	})
}

func TestWhoGoesBackOnAnEdgeOfWhatIsStuckGoesBackEverywhere(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.shape = noReturn(nil)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.fall(release(2), true)
		s.reaches(n, slipway.Stuck)
		s.override("e2", release(1))
		s.ends(n, slipway.RolledBack, "operator:ops went back to "+release(1)+" on edge e2")
		s.is(release(1), release(1))
	})
}

// Some edges point at green, some at blue: it goes on where it stopped.
func TestASwitchThatGotStuckHalfWay(t *testing.T) {
	for name, broken := range map[string]*fault{
		"an edge refuses":            {mode: fails, activity: "CommitTarget", at: "e2", text: "edge e2: its disk is full"},
		"an acknowledgement is lost": {mode: mute, activity: "CommitTarget", at: "e2"},
		"an edge does not learn":     {mode: fails, activity: "StageTarget", at: "e2", text: "edge e2: its disk is full"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, act := range []string{workflows.Accept, workflows.Abort} {
				s := newStory(t, 3)
				s.shape = noReturn(nil)
				s.tell(func() {
					s.live("v1")
					f := *broken
					s.fault(&f)
					n := s.submit(s.order("v2", holding(0)))
					s.reaches(n, slipway.Stuck)
					if r := s.status(n); r.Stuck.During != slipway.Switching || f.mode == mute && !strings.Contains(r.Stuck.Serving, release(2)) {
						t.Errorf("it is %+v", r.Stuck)
					}
					s.heal()
					s.asks(n, act)
					if act == workflows.Accept {
						s.ends(n, slipway.Live, "it was stuck")
						s.is(release(2), release(2))
						return
					}
					s.ends(n, slipway.Aborted, "it was stuck")
					s.is(release(1), release(1))
				})
			}
		})
	}
}

// An edge that was told of green goes back with the others, also if its host is
// gone by the time somebody lets the release go on.
func TestAnEdgeThatMayServeGreenIsNotLeftOutWhenItIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.local()
	s.shape = noReturn(nil)
	s.tell(func() {
		s.live("v1")
		s.fault(&fault{mode: mute, activity: "CommitTarget", at: "e2"})
		n := s.submit(s.order("v2", holding(0)))
		s.reaches(n, slipway.Stuck)
		s.serves(s.serve(release(2))...)
		since := s.status(n).Stuck.Since
		s.heal()
		s.cut("h3", "e3")
		s.asks(n, workflows.Accept)
		s.until("it is stuck again", func() bool { r := s.status(n); return r.Stuck != nil && r.Stuck.Since.After(since) })
		if r := s.status(n); !strings.Contains(r.Stuck.Reason, "e3") {
			t.Errorf("it is %s", r.Stuck)
		}
		s.heal()
		s.asks(n, workflows.Abort)
		if r := s.ends(n, slipway.Aborted, "aborted by bob"); r.CleanupPending {
			s.cleaned(n)
		}
		s.is(release(1), release(1))
	})
}

func TestAPlanSaysThatThereIsNoWayBackByItself(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.shape = noReturn(exclusive)
	s.tell(func() {
		s.live("v1")
		preview, err := s.plan(s.order("v2"))
		if err != nil {
			t.Fatal(err)
		}
		want := "pre_deploy is a point of no return: what fails once it has begun is not undone, but held as it is until somebody says slipway accept, or slipway abort; " +
			release(1) + " is stopped by then, so nothing may serve so long"
		if !slices.Contains(preview.Warnings, want) {
			t.Errorf("it warns of %q", preview.Warnings)
		}
	})
}

// What does not mend gets stuck again.
func TestWhatIsAcceptedTooEarlyGetsStuckAgain(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.shape = noReturn(exclusive)
	s.tell(func() {
		s.live("v1")
		s.fault(&fault{mode: fails, activity: "ProbeGreen", text: "no such table"})
		n := s.submit(s.order("v2", holding(0)))
		for range 3 {
			s.reaches(n, slipway.Stuck)
			since := s.status(n).Stuck.Since
			s.wait(time.Second)
			s.asks(n, workflows.Accept)
			s.until("it is stuck again", func() bool { r := s.status(n); return r.Stuck != nil && r.Stuck.Since.After(since) })
		}
		s.heal()
		s.asks(n, workflows.Accept)
		s.ends(n, slipway.Live, "")
		s.is(release(2), release(2))
	})
}

func TestACanaryThatFailsAfterThePointOfNoReturn(t *testing.T) {
	for _, act := range []string{workflows.Accept, workflows.Abort} {
		t.Run(act, func(t *testing.T) {
			t.Parallel()
			grouped(t, func(s *story) {
				s.shape = noReturn(inGroups)
				n := s.canary()
				s.fall(release(2), true)
				s.gotStuck(n, slipway.Watching, "group 1 of 3 did not pass its watch", release(2)+" on e1; "+release(1)+" on e2, e3")
				s.fall(release(2), false)
				s.asks(n, act)
				if act == workflows.Abort {
					s.ends(n, slipway.Aborted, "")
					s.is(release(1), release(1))
					return
				}
				s.reaches(n, slipway.Holding)
				s.serves(s.serve(release(2))...)
			})
		})
	}
}

// What people want is done, also past the point of no return; what runs out is
// nobody's wish.
func TestGatesPastThePointOfNoReturn(t *testing.T) {
	t.Parallel()
	t.Run("a rejection undoes it", func(t *testing.T) {
		s := newStory(t, 2)
		s.shape = noReturn(nil)
		s.tell(func() {
			n := s.atGate()
			s.signal(n, workflows.Decide, s.decision(n, "lea", slipway.Reject))
			s.ends(n, slipway.Rejected, "lea rejected gate go")
			s.is(release(1), release(1))
		})
	})
	t.Run("a gate that expired opens again", func(t *testing.T) {
		s := newStory(t, 2)
		s.shape = noReturn(nil)
		s.tell(func() {
			s.live("v1")
			n := s.submit(s.order("v2", approve, holding(0)))
			s.reaches(n, slipway.AwaitingApproval)
			s.wait(slipway.DefaultGateExpiry.Std())
			s.gotStuck(n, slipway.AwaitingApproval, "gate go expired", release(1))
			s.asks(n, workflows.Accept)
			s.reaches(n, slipway.AwaitingApproval)
			s.signal(n, workflows.Decide, s.decision(n, "lea", slipway.Approve))
			s.ends(n, slipway.Live, "")
			s.is(release(2), release(2))
		})
	})
}

// Before the command has begun there is nothing that could not be returned from.
func TestWhatFailsBeforeTheCommandIsUndoneByItself(t *testing.T) {
	eachNoReturn(t, func(s *story) {
		s.fault(&fault{mode: fails, activity: "PullImage", at: "h2", text: "no such image"})
		s.ends(s.submit(s.order("v2")), slipway.RolledBack, "no such image")
		s.is(release(1), release(1))
		if len(s.ran) != 1 {
			s.t.Errorf("ran %q", s.ran)
		}
	})
}

// However one step fails past the point of no return, or in a group that goes back
// alone: a person who accepts gets the new version when what was broken is mended,
// one who goes back gets the old one, and nothing is left of the other.
func TestEveryStepMayGetStuck(t *testing.T) {
	t.Parallel()
	if racing {
		return // TestEveryStepMayFail does what there is to find
	}
	all := map[string]func(*testing.T) *story{
		"groups that go back alone": func(t *testing.T) *story {
			s := newStory(t, 3)
			s.local()
			s.shape = func(svc *slipway.Service) {
				alone(svc)
				for i := range svc.Strategy.BlueGreen.Groups { // the fault is there for minutes
					svc.Strategy.BlueGreen.Groups[i].Watch = slipway.Duration(10 * time.Second)
				}
			}
			return s
		},
	}
	several := maps.Clone(shapes)
	several["a service"] = nil
	for kind, shape := range several {
		all[kind] = func(t *testing.T) *story {
			s := newStory(t, 2)
			s.shape = noReturn(shape)
			return s
		}
	}
	for kind, begin := range all {
		for name, mode := range map[string]mode{"fails": fails, "is mute": mute} {
			for _, forward := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s where one %s, forward %t", kind, name, forward), func(t *testing.T) {
					t.Parallel()
					stuck := 0
					overSteps(t, func(t *testing.T, n int) bool { return sweepStuck(t, begin(t), mode, n, forward, &stuck) })
					if stuck == 0 {
						t.Error("nothing got stuck")
					}
				})
			}
		}
	}
}

// sweepStuck is sweep for a release that may get stuck, which it counts.
func sweepStuck(t *testing.T, s *story, mode mode, nth int, forward bool, stuck *int) bool {
	f := &fault{mode: mode, nth: nth}
	s.tell(func() {
		s.live("v1")
		f.until = s.env.Now().Add(5 * time.Minute)
		s.mu.Lock()
		s.faults = append(s.faults, f)
		s.mu.Unlock()
		n := s.submit(s.order("v2"))
		waits := func() bool {
			r := s.status(n)
			return r.Outcome != nil || r.Phase == slipway.Stuck || r.Phase == slipway.Holding
		}
		s.until("it holds, is stuck or ends", waits)
		want := ""
		if s.status(n).Phase == slipway.Stuck {
			*stuck++
			want = release(1)
			act := workflows.Abort
			if forward {
				want, act = release(2), workflows.Accept
			}
			s.heal()
			s.asks(n, act)
			s.until("it holds or ends", func() bool { return s.status(n).Phase != slipway.Stuck && waits() })
		}
		if s.status(n).Phase == slipway.Holding {
			s.signal(n, workflows.Accept, workflows.Request{By: "ann"})
		}
		if left := s.sweptUp(n, f); want != "" && left != want {
			t.Errorf("%s is left, want %s", left, want)
		}
		s.heal()
		s.live("v3")
		s.is(release(3), release(3))
	})
	return f.key != ""
}
