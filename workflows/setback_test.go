package workflows_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/workflows"
)

// alone makes groups of which only the one goes back that fails.
func alone(s *slipway.Service) {
	inGroups(s)
	s.Strategy.BlueGreen.OnFailure = slipway.GroupGoesBack
}

// groupedAlone is grouped, where a group goes back alone.
func groupedAlone(t *testing.T, script func(s *story)) {
	t.Helper()
	grouped(t, func(s *story) {
		s.shape = alone
		script(s)
	})
}

// decide goes on with what is stuck, or back from it, and wants the same
// everywhere in the end.
func (s *story) decide(n int, act string) {
	s.t.Helper()
	s.asks(n, act)
	if act == workflows.Abort {
		s.ends(n, slipway.Aborted, "aborted by bob: I looked; it was stuck: ")
		s.is(release(1), release(1))
		return
	}
	s.reaches(n, slipway.Holding)
	s.serves(s.serve(release(n))...)
	if got, behind := s.laneStatus().Stuck, s.status(n).Behind; len(got) > 0 || len(behind) > 0 {
		s.t.Errorf("the lane says that %+v is stuck; behind is %+v", got, behind)
	}
	s.rollbackOf(n) // what it holds is whole
	s.is(release(1), release(1))
}

// Whatever fails in a group after the first, that group goes back, and only that:
// groups before it keep green until a person decides.
func TestAGroupThatFailsGoesBackAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		when     func(s *story, n int)
		group    int
		during   slipway.Phase
		reason   string
		restored []string
	}{
		"green is not proven in the second": {
			func(s *story, _ int) {
				s.fault(&fault{mode: fails, activity: "ProbeGreen", at: "h2", text: "no such table"})
			},
			2, slipway.Probing, "no such table; only group 2 of 3 went back",
			nil,
		},
		"it does not start in the last": {
			func(s *story, _ int) {
				s.fault(&fault{mode: fails, activity: "StartGreen", at: "h3", text: "no such network"})
			},
			3, slipway.Deploying, "no such network; only group 3 of 3 went back",
			nil,
		},
		"the second does not switch": {
			func(s *story, _ int) { s.fault(&fault{mode: fails, activity: "CommitTarget", at: "e2"}) },
			2, slipway.Switching, "CommitTarget e2 is broken; only group 2 of 3 went back",
			[]string{"e2"},
		},
		"an acknowledgement of the last is lost": {
			func(s *story, _ int) { s.fault(&fault{mode: mute, activity: "CommitTarget", at: "e3"}) },
			3, slipway.Switching, "edge e3 does not answer: it has not acknowledged " + release(2) + " within the switch_timeout of 10s; only group 3 of 3 went back",
			[]string{"e3"},
		},
		"it dies in the second": {
			func(s *story, n int) { s.inWatch(n, 2); s.fall("h2/"+release(2), true) },
			2, slipway.Watching, "group 2 of 3 did not pass its watch: " + release(2) + " does not answer any more; only group 2 of 3 went back",
			[]string{"e2"},
		},
		"the second hangs": {
			func(s *story, _ int) { s.hang() },
			2, slipway.Probing, "no host of group 2 takes part ([h2])",
			nil,
		},
	} {
		for _, act := range []string{workflows.Accept, workflows.Abort} {
			t.Run(name+", "+act, func(t *testing.T) {
				t.Parallel()
				groupedAlone(t, func(s *story) {
					n := s.canary()
					c.when(s, n)
					serving, kept := []string{}, []string{}
					for i := range s.fleet.Edges {
						serving, kept = append(serving, release(1)), append(kept, on(s.fleet.Hosts[i].Name, 1))
						if i+1 < c.group {
							serving[i], kept = release(2), append(kept, on(s.fleet.Hosts[i].Name, 2))
						}
					}
					split := fmt.Sprintf("%s on %s; %s on %s", release(2), edges(1, c.group), release(1), edges(c.group, 4))
					s.gotStuck(n, c.during, c.reason, split)
					s.serves(serving...)
					s.runs(kept...)
					var asked []string
					for _, call := range s.called("RestoreTarget") {
						asked = append(asked, call.at)
					}
					if diff := cmp.Diff(c.restored, asked); diff != "" {
						t.Errorf("restored (-want +got):\n%s", diff)
					}
					r := s.status(n)
					if g := r.Groups[c.group-1]; g.WentBackAt == nil || g.SwitchedAt != nil || !strings.HasPrefix(r.GroupText(c.group-1), "went back at ") || r.SwitchedAt != nil {
						t.Errorf("group %d is %+v: %s", c.group, g, r.GroupText(c.group-1))
					}
					s.wait(100 * time.Minute)
					s.serves(serving...)
					s.heal()
					s.fall("h2/"+release(2), false)
					s.decide(n, act)
				})
			})
		}
	}
}

