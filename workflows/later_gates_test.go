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

// standing adds a gate before a step, which one person opens.
func standing(name, before string) func(*slipway.Order) {
	return func(o *slipway.Order) {
		o.Service.Gates = append(o.Service.Gates, slipway.Gate{
			Name: name, Before: before, Expires: slipway.DefaultGateExpiry,
			Approvers: slipway.Approvers{Role: slipway.Approver, Quorum: 1},
		})
	}
}

// says decides at a gate.
func (s *story) says(n int, gate, by string, verdict slipway.Verdict) {
	s.t.Helper()
	d := s.decision(n, by, verdict)
	d.Gate = gate
	if _, err := s.update(wfid(n), workflows.Decide, d); err != nil {
		s.t.Errorf("%s at %s: %v", verdict, gate, err)
	}
}

func (s *story) gateState(n, i int, state string) {
	s.t.Helper()
	s.until("the gate is "+state, func() bool { r := s.status(n); return len(r.Gates) > i && r.Gates[i].State == state })
}

// holdsAtGate releases v2 with a gate before accept, and waits until it serves.
func (s *story) holdsAtGate(change ...func(*slipway.Order)) int {
	s.t.Helper()
	s.live("v1")
	n := s.submit(s.order("v2", append([]func(*slipway.Order){standing("sure", slipway.BeforeAccept)}, change...)...))
	s.reaches(n, slipway.Holding)
	s.gateState(n, 0, slipway.GateOpen)
	return n
}

func TestBlueIsHeldUntilPeopleHaveApprovedGreen(t *testing.T) {
	everyShape(t, asItIs, func(s *story) {
		n := s.holdsAtGate()
		opened := s.status(n).Gates[0].OpenedAt
		s.wait(23 * time.Hour) // its hold is a minute
		r := s.status(n)
		if r.Phase != slipway.Holding || !r.RollbackReady || r.HoldUntil == nil || !r.HoldUntil.Equal(opened.Add(24*time.Hour)) {
			s.t.Errorf("it is %s, ready %t, held until %v", r.Phase, r.RollbackReady, r.HoldUntil)
		}
		s.says(n, "sure", "lea", slipway.Approve)
		s.ends(n, slipway.Live, "")
		s.is(release(2), release(2))
	})
}

// Approved early, blue is held for as long as the service file says all the same.
func TestAnApprovalDoesNotCutTheHoldShort(t *testing.T) {
	everyShape(t, asItIs, func(s *story) {
		n := s.holdsAtGate()
		s.says(n, "sure", "lea", slipway.Approve)
		s.wait(30 * time.Second)
		s.reaches(n, slipway.Holding)
		r := s.ends(n, slipway.Live, "")
		if held := r.EndedAt.Sub(r.Gates[0].OpenedAt); held < time.Minute {
			s.t.Errorf("blue was held for %s", held)
		}
	})
}

func TestWhatIsNotApprovedAfterTheSwitchGoesBack(t *testing.T) {
	for name, c := range map[string]struct {
		when    func(s *story, n int)
		outcome slipway.Outcome
		reason  string
	}{
		"it is rejected": {
			func(s *story, n int) { s.says(n, "sure", "lea", slipway.Reject) },
			slipway.Rejected, "lea rejected gate sure: looked at it",
		},
		"nobody decides": {
			func(s *story, _ int) { s.wait(24 * time.Hour) },
			slipway.Rejected, "gate sure expired after 24h0m0s with 0 of 1 approvals",
		},
		"green dies meanwhile": {
			func(s *story, _ int) { s.wait(2 * time.Hour); s.fall(release(2), true) },
			slipway.RolledBack, "does not answer any more",
		},
		"a person goes back": {
			func(s *story, _ int) { s.wait(2 * time.Hour); s.rollback(nil) },
			slipway.RolledBack, "bob went back: it is slow",
		},
	} {
		t.Run(name, func(t *testing.T) {
			everyShape(t, asItIs, func(s *story) {
				n := s.holdsAtGate()
				c.when(s, n)
				s.ends(n, c.outcome, c.reason)
				s.is(release(1), release(1))
			})
		})
	}
}

// The gate decides, not whoever may release.
func TestNobodyAcceptsPastAGate(t *testing.T) {
	everyShape(t, asItIs, func(s *story) {
		n := s.holdsAtGate(holding(0))
		_, err := s.update(wfid(n), workflows.Accept, workflows.Request{By: "ann"})
		s.refused(err, slipway.CodeConflict, "gate sure of "+release(n)+" stands before accept and is open")
		s.wait(time.Hour)
		s.reaches(n, slipway.Holding)
		s.says(n, "sure", "lea", slipway.Approve)
		s.ends(n, slipway.Live, "")
		s.is(release(2), release(2))
	})
}

// A newer version that is live leaves nothing to decide.
func TestANewerReleaseEndsTheWaitAtAGateBeforeAccept(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		n := s.holdsAtGate()
		next := s.submit(s.order("v3", holding(0)))
		s.ends(next, slipway.Live, "")
		if r := s.ends(n, slipway.Live, ""); r.Gates[0].State != slipway.GateSkipped {
			t.Errorf("gate is %s", r.Gates[0].State)
		}
		s.is(release(3), release(3))
	})
}

