package workflows_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/activities"
	"slipway/drivers/signing"
	"slipway/workflows"
)

// nobody stands where a signature would, for what came around the API.
const nobody = "nobody"

// authority is the API and the worker of a world in one, as standalone is.
func (w *world) authority() activities.Authority {
	current := func() *slipway.Fleet {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.fleet
	}
	if w.keys == nil {
		keys, err := signing.Open(filepath.Join(w.t.TempDir(), "signing.key"), current, true, time.Now)
		if err != nil {
			w.t.Fatal(err)
		}
		w.keys = keys
	}
	return activities.Authority{Signatures: w.keys, Fleet: current, Clock: w.clock}
}

func (w *world) seal(s slipway.Statement) string {
	w.t.Helper()
	token, err := w.authority().Signatures.Seal(s, time.Hour)
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// signed is what the API makes of what somebody says in a workflow's terms.
func (s *story) signed(workflowID, name string, in any) any {
	s.t.Helper()
	switch in := in.(type) {
	case workflows.SubmitInput:
		in.Order.Signature = s.sealed(in.Order)
		return in
	case workflows.RollbackInput:
		if in.Order != nil {
			order := *in.Order
			order.Signature = s.sealed(order)
			in.Order = &order
		}
		in.Signature = s.request(workflows.Rollback, "", in.Request)
		return in
	case workflows.RemoveInput:
		live := "nothing"
		if v := s.laneStatus().Live; v != nil {
			live = v.Release
		}
		in.Signature = s.request(workflows.Remove, live, in.Request)
		return in
	case workflows.Request:
		in.Signature = s.request(name, strings.TrimPrefix(workflowID, "release/"), in)
		return in
	case slipway.Pass:
		if in.Signature == "" {
			in.Signature = s.voucher(strings.TrimPrefix(workflowID, "release/"), in)
		}
		return in
	case slipway.Decision:
		if in.Signature == "" {
			in.Signature = s.vote(strings.TrimPrefix(workflowID, "release/"), in)
		}
		return in
	}
	return in
}

func (s *story) sealed(o slipway.Order) string {
	if o.Signature != "" {
		return o.Signature
	}
	statement := o.Statement()
	token, err := s.authority().Signatures.Seal(statement, statement.Lasts())
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

func (s *story) request(act, release string, r workflows.Request) string {
	if r.Signature != "" {
		return r.Signature
	}
	return s.seal(slipway.RequestStatement{Act: act, ServiceID: service, Release: release, By: r.By, Reason: r.Reason})
}

// vote signs a decision as it is.
func (s *story) vote(id string, d slipway.Decision) string {
	s.t.Helper()
	parsed, err := slipway.ParseReleaseID(id)
	if err != nil {
		s.t.Fatal(err)
	}
	r := s.status(parsed.Number)
	var order slipway.OrderStatement
	seal, err := s.keys.Open(r.Signature, &order)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.seal(slipway.DecisionStatement{
		Release: id, Order: seal.ID, Gate: d.Gate, Verdict: d.Verdict, By: d.By, Reason: d.Reason,
		Digest: d.Digest, Settings: d.Settings, Plan: order.Plan, RequestedBy: order.RequestedBy,
	})
}

// voucher signs a pass as it is.
func (s *story) voucher(id string, p slipway.Pass) string {
	s.t.Helper()
	parsed, err := slipway.ParseReleaseID(id)
	if err != nil {
		s.t.Fatal(err)
	}
	var order slipway.OrderStatement
	seal, err := s.keys.Proof(s.status(parsed.Number).Signature, &order)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.seal(slipway.PassStatement{
		Release: id, Order: seal.ID, By: p.By, Reason: p.Reason, Decides: p.Decides,
		Digest: p.Digest, Settings: p.Settings, Plan: order.Plan, RequestedBy: order.RequestedBy,
	})
}

func TestWhatNobodySignedIsRefusedBeforeAnythingIsDone(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]struct {
		change func(*story, *slipway.Order)
		text   string
	}{
		"no signature": {func(_ *story, o *slipway.Order) { o.Signature = nobody }, "the signature of the order is not right"},
		"gates taken out": {func(s *story, o *slipway.Order) {
			gated(o)
			o.Signature = s.seal(o.Statement())
			o.Service.Gates = nil
		}, "somebody has changed them since"},
		"another tag": {func(s *story, o *slipway.Order) {
			o.Signature = s.seal(o.Statement())
			o.Tag = "v3"
		}, "somebody has changed it since"},
		"its gates skipped, as a way back": {func(s *story, o *slipway.Order) {
			gated(o)
			o.Signature = s.seal(o.Statement())
			o.Kind = slipway.KindRollback
		}, "somebody has changed it since"},
		"another requester, who could then approve": {func(s *story, o *slipway.Order) {
			o.Signature = s.seal(o.Statement())
			o.RequestedBy = "eve"
		}, "it says that eve ordered a release"},
		"other hosts": {func(s *story, o *slipway.Order) {
			o.Signature = s.seal(o.Statement())
			o.Plan.Hosts = o.Plan.Hosts[:1]
		}, "somebody has changed it since"},
		"an order of another service": {func(s *story, o *slipway.Order) {
			other := o.Statement()
			other.Service = "shop"
			o.Signature = s.seal(other)
		}, "its order was signed for search/shop"},
		"a request in place of an order": {func(s *story, o *slipway.Order) {
			o.Signature = s.seal(slipway.RequestStatement{ServiceID: service, Act: workflows.Rollback, By: "ann"})
		}, "a signature of another kind"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 2)
			s.tell(func() {
				s.live("v1")
				order := s.order("v2")
				change.change(s, &order)
				n := s.submit(order)
				s.ends(n, slipway.Refused, change.text)
				s.is(release(1), release(1))
			})
		})
	}
}