func edges(from, to int) string {
	var names []string
	for i := from; i < to; i++ {
		names = append(names, fmt.Sprintf("e%d", i))
	}
	return strings.Join(names, ", ")
}

// Where nothing before it could stay, or what is before it has failed itself, or
// people want the way back, all groups go back as ever.
func TestWhatDoesNotFailAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		when    func(s *story, n int)
		outcome slipway.Outcome
		reason  string
	}{
		"the canary": {
			func(s *story, _ int) { s.fall(release(2), true) },
			slipway.RolledBack, "group 1 of 3 did not pass its watch",
		},
		"the canary, while the second is watched": {
			func(s *story, n int) { s.inWatch(n, 2); s.fall("h1/"+release(2), true) },
			slipway.RolledBack, "group 2 of 3 did not pass its watch",
		},
		"green in all groups, while the second is watched": {
			func(s *story, n int) { s.inWatch(n, 2); s.fall(release(2), true) },
			slipway.RolledBack, release(2) + " does not answer any more",
		},
		"a person aborts while the second is watched": {
			func(s *story, n int) {
				s.inWatch(n, 2)
				s.signal(n, workflows.Abort, workflows.Request{By: "bob"})
			},
			slipway.Aborted, "aborted by bob",
		},
		"a person goes back on the edge of the second": {
			func(s *story, n int) { s.inWatch(n, 2); s.override("e2", release(1)) },
			slipway.RolledBack, "operator:ops went back to " + release(1) + " on edge e2",
		},
		"what is held, when all have switched": {
			func(s *story, n int) { s.reaches(n, slipway.Holding); s.fall("h3/"+release(2), true) },
			slipway.RolledBack, "does not answer any more",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			groupedAlone(t, func(s *story) {
				n := s.canary()
				c.when(s, n)
				s.ends(n, c.outcome, c.reason)
				s.is(release(1), release(1))
			})
		})
	}
}

// stuckInTheLast releases v2 and has it fail in the last group, whose edge it had
// come to.
func (s *story) stuckInTheLast() int {
	s.t.Helper()
	n := s.canary()
	s.fault(&fault{mode: mute, activity: "CommitTarget", at: "e3"})
	s.reaches(n, slipway.Stuck)
	s.heal()
	s.serves(release(2), release(2), release(1))
	return n
}

// All edges of a group go back together, and the hosts of it that were left out
// take part when it is tried again, as far as they answer by then.
func TestAGroupOfSeveralHostsGoesBackAsAWhole(t *testing.T) {
	t.Parallel()
	rest := func(s *slipway.Service) {
		alone(s)
		s.Strategy.BlueGreen.Groups = s.Strategy.BlueGreen.Groups[:1]
	}
	for _, act := range []string{workflows.Accept, workflows.Abort} {
		t.Run("one edge does not switch, "+act, func(t *testing.T) {
			t.Parallel()
			grouped(t, func(s *story) {
				s.shape = rest
				n := s.canary()
				s.fault(&fault{mode: fails, activity: "CommitTarget", at: "e3"})
				s.gotStuck(n, slipway.Switching, "CommitTarget e3 is broken; only group 2 of 2 went back", release(2)+" on e1; "+release(1)+" on e2, e3")
				s.runs(on("h1", 1), on("h1", 2), on("h2", 1), on("h3", 1))
				s.heal()
				s.decide(n, act)
			})
		})
		t.Run("one hangs and one fails, "+act, func(t *testing.T) {
			t.Parallel()
			grouped(t, func(s *story) {
				s.shape = rest
				n := s.canary()
				s.hang()
				s.fault(&fault{mode: silent, at: "e2"})
				s.fault(&fault{mode: mute, activity: "CommitTarget", at: "e3"})
				s.gotStuck(n, slipway.Switching, "only group 2 of 2 went back", release(2)+" on e1; "+release(1)+" on e2, e3; e2 did not answer when it was asked last")
				if r := s.status(n); phaseOf(r, "h2") != slipway.HostQuarantined || len(r.Behind) != 2 {
					t.Errorf("h2 is %s, behind is %+v", phaseOf(r, "h2"), r.Behind)
				}
				s.heal()
				s.decide(n, act)
			})
		})
	}
}

