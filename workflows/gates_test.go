package workflows_test

import (
	"testing"
	"time"

	"slipway"
	"slipway/workflows"
)

func gated(o *slipway.Order) {
	o.Service.Gates = []slipway.Gate{{
		Name: "go", Before: slipway.BeforeSwitch, Expires: slipway.DefaultGateExpiry,
		Approvers: slipway.Approvers{Role: slipway.Approver, Quorum: 2},
	}}
}

// decision is one that counts for release n.
func (s *story) decision(n int, by string, verdict slipway.Verdict) slipway.Decision {
	r := s.status(n)
	return slipway.Decision{Gate: "go", Verdict: verdict, By: by, Reason: "looked at it", Digest: r.Digest, Settings: r.Settings}
}

// atGate brings a gated release of v2 to its gate.
func (s *story) atGate() int {
	s.t.Helper()
	s.live("v1")
	n := s.submit(s.order("v2", gated, holding(0)))
	s.reaches(n, slipway.AwaitingApproval)
	s.is(release(1), release(1), release(n))
	return n
}

// waysToDecide are the two that have to mean the same.
var waysToDecide = map[string]func(*story, int, slipway.Decision){
	"by update": func(s *story, n int, d slipway.Decision) {
		if _, err := s.update(wfid(n), workflows.Decide, d); err != nil {
			s.t.Errorf("decide: %v", err)
		}
	},
	"by signal": func(s *story, n int, d slipway.Decision) { s.signal(n, workflows.Decide, d) },
}

func TestGateOpensWithItsQuorum(t *testing.T) {
	t.Parallel()
	for way, decide := range waysToDecide {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 2)
			s.tell(func() {
				n := s.atGate()
				decide(s, n, s.decision(n, "lea", slipway.Approve))
				s.wait(time.Hour)
				if r := s.status(n); r.Phase != slipway.AwaitingApproval || len(r.Gates[0].Decisions) != 1 {
					t.Errorf("after one of two it is %s: %+v", r.Phase, r.Gates)
				}
				decide(s, n, s.decision(n, "max", slipway.Approve))
				r := s.ends(n, slipway.Live, "")
				if r.Gates[0].State != slipway.GateApproved || r.Gates[0].Decisions[1].At.IsZero() {
					t.Errorf("gate is %+v", r.Gates[0])
				}
				s.is(release(2), release(2))
			})
		})
	}
}

func TestOneRejectionIsEnough(t *testing.T) {
	t.Parallel()
	for way, decide := range waysToDecide {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 2)
			s.tell(func() {
				n := s.atGate()
				decide(s, n, s.decision(n, "lea", slipway.Reject))
				r := s.ends(n, slipway.Rejected, "lea rejected gate go: looked at it")
				if r.Gates[0].State != slipway.GateRejected {
					t.Errorf("gate is %s", r.Gates[0].State)
				}
				s.is(release(1), release(1))
			})
		})
	}
}

func TestGateExpires(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		n := s.atGate()
		opened := s.status(n).Gates[0].OpenedAt
		s.wait(24*time.Hour - time.Minute)
		s.reaches(n, slipway.AwaitingApproval)
		r := s.ends(n, slipway.Rejected, "gate go expired after 24h0m0s with 0 of 2 approvals")
		if waited := r.EndedAt.Sub(opened); waited < 24*time.Hour || waited > 24*time.Hour+time.Minute {
			t.Errorf("it expired after %s", waited)
		}
		s.is(release(1), release(1))
	})
}

func TestDecisionsThatDoNotCount(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		n := s.atGate()
		if _, err := s.update(wfid(n), workflows.Decide, s.decision(n, "lea", slipway.Approve)); err != nil {
			t.Fatal(err)
		}
		tests := []struct {
			name   string
			change func(*slipway.Decision)
			code   slipway.Code
			text   string
		}{
			{"of the requester", func(d *slipway.Decision) { d.By = "ann" }, slipway.CodeForbidden, "cannot decide on it"},
			{"a second one", func(d *slipway.Decision) { d.By = "lea" }, slipway.CodeConflict, "lea has decided gate go already"},
			{"of nobody", func(d *slipway.Decision) { d.By = "" }, slipway.CodeInvalid, "says who decides"},
			{"about another digest", func(d *slipway.Decision) { d.Digest = digest("v3") }, slipway.CodeConflict, "another digest"},
			{"about other settings", func(d *slipway.Decision) { d.Settings = "" }, slipway.CodeConflict, "other settings"},
			{"without a verdict", func(d *slipway.Decision) { d.Verdict = "" }, slipway.CodeInvalid, `not ""`},
			{"a rejection without a reason", func(d *slipway.Decision) { d.Verdict, d.Reason = slipway.Reject, "" }, slipway.CodeInvalid, "needs a reason"},
			{"at another gate", func(d *slipway.Decision) { d.Gate = "later" }, slipway.CodeNotFound, `no gate "later"`},
		}
		for _, test := range tests {
			d := s.decision(n, "max", slipway.Approve)
			test.change(&d)
			_, err := s.update(wfid(n), workflows.Decide, d)
			s.refused(err, test.code, test.text)
			s.signal(n, workflows.Decide, d)
			s.wait(time.Second)
			if r := s.status(n); r.Phase != slipway.AwaitingApproval || len(r.Gates[0].Decisions) != 1 {
				t.Fatalf("%s counted: %+v", test.name, r.Gates[0])
			}
		}
	})
}

func TestGateThatIsNotOpenDecidesNothing(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		s.fault(&fault{mode: hanging, activity: "ProbeGreen"})
		n := s.submit(s.order("v2", gated))
		s.reaches(n, slipway.Probing)
		_, err := s.update(wfid(n), workflows.Decide, s.decision(n, "lea", slipway.Approve))
		s.refused(err, slipway.CodeConflict, "is pending, not open")
	})
}

func TestAbortAtAGate(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		n := s.atGate()
		if _, err := s.update(wfid(n), workflows.Abort, workflows.Request{By: "ann"}); err != nil {
			t.Fatal(err)
		}
		s.ends(n, slipway.Aborted, "aborted by ann")
		s.is(release(1), release(1))
	})
}

func TestGreenThatDiedAtTheGateGetsNoTraffic(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		n := s.atGate()
		s.fault(&fault{mode: fails, activity: "ProbeGreen", at: "h1", text: "it was killed"})
		for _, by := range []string{"lea", "max"} {
			s.signal(n, workflows.Decide, s.decision(n, by, slipway.Approve))
		}
		s.ends(n, slipway.RolledBack, "it was killed")
		if got := s.called("CommitTarget"); len(got) != 2 { // those of v1
			t.Errorf("edges were told to commit: %v", got)
		}
		s.is(release(1), release(1))
	})
}

func TestEdgesThatWereChangedDuringTheWaitVoidTheApprovals(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		first := s.held()
		n := s.submit(s.order("v3", gated))
		s.reaches(n, slipway.AwaitingApproval)
		s.rollbackOf(first)
		for _, by := range []string{"lea", "max"} {
			s.signal(n, workflows.Decide, s.decision(n, by, slipway.Approve))
		}
		s.ends(n, slipway.RolledBack, "the edges went from "+release(2)+" to "+release(1))
		s.is(release(1), release(1))
	})
}
