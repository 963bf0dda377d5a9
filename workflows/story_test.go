package workflows_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
	"slipway/workflows"
)

// story is one lane with its releases and cleanups in a world, in virtual
// time. What a person does is written in the order in which it happens: tell
// runs it as a coroutine that gives way to the workflows whenever it waits.
type story struct {
	*world
	env    *testsuite.TestWorkflowEnvironment
	faults []*fault
	calls  []call
	wait   func(time.Duration) bool // gives way
	lane   workflows.LaneState      // that the lane starts with
	renew  bool                     // the lane is told to continue as new
	end    error                    // what the lane ended with

	started   map[string]bool     // by workflow ID
	closed    map[string]closed   // by workflow ID
	cancelled map[string]bool     // activities
	did       map[string][]string // by workflow ID, in the words of its history
	over      bool
	told      int // how often the lane was told which hosts are cordoned

	neighbours []*neighbour // other services of the project, whose lanes the test speaks for
}

// closed is how a workflow ended.
type closed struct {
	release slipway.Release
	err     error
}

func newStory(t *testing.T, size int) *story {
	s := &story{world: newWorld(t, size), started: map[string]bool{}, closed: map[string]closed{}, cancelled: map[string]bool{}, did: map[string][]string{}}
	s.broken = func(ctx context.Context) bool {
		info := activity.GetInfo(ctx)
		return s.cancelled[info.WorkflowExecution.RunID+info.ActivityID]
	}
	return s
}

// ofAnyEdges tells a story of three hosts twice: with edges that serve all of
// them, and with edges that serve their own.
func ofAnyEdges(t *testing.T, script func(s *story, local bool)) {
	t.Parallel()
	for name, local := range map[string]bool{"edges that serve all hosts": false, "edges that serve their own": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 3)
			if local {
				s.local()
			}
			s.tell(func() { script(s, local) })
		})
	}
}

// Signals that do to a release what Temporal's test environment cannot do to a
// child: Terminate, which ends it without any undoing, and Cancel.
const (
	terminate = "terminate"
	cancel    = "cancel"
)

// exposed is the release as it is, exposed to these signals.
func exposed(ctx workflow.Context, in workflows.ReleaseInput) (slipway.Release, error) {
	var result slipway.Release
	var err error
	done := false
	inner, cancelInner := workflow.WithCancel(ctx)
	workflow.Go(inner, func(ctx workflow.Context) {
		result, err = workflows.Release(ctx, in)
		done = true
	})
	workflow.Go(ctx, func(ctx workflow.Context) {
		workflow.GetSignalChannel(ctx, cancel).Receive(ctx, nil)
		cancelInner()
	})
	end := workflow.GetSignalChannel(ctx, terminate)
	_ = workflow.Await(ctx, func() bool { return done || end.Len() > 0 })
	if !done {
		return slipway.Release{}, errors.New("terminated")
	}
	return result, err
}