// What serves is watched while people think.
func TestWhatServesWhileAGroupIsBackIsWatched(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		when   func(s *story)
		reason string
	}{
		"green dies":                           {func(s *story) { s.fall("h1/"+release(2), true) }, "while it was stuck, what serves of it failed: " + release(2) + " does not answer any more"},
		"somebody goes back on an edge":        {func(s *story) { s.override("e1", release(1)) }, "operator:ops went back to " + release(1) + " on edge e1"},
		"somebody decides on the one that was": {func(s *story) { s.override("e3", release(1)) }, "edge e3 was pointed at " + release(1) + " by operator:ops"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			groupedAlone(t, func(s *story) {
				n := s.stuckInTheLast()
				s.wait(10 * time.Hour)
				s.reaches(n, slipway.Stuck)
				c.when(s)
				s.ends(n, slipway.RolledBack, c.reason)
				s.is(release(1), release(1))
			})
		})
	}
}

// The release before still holds its blue, and goes back: so does the one that is
// stuck, and the edges agree again.
func TestGoingBackUnderAGroupThatIsBackTakesItAlong(t *testing.T) {
	t.Parallel()
	groupedAlone(t, func(s *story) {
		s.shape = nil
		held := s.submit(s.order("v2", holding(3*time.Hour)))
		s.reaches(held, slipway.Holding)
		s.shape = alone
		n := s.submit(s.order("v3"))
		s.inWatch(n, 1)
		s.fault(&fault{mode: mute, activity: "CommitTarget", at: "e3"})
		s.reaches(n, slipway.Stuck)
		s.heal()
		s.serves(release(n), release(n), release(held))
		s.signal(held, workflows.Rollback, workflows.Request{By: "bob", Reason: "it is slow"})
		s.ends(n, slipway.RolledBack, "while it was stuck, what serves of it failed: edge e")
		s.ends(held, slipway.RolledBack, "bob went back")
		s.is(release(1), release(1))
	})
}

// Before a first release there is nothing: its group serves that again.
func TestAGroupOfAFirstReleaseGoesBackToNothing(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.local()
	s.tell(func() {
		s.shape = alone
		s.fault(&fault{mode: mute, activity: "CommitTarget", at: "e3"})
		n := s.submit(s.order("v1"))
		s.gotStuck(n, slipway.Switching, "only group 3 of 3 went back", release(1)+" on e1, e2; nothing on e3")
		s.heal()
		s.asks(n, workflows.Accept)
		s.ends(n, slipway.Live, "")
		s.is(release(1), release(1))
	})
}

// A rollback is the way back from it, to what served before; others wait.
func TestARollbackOfWhatIsBackInOneGroupGoesBackInAll(t *testing.T) {
	t.Parallel()
	groupedAlone(t, func(s *story) {
		n := s.stuckInTheLast()
		next := s.submit(s.order("v3", holding(0)))
		s.wait(time.Hour)
		if got := s.status(next); got.Phase != slipway.Queued {
			t.Errorf("the next one is %s", got.Phase)
		}
		if got := s.rollback(nil); got != n {
			t.Errorf("release %d goes back", got)
		}
		s.ends(n, slipway.Aborted, "a rollback goes first: it is slow")
		s.ends(next, slipway.Live, "")
		s.is(release(next), release(next))
	})
}

// One that is ended from outside leaves edges that differ; a Cleanup brings them
// together.
func TestAnOrphanOfWhichAGroupIsBackIsBroughtBack(t *testing.T) {
	t.Parallel()
	groupedAlone(t, func(s *story) {
		n := s.stuckInTheLast()
		s.signal(n, terminate, nil)
		s.cleaned(n)
		s.is(release(1), release(1))
		s.shape = nil
		s.live("v3")
		s.is(release(3), release(3))
	})
}