// Without anything to go back to there is nothing to hold.
func TestAFirstReleaseWaitsAtNoGateBeforeAccept(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		r := s.ends(s.submit(s.order("v1", standing("sure", slipway.BeforeAccept))), slipway.Live, "")
		if r.Gates[0].State != slipway.GateSkipped {
			t.Errorf("gate is %s", r.Gates[0].State)
		}
	})
}

// Past the point of no return a gate that runs out holds what serves, and is
// opened again.
func TestAGateBeforeAcceptThatExpiresPastThePointOfNoReturn(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.shape = noReturn(nil)
	s.tell(func() {
		n := s.holdsAtGate()
		s.wait(24 * time.Hour)
		s.gotStuck(n, slipway.Holding, "gate sure expired", release(2))
		s.asks(n, workflows.Accept)
		s.gateState(n, 0, slipway.GateOpen)
		s.reaches(n, slipway.Holding)
		s.says(n, "sure", "lea", slipway.Approve)
		s.ends(n, slipway.Live, "it was stuck: gate sure expired")
		s.is(release(2), release(2))
	})
}

// canaryAtGate releases v2 in groups, with a gate before the second, and waits
// until the canary has passed its watch.
func canaryAtGate(t *testing.T, script func(s *story, n int)) {
	t.Helper()
	grouped(t, func(s *story) {
		n := s.submit(s.order("v2", standing("go", slipway.BeforeSwitch), standing("rest", slipway.BeforeGroup(2))))
		s.reaches(n, slipway.AwaitingApproval)
		s.serves(s.serve(release(1))...)
		s.says(n, "go", "lea", slipway.Approve)
		s.gateState(n, 1, slipway.GateOpen)
		s.serves(release(2), release(1), release(1))
		script(s, n)
	})
}

func TestTheRestWaitsUntilPeopleHaveSeenTheCanary(t *testing.T) {
	t.Parallel()
	canaryAtGate(t, func(s *story, n int) {
		r := s.status(n)
		want := []slipway.Check{
			{What: "probes", Found: "GET / answered well on h1"},
			{What: "signature of the image", Found: "not checked"},
			{What: "scan of the image", Found: "not checked"},
		}
		if diff := cmp.Diff(want, r.Checks); diff != "" {
			t.Errorf("approvers are shown (-want +got):\n%s", diff)
		}
		if waited := r.Gates[1].OpenedAt.Sub(*r.Groups[0].SwitchedAt); waited < 5*time.Minute || r.Phase != slipway.AwaitingApproval {
			t.Errorf("the gate opened %s after the canary's switch; it is %s", waited, r.Phase)
		}
		s.wait(20 * time.Hour)
		s.serves(release(2), release(1), release(1))
		s.runs(on("h1", 1), on("h1", 2), on("h2", 1), on("h3", 1))
		s.says(n, "rest", "lea", slipway.Approve)
		s.reaches(n, slipway.Holding)
		s.serves(s.serve(release(2))...)
	})
}

func TestWhatEndsTheWaitForTheRestGoesBackEverywhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		when    func(s *story, n int)
		outcome slipway.Outcome
		reason  string
	}{
		"it is rejected": {
			func(s *story, n int) { s.says(n, "rest", "lea", slipway.Reject) },
			slipway.Rejected, "lea rejected gate rest: looked at it",
		},
		"nobody decides": {
			func(s *story, _ int) { s.wait(24 * time.Hour) },
			slipway.Rejected, "gate rest expired",
		},
		"the canary dies": {
			func(s *story, _ int) { s.wait(time.Hour); s.fall(release(2), true) },
			slipway.RolledBack, "group 1 of 3 did not pass its watch",
		},
		"a person goes back on its edge": {
			func(s *story, _ int) { s.override("e1", release(1)) },
			slipway.RolledBack, "operator:ops went back",
		},
		"a person aborts": {
			func(s *story, n int) { s.signal(n, workflows.Abort, workflows.Request{By: "bob"}) },
			slipway.Aborted, "aborted by bob",
		},
		"a person rolls back": {
			func(s *story, n int) {
				if got := s.rollback(nil); got != n {
					s.t.Errorf("release %d goes back", got)
				}
			},
			slipway.Aborted, "it is slow",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			canaryAtGate(t, func(s *story, n int) {
				c.when(s, n)
				s.ends(n, c.outcome, c.reason)
				s.is(release(1), release(1))
			})
		})
	}
}

// Once the canary serves, a newer release waits: it would have to take the
// canary's traffic back first.
func TestNothingTakesThePlaceOfACanaryAtItsGate(t *testing.T) {
	t.Parallel()
	canaryAtGate(t, func(s *story, n int) {
		next := s.submit(s.order("v3", holding(0)))
		s.wait(time.Hour)
		if got := s.status(next).Phase; got != slipway.Queued {
			t.Errorf("the next one is %s", got)
		}
		s.reaches(n, slipway.AwaitingApproval)
		s.says(n, "rest", "lea", slipway.Approve)
		s.reaches(n, slipway.Holding)
		s.ends(next, slipway.Live, "")
	})
}

