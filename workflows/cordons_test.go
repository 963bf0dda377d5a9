package workflows_test

import (
	"fmt"
	"iter"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
	"slipway/workflows"
)

// A town has Cordons, or the Line, in virtual time, and a lane that hears what is said.
type town struct {
	ring
	interceptor.WorkerInterceptorBase
	heard []string
}

type crier struct {
	interceptor.WorkflowInboundInterceptorBase
	*town
}

type crying struct {
	interceptor.WorkflowOutboundInterceptorBase
	*town
}

func (w *town) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &crier{interceptor.WorkflowInboundInterceptorBase{Next: next}, w}
}

func (c *crier) Init(out interceptor.WorkflowOutboundInterceptor) error {
	return c.Next.Init(&crying{interceptor.WorkflowOutboundInterceptorBase{Next: out}, c.town})
}

func (c *crying) SignalExternalWorkflow(ctx workflow.Context, id, _, name string, arg any) workflow.Future {
	c.heard = append(c.heard, fmt.Sprintf("%s: %s %s", id, name, revision(arg)))
	future, done := workflow.NewFuture(ctx)
	done.SetValue(nil)
	return future
}

// inTown runs a script beside a workflow that tells lanes, and ends it with it.
func inTown(t *testing.T, kind string, in any, script func(w *town)) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	w := &town{ring: ring{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t}}
	w.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{w}})
	workflows.Register(w)
	w.RegisterActivity(&activities.Central{Releases: drivers{newWorld(t, 1)}})
	next, stop := iter.Pull(func(yield func(time.Duration) bool) {
		w.wait = yield
		script(w)
	})
	defer stop()
	var resume func()
	resume = func() {
		if d, ok := next(); ok {
			w.RegisterDelayedCallback(resume, d)
			return
		}
		w.CancelWorkflow()
	}
	w.RegisterDelayedCallback(resume, time.Millisecond)
	w.ExecuteWorkflow(kind, in)
}

func (w *town) cordons() slipway.Cordons {
	w.t.Helper()
	var out slipway.Cordons
	value, err := w.QueryWorkflow(workflows.Status)
	if err == nil {
		err = value.Get(&out)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *town) refused(err error, code slipway.Code, text string) {
	w.t.Helper()
	(&story{world: &world{t: w.t}}).refused(err, code, text)
}

// told waits longer than it takes, and wants the lane to have been told this.
func (w *town) told(want ...string) {
	w.t.Helper()
	w.wait(time.Minute)
	if diff := cmp.Diff(want, w.heard); diff != "" {
		w.t.Errorf("the lane heard (-want +got):\n%s", diff)
	}
	w.heard = nil
}

func TestCordonsAreToldToEveryLaneTwice(t *testing.T) {
	t.Parallel()
	inTown(t, workflows.CordonsType, workflows.CordonsInput{}, func(w *town) {
		kernel := slipway.Cordon{Host: "h2", By: "ops", Reason: "a new kernel"}
		for range 2 { // an answer may have been lost
			if err := w.update(workflows.Cordon, kernel); err != nil {
				t.Error(err)
			}
		}
		w.told("lane/search.api: cordoned 1", "lane/search.api: cordoned 1")

		disk := slipway.Cordon{Host: "h2", By: "eve", Reason: "a new disk"}
		w.refused(w.update(workflows.Cordon, disk), slipway.CodeConflict, "host h2 is already cordoned by ops: a new kernel")
		disk.Drain = true
		if err := w.update(workflows.Cordon, disk); err != nil {
			t.Errorf("what is cordoned cannot be drained: %v", err)
		}
		w.refused(w.update(workflows.Cordon, kernel), slipway.CodeConflict, "host h2 is already drained by eve: a new disk")
		w.told("lane/search.api: cordoned 2", "lane/search.api: cordoned 2")
		if got := w.cordons(); len(got.Hosts) != 1 || got.Hosts[0].String() != "drained by eve: a new disk" || got.Hosts[0].At.IsZero() {
			t.Errorf("cordons are %+v", got)
		}

		back := workflows.UncordonInput{Host: "h2", Request: workflows.Request{By: "ops", Reason: "it is there"}}
		if err := w.update(workflows.Uncordon, back); err != nil {
			t.Error(err)
		}
		w.refused(w.update(workflows.Uncordon, back), slipway.CodeConflict, "host h2 is not cordoned")
		w.told("lane/search.api: cordoned 3", "lane/search.api: cordoned 3")
		if got := w.cordons(); len(got.Hosts) != 0 {
			t.Errorf("cordons are %+v", got)
		}
		for _, nobody := range []slipway.Cordon{{Host: "h2", By: "ops"}, {Host: "h2", Reason: "x"}, {By: "ops", Reason: "x"}} {
			w.refused(w.update(workflows.Cordon, nobody), slipway.CodeInvalid, "says which, who it is, and why")
		}
	})
}