// An edge that may serve green keeps it, with all that it may send requests to:
// the group goes back when the edge answers, before it is tried again.
func TestAGroupThatCannotGoBack(t *testing.T) {
	t.Parallel()
	for _, act := range []string{workflows.Accept, workflows.Abort} {
		t.Run(act, func(t *testing.T) {
			t.Parallel()
			groupedAlone(t, func(s *story) {
				n := s.canary()
				s.inWatch(n, 2)
				s.cut("e2")
				s.fall("h2/"+release(2), true)
				s.until("it is stuck", func() bool { return s.status(n).Phase == slipway.Stuck })
				r := s.status(n)
				for _, want := range []string{"group 2 of 3 did not pass its watch", "and group 2 did not go back: edge e2 has not said that " + release(1) + " serves again", "e2 did not answer when it was asked last"} {
					if !strings.Contains(r.Reason, want) {
						t.Errorf("it does not say %q: %s", want, r.Reason)
					}
				}
				s.serves(release(2), release(2), release(1))
				s.runs(on("h1", 1), on("h1", 2), on("h2", 1), on("h2", 2), on("h3", 1))
				since := r.Stuck.Since
				s.asks(n, workflows.Accept)
				s.until("it is stuck again", func() bool { r := s.status(n); return r.Stuck != nil && r.Stuck.Since.After(since) })
				s.serves(release(2), release(2), release(1))
				if got := len(s.called("StartGreen")); got != 3+2 {
					t.Errorf("it was tried again: %d containers were started", got)
				}
				s.heal()
				s.fall("h2/"+release(2), false)
				s.decide(n, act)
			})
		})
	}
}

// A host that takes nothing away keeps its group from nothing: what is left there
// goes with the rest, or is taken as it is.
func TestAGroupGoesBackWithoutAHostThatHangs(t *testing.T) {
	t.Parallel()
	for _, act := range []string{workflows.Accept, workflows.Abort} {
		t.Run(act, func(t *testing.T) {
			t.Parallel()
			groupedAlone(t, func(s *story) {
				n := s.canary()
				s.inWatch(n, 2)
				s.hang()
				s.fall("h2/"+release(2), true)
				s.gotStuck(n, slipway.Watching, "only group 2 of 3 went back; green is still to be removed from h2", release(2)+" on e1; "+release(1)+" on e2, e3")
				s.runs(on("h1", 1), on("h1", 2), on("h2", 1), on("h2", 2), on("h3", 1))
				s.heal()
				s.fall("h2/"+release(2), false)
				s.decide(n, act)
			})
		})
	}
}

// Blue of the group has died by the time it is tried again: that is what green is
// to take over from.
func TestAGroupIsTriedAgainWhoseBlueHasDied(t *testing.T) {
	t.Parallel()
	groupedAlone(t, func(s *story) {
		n := s.stuckInTheLast()
		s.fall("h3/"+release(1), true)
		s.asks(n, workflows.Accept)
		s.reaches(n, slipway.Holding)
		s.serves(s.serve(release(2))...)
		s.until("there is no way back", func() bool { return !s.status(n).RollbackReady })
	})
}

// Approvals of what comes after a group are about that group as it was seen.
func TestWhatWasApprovedOfAGroupIsVoidWhenItGoesBack(t *testing.T) {
	t.Parallel()
	groupedAlone(t, func(s *story) {
		n := s.submit(s.order("v2", standing("last", slipway.BeforeGroup(3)), func(o *slipway.Order) { o.Service.Gates[0].Approvers.Quorum = 2 }))
		s.gateOpens(n, 0)
		s.says(n, "last", "lea", slipway.Approve)
		s.fall("h2/"+release(2), true)
		s.reaches(n, slipway.Stuck)
		if g := s.status(n).Gates[0]; g.State != slipway.GatePending || len(g.Decisions) > 0 {
			t.Errorf("the gate is %+v", g)
		}
		s.fall("h2/"+release(2), false)
		s.asks(n, workflows.Accept)
		s.gateOpens(n, 0)
		s.says(n, "last", "lea", slipway.Approve)
		s.says(n, "last", "otto", slipway.Approve)
		s.reaches(n, slipway.Holding)
		s.serves(s.serve(release(2))...)
	})
}

// A gate that nobody opens in time ends the release as a whole.
func TestAGateBetweenGroupsThatExpiresTakesAllBack(t *testing.T) {
	t.Parallel()
	groupedAlone(t, func(s *story) {
		n := s.submit(s.order("v2", standing("last", slipway.BeforeGroup(3))))
		s.gateOpens(n, 0)
		s.wait(slipway.DefaultGateExpiry.Std())
		s.ends(n, slipway.Rejected, "gate last expired")
		s.is(release(1), release(1))
	})
}