func TestADecisionThatNobodySignedDoesNotCountAndIsSeen(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		n := s.atGate()
		for name, forge := range map[string]func(*slipway.Decision){
			"without a signature": func(d *slipway.Decision) { d.Signature = nobody },
			"in another's name": func(d *slipway.Decision) {
				d.Signature = s.vote(release(n), *d)
				d.By = "max"
			},
			"for another release": func(d *slipway.Decision) {
				o, _ := s.keys.Open(s.status(n).Signature, &slipway.OrderStatement{})
				d.Signature = s.seal(slipway.DecisionStatement{Release: release(1), Order: o.ID, Gate: d.Gate, Verdict: d.Verdict, By: d.By})
			},
		} {
			d := s.decision(n, "lea", slipway.Approve)
			forge(&d)
			s.signal(n, workflows.Decide, d)
			s.wait(time.Second)
			r := s.status(n)
			if len(r.Gates[0].Decisions) != 0 || !strings.Contains(r.Ignored, "does not count") {
				t.Errorf("%s: it counts: %+v; ignored %q", name, r.Gates[0], r.Ignored)
			}
			_, err := s.update(wfid(n), workflows.Decide, d)
			s.refused(err, slipway.CodeForbidden, "does not count")
		}
	})
}

func TestRequestsThatNobodySignedChangeNothing(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.tell(func() {
		s.live("v1")
		n := s.held()
		for _, name := range []string{workflows.Rollback, workflows.Accept} {
			s.signal(n, name, workflows.Request{By: "ops", Reason: "because", Signature: nobody})
			s.wait(time.Second)
			if r := s.status(n); r.Phase != slipway.Holding || !strings.Contains(r.Ignored, "the request of ops on "+release(n)+" does not count") {
				t.Errorf("after %s it is %s, ignored %q", name, r.Phase, r.Ignored)
			}
		}
		s.is(release(n), release(1), release(n))
	})
}

func TestAKeyThatIsRevokedWhileAReleaseWaitsUndoesIt(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		n := s.atGate()
		s.signal(n, workflows.Decide, s.decision(n, "lea", slipway.Approve))
		s.wait(time.Second)
		proving := s.fault(&fault{mode: late, activity: "ProbeGreen"}) // once more, before the switch
		s.signal(n, workflows.Decide, s.decision(n, "max", slipway.Approve))
		s.until("green is proven once more", func() bool { return s.late(proving, 2) })
		s.mu.Lock()
		s.fleet.Signing.Keys = []slipway.SigningKey{{ID: s.keys.ID(), Use: slipway.APIKey, Revoked: true}}
		s.mu.Unlock()
		s.answer(proving)
		s.ends(n, slipway.RolledBack, "is revoked in signing.keys of the fleet file: nothing that it signed counts")
		s.is(release(1), release(1))
	})
}
