package embedded_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// A crowd is activities that wait until a worker comes that takes one at a time.
type crowd struct {
	mu    sync.Mutex
	order []string
}

const crowdQueue = "crowd"

// come has one kind of activity wait, so often, at a priority.
func come(ctx workflow.Context, who string, count int, priority temporal.Priority) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: crowdQueue, ScheduleToCloseTimeout: time.Minute, StartToCloseTimeout: time.Minute, Priority: priority,
	})
	var all []workflow.Future
	for range count {
		all = append(all, workflow.ExecuteActivity(ctx, "take", who))
	}
	for _, each := range all {
		if err := each.Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

func (c *crowd) take(_ context.Context, who string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order = append(c.order, who)
	return nil
}

func TestProjectsTakeTurnsAndTheWayBackGoesFirst(t *testing.T) {
	t.Parallel()
	const flood = 100
	server := start(t, t.TempDir())
	c, err := connect(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(come)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	var runs []client.WorkflowRun
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	waiting := 0
	for _, comer := range []struct {
		who      string
		count    int
		priority temporal.Priority
	}{
		{"flood", flood, temporal.Priority{FairnessKey: "flood"}},
		{"calm", 1, temporal.Priority{FairnessKey: "calm"}},
		{"flood, back", 1, temporal.Priority{PriorityKey: 1, FairnessKey: "flood"}},
	} {
		run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: comer.who, TaskQueue: queue}, come, comer.who, comer.count, comer.priority)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, run)
		waiting += comer.count
	}
	for ; ; <-tick.C { // all of them have come; the test's own deadline bounds this
		described, err := c.WorkflowService().DescribeTaskQueue(t.Context(), &workflowservice.DescribeTaskQueueRequest{
			Namespace: namespace, TaskQueue: &taskqueue.TaskQueue{Name: crowdQueue}, TaskQueueType: enums.TASK_QUEUE_TYPE_ACTIVITY, ReportStats: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		if described.GetStats().GetApproximateBacklogCount() == int64(waiting) {
			break
		}
	}
	var crowd crowd
	taker := worker.New(c, crowdQueue, worker.Options{MaxConcurrentActivityExecutionSize: 1, MaxConcurrentActivityTaskPollers: 1, DisableWorkflowWorker: true})
	taker.RegisterActivityWithOptions(crowd.take, activity.RegisterOptions{Name: "take"})
	if err := taker.Start(); err != nil {
		t.Fatal(err)
	}
	defer taker.Stop()
	for _, run := range runs {
		if err := run.Get(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	crowd.mu.Lock()
	defer crowd.mu.Unlock()
	at := fmt.Sprintf("the way back was number %d, the calm project number %d of %d", 1+slices.Index(crowd.order, "flood, back"), 1+slices.Index(crowd.order, "calm"), len(crowd.order))
	t.Log(at)
	if crowd.order[0] != "flood, back" || slices.Index(crowd.order, "calm") > 3 {
		t.Error(at)
	}
}