// An abort does not wait until a group is back.
func TestAbortWhileAGroupGoesBack(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"KeepEvidence", "RestoreTarget", "DrainTarget", "UnstageTarget", "RemoveContainer"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			groupedAlone(t, func(s *story) {
				n := s.canary()
				s.inWatch(n, 2)
				f := s.fault(&fault{mode: hanging, activity: step, first: 1})
				s.fall("h2/"+release(2), true)
				s.until("it goes back", func() bool { return s.hit(f) })
				if r := s.status(n); r.Phase != slipway.Undoing || !strings.Contains(r.Reason, "group 2 goes back") {
					t.Errorf("it is %s: %s", r.Phase, r.Reason)
				}
				began := s.env.Now()
				s.asks(n, workflows.Abort)
				s.ends(n, slipway.Aborted, "aborted by bob: I looked")
				if took := s.env.Now().Sub(began); took > time.Minute {
					t.Errorf("that took %s", took)
				}
				s.is(release(1), release(1))
			})
		})
	}
}

// However a second step fails while a group goes back, or is tried again: who
// accepts gets the new version when all is mended, who aborts the old one, and
// nothing is left of the other.
func TestEveryStepMayFailWhileAGroupGoesBack(t *testing.T) {
	t.Parallel()
	if racing {
		return // TestEveryStepMayFail does what there is to find
	}
	for name, mode := range map[string]mode{"fails": fails, "is mute": mute, "is silent": silent} {
		for _, again := range []bool{true, false} {
			t.Run(fmt.Sprintf("one %s, when it is tried again %t", name, again), func(t *testing.T) {
				t.Parallel()
				overSteps(t, func(t *testing.T, n int) bool { return sweepSetBack(t, mode, n, again, (n/2+int(mode))%2 == 0) })
			})
		}
	}
}

// sweepSetBack runs a release that fails in the watch of its second group, with
// the nth activity broken from when that fails, or from when it is tried again,
// and reports whether there were so many.
func sweepSetBack(t *testing.T, mode mode, nth int, again, forward bool) bool {
	f := &fault{mode: mode, nth: nth}
	groupedAlone(t, func(s *story) {
		n := s.canary()
		s.inWatch(n, 2)
		stands := func() bool {
			r := s.status(n)
			return r.Outcome != nil || r.Phase == slipway.Stuck || r.Phase == slipway.Holding
		}
		breaks := func() {
			f.until = s.env.Now().Add(5 * time.Minute)
			s.mu.Lock()
			s.faults = append(s.faults, f)
			s.mu.Unlock()
		}
		if !again {
			breaks()
		}
		s.fall("h2/"+release(2), true)
		s.until("it stands", stands)
		s.fall("h2/"+release(2), false)
		goesOn := func(act string) {
			since := s.status(n).Stuck.Since
			if _, err := s.update(wfid(n), act, workflows.Request{By: "bob", Reason: "I looked"}); err != nil {
				return // its signature could not be looked at
			}
			s.until("it stands again", func() bool { r := s.status(n); return stands() && (r.Stuck == nil || r.Stuck.Since.After(since)) })
		}
		if again && s.status(n).Phase == slipway.Stuck {
			breaks()
			goesOn(workflows.Accept)
		}
		s.heal()
		s.wait(time.Minute)
		want := ""
		if s.status(n).Phase == slipway.Stuck {
			if got := s.serving(); got[0] != release(2) || got[2] != release(1) {
				t.Errorf("edges serve %v", got)
			}
			act := workflows.Abort
			want = release(1)
			if forward {
				want, act = release(2), workflows.Accept
			}
			goesOn(act)
		}
		if s.status(n).Phase == slipway.Holding {
			s.signal(n, workflows.Accept, workflows.Request{By: "ann"})
		}
		if left := s.sweptUp(n, f); want != "" && left != want {
			t.Errorf("%s is left, want %s", left, want)
		}
		s.heal()
		s.shape = nil
		s.live("v3")
		s.is(release(3), release(3))
	})
	return f.key != ""
}

// A plan says what a failure means.
func TestAPlanSaysThatAGroupGoesBackAlone(t *testing.T) {
	t.Parallel()
	groupedAlone(t, func(s *story) {
		for _, tells := range []bool{true, false} {
			preview, err := s.plan(s.order("v2"))
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.ContainsFunc(preview.Warnings, func(w string) bool { return strings.Contains(w, "goes back alone (on_failure: group)") }); got != tells {
				t.Errorf("it warns of %q", preview.Warnings)
			}
			s.shape = inGroups
		}
	})
}
