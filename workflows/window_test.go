package workflows_test

import (
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/workflows"
)

// declare changes the fleet file while everything runs.
func (s *story) declare(change func(*slipway.Fleet)) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	next := *s.fleet
	change(&next)
	s.fleet = &next
}

// freeze declares one that is on for so long.
func (s *story) freeze(last time.Duration, hosts ...string) time.Time {
	s.t.Helper()
	until := s.env.Now().UTC().Truncate(time.Minute).Add(last)
	freeze := slipway.Window{Name: "year-end", Reason: "the shops are full", TimeZone: "UTC", Until: until.Format(slipway.MomentLayout)}
	if len(hosts) > 0 {
		freeze.Hosts = &slipway.Selector{Names: hosts}
	}
	s.declare(func(f *slipway.Fleet) { f.Freezes = append(f.Freezes, freeze) })
	return until
}

func (s *story) thaw() { s.declare(func(f *slipway.Fleet) { f.Freezes = nil }) }

// waiting is an order that counts as long as one where there are windows.
func waiting(o *slipway.Order) { o.Patience = slipway.Duration(slipway.WindowPatience) }

// frozen waits until a release waits for the freeze.
func (s *story) frozen(n int) *slipway.Wait {
	s.t.Helper()
	s.until(release(n)+" waits for a window", func() bool { return s.status(n).Waits != nil })
	r := s.status(n)
	if r.Phase != slipway.AwaitingApproval || r.Waits.For != slipway.WaitsForWindow || !strings.HasPrefix(r.Waits.Reason, "freeze year-end") {
		s.t.Errorf("it is %s and waits for %+v", r.Phase, r.Waits)
	}
	return r.Waits
}

func TestReleaseIsPreparedInAFreezeAndSwitchesWhenItEnds(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		until := s.freeze(5 * time.Hour)
		n := s.submit(s.order("v2", waiting, holding(0)))
		if waits := s.frozen(n); waits.Until == nil || !waits.Until.Equal(until) {
			t.Errorf("it waits until %v", waits.Until)
		}
		s.wait(4 * time.Hour)
		s.is(release(1), release(1), release(2))
		r := s.endsWithin(n, 2*time.Hour)
		if r.SwitchedAt.Before(until) || r.SwitchedAt.Sub(until) > 2*time.Minute {
			t.Errorf("it switched at %s, and the freeze ended at %s", r.SwitchedAt, until)
		}
		s.is(release(2), release(2))
	})
}

// endsWithin waits for the end of a release that goes live.
func (s *story) endsWithin(n int, d time.Duration) slipway.Release {
	s.t.Helper()
	for end := s.env.Now().Add(d); s.env.Now().Before(end); s.wait(10 * time.Second) {
		if _, ok := s.closed[wfid(n)]; ok {
			break
		}
	}
	return s.ends(n, slipway.Live, "")
}

// Whoever waits for people may find itself in a freeze that nobody knew of.
func TestFreezeThatIsDeclaredWhileAReleaseWaitsHoldsIt(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		n := s.atGate()
		s.freeze(10 * time.Hour)
		for _, who := range []string{"lea", "max"} {
			s.signal(n, workflows.Decide, s.decision(n, who, slipway.Approve))
		}
		s.frozen(n)
		later := s.freeze(20 * time.Hour) // it lasts longer than was said
		s.declare(func(f *slipway.Fleet) { f.Freezes = f.Freezes[1:] })
		s.until("that is seen", func() bool { return s.status(n).Waits.Until.Equal(later) })
		s.wait(12 * time.Hour)
		s.is(release(1), release(1), release(n))
		s.thaw() // and ends before its time
		s.ends(n, slipway.Live, "")
	})
}