// tell runs the lane with script beside it, and then cancels the lane, unless
// it continues as new: then it is the script that brings it to an end.
func (s *story) tell(script func()) {
	s.t.Helper()
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	s.env = suite.NewTestWorkflowEnvironment()
	s.clock = s.env.Now
	s.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: workflows.LaneID(service), TaskQueue: workflows.TaskQueue})
	s.env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&meddler{story: s}}})
	s.env.SetDetachedChildWait(false)
	s.env.SetTestTimeout(10 * time.Second)
	s.env.RegisterWorkflowWithOptions(workflows.Lane, workflow.RegisterOptions{Name: workflows.LaneType})
	s.env.RegisterWorkflowWithOptions(exposed, workflow.RegisterOptions{Name: workflows.ReleaseType})
	s.env.RegisterWorkflowWithOptions(workflows.Cleanup, workflow.RegisterOptions{Name: workflows.CleanupType})
	s.env.RegisterWorkflowWithOptions(workflows.Catchup, workflow.RegisterOptions{Name: workflows.CatchupType})
	s.env.RegisterWorkflowWithOptions(workflows.Vacate, workflow.RegisterOptions{Name: workflows.VacateType})
	s.env.RegisterWorkflowWithOptions(workflows.Project, workflow.RegisterOptions{Name: workflows.ProjectType})
	s.env.RegisterActivity(&activities.Host{
		Authority: s.authority(), Edges: drivers{s.world},
		Engines: drivers{s.world}, Registries: drivers{s.world}, Prober: drivers{s.world},
		Rules: drivers{s.world}, Secrets: drivers{s.world}, Evidence: drivers{s.world},
	})
	s.env.RegisterActivity(&activities.Central{Authority: s.authority(), Registries: drivers{s.world}, Edges: drivers{s.world}, Releases: drivers{s.world}, Endings: drivers{s.world}})
	s.env.SetOnChildWorkflowStartedListener(func(info *workflow.Info, _ workflow.Context, _ converter.EncodedValues) {
		s.started[info.WorkflowExecution.ID] = true
	})
	s.env.SetOnChildWorkflowCompletedListener(func(info *workflow.Info, result converter.EncodedValue, err error) {
		end := closed{err: err}
		if err == nil && info.WorkflowType.Name == workflows.ReleaseType {
			end.err = result.Get(&end.release)
		}
		s.closed[info.WorkflowExecution.ID] = end
	})
	s.env.SetOnActivityCanceledListener(func(info *activity.Info) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.cancelled[info.WorkflowExecution.RunID+info.ActivityID] = true
	})

	next, stop := iter.Pull(func(yield func(time.Duration) bool) {
		s.wait = yield
		script()
	})
	defer stop()
	var resume func()
	resume = func() {
		if d, ok := next(); ok {
			s.env.RegisterDelayedCallback(resume, max(d, time.Millisecond))
			return
		}
		s.mu.Lock()
		s.over = true
		s.mu.Unlock()
		if !s.renew {
			s.env.CancelWorkflow()
		}
	}
	var begin func()
	begin = func() { // on a busy machine the callback may come before the lane's first step
		if _, err := s.env.QueryWorkflowByID(workflows.LaneID(service), workflows.Status); err != nil {
			s.env.RegisterDelayedCallback(begin, time.Millisecond)
			return
		}
		resume()
	}
	s.env.RegisterDelayedCallback(begin, time.Millisecond)
	s.env.ExecuteWorkflow(workflows.LaneType, workflows.LaneInput{Service: service, State: s.lane})
	s.end = s.env.GetWorkflowError()
	if _, renewed := errors.AsType[*workflow.ContinueAsNewError](s.end); !temporal.IsCanceledError(s.end) && !(renewed && s.renew) {
		s.t.Errorf("lane ended with: %v", s.end)
	}
}

// until waits for at most an hour, and looks less often the longer it takes.
func (s *story) until(what string, cond func() bool) {
	s.t.Helper()
	for began := s.env.Now(); !cond(); {
		waited := s.env.Now().Sub(began)
		if waited > time.Hour {
			s.t.Fatalf("waited an hour for: %s", what)
		}
		s.wait(max(10*time.Millisecond, waited/10))
	}
}

func release(n int) string { return slipway.ReleaseID{ServiceID: service, Number: n}.String() }

func releaseID(n int) slipway.ReleaseID { return slipway.ReleaseID{ServiceID: service, Number: n} }

func wfid(n int) string { return workflows.ReleaseWorkflowID(releaseID(n)) }

// update sends an update and waits for the answer.
func (s *story) update(workflowID, name string, in any) (workflows.SubmitResult, error) {
	s.t.Helper()
	var result workflows.SubmitResult
	var failure error
	answered := false
	callback := &testsuite.TestUpdateCallback{
		OnAccept: func() {},
		OnReject: func(err error) { failure, answered = err, true },
		OnComplete: func(out any, err error) {
			answered, failure = true, err
			if value, ok := out.(workflows.SubmitResult); ok {
				result = value
			}
		},
	}
	if err := s.env.UpdateWorkflowByID(workflowID, name, fmt.Sprintf("%s %d", name, s.env.Now().UnixNano()), callback, s.signed(workflowID, name, in)); err != nil {
		return result, err
	}
	s.until("answer to "+name, func() bool { return answered })
	return result, failure
}

// submit asks for a release and returns its number.
func (s *story) submit(order slipway.Order) int {
	s.t.Helper()
	result, err := s.update(workflows.LaneID(service), workflows.Submit, workflows.SubmitInput{Order: order})
	if err != nil {
		s.t.Fatalf("submit: %v", err)
	}
	return result.Release.Number
}

func (s *story) signal(n int, name string, in any) {
	s.t.Helper()
	if err := s.env.SignalWorkflowByID(wfid(n), name, s.signed(wfid(n), name, in)); err != nil {
		s.t.Fatalf("signal %s: %v", name, err)
	}
}

