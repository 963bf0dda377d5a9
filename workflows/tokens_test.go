package workflows_test

import (
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"slipway"
	"slipway/workflows"
)

// A ring of keys is Tokens in virtual time.
type ring struct {
	*testsuite.TestWorkflowEnvironment
	t    *testing.T
	wait func(time.Duration) bool
}

// onRing runs a script beside Tokens, and ends them with it.
func onRing(t *testing.T, script func(r *ring)) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	r := &ring{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t}
	workflows.Register(r)
	next, stop := iter.Pull(func(yield func(time.Duration) bool) {
		r.wait = yield
		script(r)
	})
	defer stop()
	var resume func()
	resume = func() {
		if d, ok := next(); ok {
			r.RegisterDelayedCallback(resume, d)
			return
		}
		r.CancelWorkflow()
	}
	r.RegisterDelayedCallback(resume, time.Millisecond)
	r.ExecuteWorkflow(workflows.TokensType, workflows.TokensInput{})
}

// update sends an update and returns how it was answered.
func (r *ring) update(name string, in any) error {
	r.t.Helper()
	answered, failure := false, error(nil)
	r.UpdateWorkflow(name, fmt.Sprint(name, r.Now().UnixNano()), &testsuite.TestUpdateCallback{
		OnAccept:   func() {},
		OnReject:   func(err error) { answered, failure = true, err },
		OnComplete: func(_ any, err error) { answered, failure = true, err },
	}, in)
	for range 100 {
		if r.wait(time.Millisecond); answered {
			return failure
		}
	}
	r.t.Fatalf("%s was not answered", name)
	return nil
}

// standing is what Tokens knows.
func (r *ring) standing() slipway.Standing {
	r.t.Helper()
	var s slipway.Standing
	value, err := r.QueryWorkflow(workflows.Status)
	if err == nil {
		err = value.Get(&s)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

func TestTokens_AreGoodUntilTheyAreRevokedOrExpire(t *testing.T) {
	t.Parallel()
	onRing(t, func(r *ring) {
		token := func(id, project, maker string, lasts time.Duration) slipway.Token {
			return slipway.Token{ID: id, Name: "ci", Project: project, Role: slipway.Releaser, Maker: maker, ExpiresAt: r.Now().Add(lasts)}
		}
		search, shop := token("1", "search", "ann", time.Hour), token("2", "shop", "bob", 2*time.Hour)
		for _, in := range []slipway.Token{search, shop, search} { // the last one again
			if err := r.update(workflows.Create, in); err != nil {
				t.Error(err)
			}
		}
		if err := r.update(workflows.Create, token("3", "search", "carl", time.Hour)); err == nil || !strings.Contains(err.Error(), "there is a token ci already, made by ann") {
			t.Errorf("its name is taken: %v", err)
		}
		if err := r.update(workflows.Revoke, workflows.RevokeInput{ID: "2"}); err == nil {
			t.Error("revoked by nobody")
		}
		if got := r.standing(); len(got.Tokens) != 2 {
			t.Errorf("%+v", got)
		}
		for range 2 {
			if err := r.update(workflows.Revoke, workflows.RevokeInput{ID: "2", By: "otto"}); err != nil {
				t.Error(err)
			}
		}
		if diff := cmp.Diff([]slipway.Token{search}, r.standing().Tokens); diff != "" {
			t.Error(diff)
		}
		r.wait(time.Hour)
		if err := r.update(workflows.Create, token("4", "search", "ann", time.Hour)); err != nil {
			t.Errorf("the name of one that has expired: %v", err)
		}
		if got := r.standing().Tokens; len(got) != 1 || got[0].ID != "4" {
			t.Errorf("%+v", got)
		}
	})
}

func TestTokens_KnowWhichSessionsAreOver(t *testing.T) {
	t.Parallel()
	onRing(t, func(r *ring) {
		began := r.Now()
		out := func(session string) {
			t.Helper()
			if err := r.update(workflows.SignOut, workflows.SignOutInput{Person: "ann", Session: session, Expires: began.Add(12 * time.Hour)}); err != nil {
				t.Error(err)
			}
		}
		out("s0")
		if s := r.standing(); !s.Over("ann", "s0", began) || s.Over("ann", "s1", began) || s.Over("bob", "s0", began) {
			t.Errorf("%+v", s)
		}
		r.wait(time.Hour)
		for i := range workflows.SessionLimit {
			out(fmt.Sprint("more", i))
		}
		s := r.standing()
		if !s.Over("ann", "s0", began) || !s.Over("ann", "another", began) || s.Over("ann", "new", r.Now().Add(time.Second)) || len(s.Ended["ann"].Sessions) > 0 {
			t.Errorf("too many are all before: %+v", s)
		}
		r.wait(12 * time.Hour)
		if err := r.update(workflows.Revoke, workflows.RevokeInput{ID: "none", By: "ann"}); err != nil {
			t.Error(err)
		}
		if s := r.standing(); len(s.Ended) > 0 {
			t.Errorf("what would have expired is kept: %+v", s)
		}
	})
}