// An approval of one gate opens no other, whoever passes it on.
func TestAnApprovalOfOneGateOpensNoOther(t *testing.T) {
	t.Parallel()
	canaryAtGate(t, func(s *story, n int) {
		replayed := s.status(n).Gates[0].Decisions[0]
		_, err := s.update(wfid(n), workflows.Decide, replayed)
		s.refused(err, slipway.CodeConflict, "gate go of "+release(n)+" is approved, not open")
		replayed.Gate = "rest"
		_, err = s.update(wfid(n), workflows.Decide, replayed)
		s.refused(err, slipway.CodeForbidden, "what was signed is that lea said approve at gate go")
		s.signal(n, workflows.Decide, replayed)
		s.wait(time.Minute)
		if r := s.status(n); len(r.Gates[1].Decisions) != 0 || !strings.Contains(r.Ignored, "does not count") {
			t.Errorf("it counts: %+v; ignored %q", r.Gates[1], r.Ignored)
		}
		s.serves(release(2), release(1), release(1))
	})
}

func TestAGateReminds(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.submit(s.order("v2", standing("go", slipway.BeforeSwitch), holding(0), func(o *slipway.Order) {
			o.Service.Gates[0].RemindAfter = slipway.Duration(5 * time.Hour)
		}))
		s.reaches(n, slipway.AwaitingApproval)
		opened := s.status(n).Gates[0].OpenedAt
		s.wait(16 * time.Hour)
		g := s.status(n).Gates[0]
		if g.Reminders != 3 || !g.RemindedAt.Equal(opened.Add(15*time.Hour)) || g.State != slipway.GateOpen {
			t.Errorf("after 16 hours it is %+v", g)
		}
		s.wait(8*time.Hour - time.Minute)
		r := s.ends(n, slipway.Rejected, "gate go expired after 24h0m0s")
		if waited := r.EndedAt.Sub(opened); r.Gates[0].Reminders != 4 || waited < 24*time.Hour || waited > 24*time.Hour+time.Minute {
			t.Errorf("it expired after %s, reminders %d", waited, r.Gates[0].Reminders)
		}
	})
}

func TestAReleaseWithGatesEverywhereDoesWhatItsPlanSaid(t *testing.T) {
	t.Parallel()
	grouped(t, func(s *story) {
		order := s.order("v2", standing("go", slipway.BeforeSwitch), standing("rest", slipway.BeforeGroup(2)), standing("last", slipway.BeforeGroup(3)), standing("sure", slipway.BeforeAccept))
		preview, err := s.plan(order)
		if err != nil {
			t.Fatal(err)
		}
		n := s.submit(order)
		for i, gate := range []string{"go", "rest", "last", "sure"} {
			s.gateState(n, i, slipway.GateOpen)
			s.says(n, gate, "lea", slipway.Approve)
		}
		s.ends(n, slipway.Live, "")
		planned, did := words(preview.Steps), s.did[wfid(n)]
		slices.Sort(planned)
		slices.Sort(did)
		if diff := cmp.Diff(planned, did); diff != "" {
			t.Errorf("it did something else (-planned +done):\n%s", diff)
		}
	})
}

// What has changed about hosts or containers while people thought about it is
// found before the switch.
func TestHostsAreLookedAtAgainAfterAWait(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile func(s *story, n int)
		reason    string
	}{
		"a host was upgraded to what its profile does not have": {
			func(s *story, _ int) { s.facts["h2"] = slipway.HostFacts{Version: "99.0", LiveRestore: true} },
			`host h2: Docker is "99.0"`,
		},
		"the container runs another image": {
			func(s *story, n int) {
				c := s.hosts["h2"][release(n)]
				c.Image = digest("v4")
				s.hosts["h2"][release(n)] = c
			},
			"somebody else's image is in its place",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 2)
			s.fleet.Profiles = []slipway.Profile{{Name: "web", Docker: "29.0", Action: slipway.Refuse}}
			for i := range s.fleet.Hosts {
				s.fleet.Hosts[i].Profile = "web"
				s.facts[s.fleet.Hosts[i].Name] = slipway.HostFacts{Version: "29.0", LiveRestore: true}
			}
			s.tell(func() {
				n := s.atGate()
				s.mu.Lock()
				c.meanwhile(s, n)
				s.mu.Unlock()
				for _, by := range []string{"lea", "max"} {
					s.says(n, "go", by, slipway.Approve)
				}
				s.ends(n, slipway.RolledBack, c.reason)
				s.is(release(1), release(1))
			})
		})
	}
}

// The switch does not need the engine, nor does looking again insist on it.
func TestAnEngineThatHangsDuringTheWaitDoesNotStopTheSwitch(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		n := s.atGate()
		s.hang()
		for _, by := range []string{"lea", "max"} {
			s.says(n, "go", by, slipway.Approve)
		}
		s.until("it serves", func() bool { return cmp.Equal(s.serve(release(n)), s.serving()) })
	})
}

func asItIs(shape func(*slipway.Service)) func(*slipway.Service) { return shape }