func TestWindowsOpenByTheClockOnTheWall(t *testing.T) {
	t.Parallel()
	for name, windowed := range map[string]func(*slipway.Fleet, *slipway.Order, slipway.Window){
		"of the fleet":   func(f *slipway.Fleet, _ *slipway.Order, w slipway.Window) { f.Windows = []slipway.Window{w} },
		"of the service": func(_ *slipway.Fleet, o *slipway.Order, w slipway.Window) { o.Service.Windows = []slipway.Window{w} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 1)
			s.tell(func() {
				s.live("v1")
				zone, err := time.LoadLocation("Europe/Berlin")
				if err != nil {
					t.Fatal(err)
				}
				tomorrow := s.env.Now().In(zone).AddDate(0, 0, 1)
				opens := time.Date(tomorrow.Year(), tomorrow.Month(), tomorrow.Day(), 10, 0, 0, 0, zone)
				window := slipway.Window{Name: "office", TimeZone: "Europe/Berlin", From: opens.Format(slipway.DateLayout) + " 00:00", Times: []slipway.Span{{From: 600, To: 660}}}
				order := s.order("v2", waiting, holding(0))
				s.declare(func(f *slipway.Fleet) { windowed(f, &order, window) })
				n := s.submit(order)
				s.until("it waits", func() bool { return s.status(n).Waits != nil })
				r := s.endsWithin(n, 48*time.Hour)
				if r.SwitchedAt.Before(opens) || r.SwitchedAt.Sub(opens) > 2*time.Minute {
					t.Errorf("it switched at %s, and the window opened at %s", r.SwitchedAt, opens)
				}
			})
		})
	}
}

func TestFreezeHoldsNoWayBack(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		s.live("v2")
		s.freeze(100 * time.Hour)
		s.ends(s.submit(s.order("v2", restarting, holding(0))), slipway.Live, "")
		n := s.submit(s.order("v3", waiting))
		s.frozen(n)
		s.signal(n, workflows.Abort, workflows.Request{By: "ann", Reason: "no"})
		s.ends(n, slipway.Aborted, "aborted by ann")

		n = s.submit(s.order("v3", waiting))
		s.frozen(n)
		back := s.order("v1", rollingBack, holding(0))
		s.ends(s.rollback(&back), slipway.Live, "")
		s.ends(n, slipway.Aborted, "a rollback goes first")
	})
}

// What is held goes back, and what is retired is retired.
func TestFreezeChangesNothingAboutWhatHasSwitched(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		s.freeze(100 * time.Hour)
		s.rollbackOf(n)
		s.is(release(1), release(1))
	})
}

func TestNewerReleaseTakesThePlaceOfOneThatWaitsForAWindow(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		s.freeze(100 * time.Hour)
		n := s.submit(s.order("v2", waiting))
		s.frozen(n)
		newer := s.submit(s.order("v3", waiting, holding(0)))
		s.ends(n, slipway.Superseded, "took its place while it waited: freeze year-end")
		s.frozen(newer)
		s.is(release(1), release(1), release(newer))
	})
}

func TestReleaseGivesUpWhenItsOrderCountsNoLonger(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		s.freeze(1000 * time.Hour)
		n := s.submit(s.order("v2"))
		s.frozen(n)
		s.wait(25 * time.Hour)
		s.ends(n, slipway.Rejected, "and its order counted until")
		s.is(release(1), release(1))
	})
}

func TestLineThatIsStoppedWhileAReleaseWaitsForAWindowHoldsItOn(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		s.freeze(10 * time.Hour)
		n := s.submit(s.order("v2", waiting, holding(0)))
		s.frozen(n)
		s.stop()
		s.wait(11 * time.Hour)
		s.stands(n, slipway.AwaitingApproval)
		s.is(release(1), release(1), release(n))
		s.resume()
		s.ends(n, slipway.Live, "")
	})
}

// A freeze of the core holds the group that has it, under watch.
func TestFreezeOfHostsHoldsTheirGroup(t *testing.T) {
	t.Parallel()
	for name, died := range map[string]bool{"the canary is well": false, "the canary dies": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			grouped(t, func(s *story) {
				s.freeze(5*time.Hour, "h2")
				n := s.submit(s.order("v2", waiting))
				s.frozen(n)
				s.serves(release(2), release(1), release(1))
				if died {
					s.fall(release(2), true)
					s.ends(n, slipway.RolledBack, "what serves of it failed: "+release(2)+" does not answer any more")
					s.is(release(1), release(1))
					return
				}
				s.thaw()
				s.reaches(n, slipway.Holding)
				s.is(release(2), release(1), release(2))
			})
		})
	}
}