// status is what the query of a release shows while it is open, and its result
// afterwards.
func (s *story) status(n int) slipway.Release {
	s.t.Helper()
	if end, ok := s.closed[wfid(n)]; ok {
		return end.release
	}
	if !s.started[wfid(n)] { // the test environment cannot query it yet
		return slipway.Release{Phase: slipway.Queued}
	}
	value, err := s.env.QueryWorkflowByID(wfid(n), workflows.Status)
	if err != nil {
		return slipway.Release{Phase: slipway.Queued}
	}
	var out slipway.Release
	if err := value.Get(&out); err != nil {
		s.t.Fatal(err)
	}
	return out
}

func (s *story) laneStatus() slipway.ServiceStatus {
	s.t.Helper()
	var out slipway.ServiceStatus
	s.until("the lane answers", func() bool { // it may not have begun
		value, err := s.env.QueryWorkflowByID(workflows.LaneID(service), workflows.Status)
		return err == nil && value.Get(&out) == nil
	})
	return out
}

func (s *story) reaches(n int, phase slipway.Phase) {
	s.t.Helper()
	s.until(fmt.Sprintf("%s is %s", release(n), phase), func() bool { return s.status(n).Phase == phase })
}

// ends waits for the end of a release and checks the outcome and a part of the
// reason.
func (s *story) ends(n int, outcome slipway.Outcome, reason string) slipway.Release {
	s.t.Helper()
	s.until(release(n)+" ends", func() bool { _, ok := s.closed[wfid(n)]; return ok })
	end := s.closed[wfid(n)]
	if end.err != nil {
		s.t.Fatalf("%s failed: %v", release(n), end.err)
	}
	if end.release.Outcome == nil || *end.release.Outcome != outcome || !strings.Contains(end.release.Reason, reason) {
		text, _ := json.Marshal(end.release)
		s.t.Fatalf("%s should have ended %s (%q), but: %s", release(n), outcome, reason, text)
	}
	return end.release
}

// cleaned waits for the Cleanup of a release.
func (s *story) cleaned(n int) {
	s.t.Helper()
	id := workflows.CleanupID(releaseID(n))
	s.until(id+" ends", func() bool { _, ok := s.closed[id]; return ok })
	if err := s.closed[id].err; err != nil {
		s.t.Fatalf("%s: %v", id, err)
	}
}

// live releases a tag and waits until it serves and no hold is left.
func (s *story) live(tag string, change ...func(*slipway.Order)) {
	s.t.Helper()
	n := s.submit(s.order(tag, append([]func(*slipway.Order){holding(0)}, change...)...))
	s.ends(n, slipway.Live, "")
}

// held releases v2 and waits until it holds its blue and the lane knows.
func (s *story) held(change ...func(*slipway.Order)) int {
	s.t.Helper()
	n := s.submit(s.order("v2", change...))
	s.until("the lane knows that it holds", func() bool { return s.laneStatus().Held == release(n) })
	return n
}

// rollback asks the lane to go back, with an order for when nothing is held.
func (s *story) rollback(order *slipway.Order) int {
	s.t.Helper()
	result, err := s.update(workflows.LaneID(service), workflows.Rollback, workflows.RollbackInput{
		Order: order, Request: workflows.Request{By: "bob", Reason: "it is slow"},
	})
	if err != nil {
		s.t.Fatalf("rollback: %v", err)
	}
	return result.Release.Number
}

// is checks what serves and what runs.
func (s *story) is(serves string, running ...string) {
	s.t.Helper()
	if diff := cmp.Diff(s.serve(serves), s.serving()); diff != "" && s.order("v1").Service.Route != nil {
		s.t.Errorf("edges serve (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(s.run(running...), s.running()); diff != "" {
		s.t.Errorf("hosts run (-want +got):\n%s", diff)
	}
}

// called are the calls of an activity so far.
func (s *story) called(name string) []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []call
	for _, c := range s.calls {
		if c.name == name {
			out = append(out, c)
		}
	}
	return out
}

// refused checks the code of an error that an update was refused with.
func (s *story) refused(err error, code slipway.Code, text string) {
	s.t.Helper()
	var app *temporal.ApplicationError
	if !errors.As(err, &app) || app.Type() != string(code) || !strings.Contains(app.Message(), text) {
		s.t.Errorf("got %v, want %s: …%s…", err, code, text)
	}
}

// cancel is what a person can do in Temporal's own UI.
func (s *story) cancel(n int) { s.signal(n, cancel, nil) }