// A command, and green without a route, have an effect when they start.
func TestWhatActsEarlyWaitsBeforeItStarts(t *testing.T) {
	t.Parallel()
	for name, shape := range map[string]func(*slipway.Service){"a worker": routeless, "a command": migrating(nil)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 1)
			s.shape = shape
			s.tell(func() {
				s.live("v1")
				s.freeze(10 * time.Hour)
				n := s.submit(s.order("v2", waiting, holding(0)))
				s.frozen(n)
				s.is(release(1), release(1))
				s.thaw()
				s.ends(n, slipway.Live, "")
				s.is(release(2), release(2))
			})
		})
	}
}

// pass is what somebody says who breaks the glass.
func (s *story) pass(n int, by string, decides bool) slipway.Pass {
	r := s.status(n)
	return slipway.Pass{By: by, Reason: "orders get lost", Decides: decides, Digest: r.Digest, Settings: r.Settings}
}

func TestTwoPeopleBreakTheGlass(t *testing.T) {
	t.Parallel()
	for name, asked := range map[string]bool{"when it was ordered": true, "later": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 2)
			s.tell(func() {
				s.live("v1")
				s.freeze(5 * time.Hour)
				n := s.submit(s.order("v2", waiting, holding(0), func(o *slipway.Order) { o.BreakGlass = asked }))
				s.frozen(n)
				if !asked {
					if _, err := s.update(wfid(n), workflows.Pass, s.pass(n, "ann", false)); err != nil {
						t.Fatal(err)
					}
					_, err := s.update(wfid(n), workflows.Pass, s.pass(n, "ann", true))
					s.refused(err, slipway.CodeConflict, "ann has broken the glass for "+release(n)+" already")
				}
				s.wait(10 * time.Minute)
				s.is(release(1), release(1), release(n))
				s.signal(n, workflows.Pass, s.pass(n, "lea", true))
				s.wait(time.Minute)
				r := s.endsWithin(n, 5*time.Minute)
				if last := r.Passes[len(r.Passes)-1]; !r.Passed() || last.By != "lea" || last.Reason != "orders get lost" || last.At.IsZero() {
					t.Errorf("it shows %+v", r.Passes)
				}
			})
		})
	}
}

func TestAPassThatNobodySignedBreaksNoGlass(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		s.freeze(5 * time.Hour)
		n := s.submit(s.order("v2", waiting))
		s.frozen(n)
		s.signal(n, workflows.Pass, s.pass(n, "max", false))
		for name, forge := range map[string]func(*slipway.Pass){
			"without a signature": func(p *slipway.Pass) { p.Signature = nobody },
			"in another's name": func(p *slipway.Pass) {
				p.Signature = s.voucher(release(n), *p)
				p.By = "olga"
			},
			"with a right that they have not": func(p *slipway.Pass) {
				p.Decides = false
				p.Signature = s.voucher(release(n), *p)
				p.Decides = true
			},
			"a decision instead": func(p *slipway.Pass) {
				p.Signature = s.vote(release(n), slipway.Decision{Gate: "go", Verdict: slipway.Approve, By: "lea"})
			},
		} {
			p := s.pass(n, "lea", true)
			forge(&p)
			s.signal(n, workflows.Pass, p)
			s.wait(time.Second)
			if r := s.status(n); len(r.Passes) != 1 || !strings.Contains(r.Ignored, "does not count") {
				t.Errorf("%s: it counts: %+v; ignored %q", name, r.Passes, r.Ignored)
			}
		}
		s.wait(time.Hour)
		s.is(release(1), release(1), release(n))
		s.line("")
		s.signal(n, workflows.Pass, s.pass(n, "lea", true))
		s.stands(n, slipway.AwaitingApproval) // a stopped line is not passed
		s.resume()
		s.wait(time.Hour)
		s.ends(n, slipway.Live, "")
	})
}
