package workflows

import (
	"context"
	"errors"
	"strings"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// References to the activities, by which the compiler checks names and types.
// Nothing is ever called on them.
var (
	host    *activities.Host
	central *activities.Central
)

// call runs an activity that has a result.
func call[I, O any](ctx workflow.Context, options workflow.ActivityOptions, activity func(context.Context, I) (O, error), in I) (O, error) {
	var out O
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), activity, in).Get(ctx, &out)
	return out, untaken(options, err)
}

// do runs an activity that has none.
func do[I any](ctx workflow.Context, options workflow.ActivityOptions, activity func(context.Context, I) error, in I) error {
	return untaken(options, workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), activity, in).Get(ctx, nil))
}

// untaken says which agent it was that did not take an activity in time.
func untaken(options workflow.ActivityOptions, err error) error {
	timeout, ok := errors.AsType[*temporal.TimeoutError](err)
	if !ok || timeout.TimeoutType() != enums.TIMEOUT_TYPE_SCHEDULE_TO_START {
		return err
	}
	name := strings.TrimPrefix(options.TaskQueue, HostQueue(""))
	return refusal(slipway.CodeUnreachable, "host %s: its agent does not answer: it has taken no work for %s; see why there, or start it: slipway worker --host %s",
		name, options.ScheduleToStartTimeout, name)
}

// each calls f for 0 … n-1 side by side and returns when all are over. The
// first error is the one returned; it cancels the others.
func each(ctx workflow.Context, n int, f func(ctx workflow.Context, i int) error) error {
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	var first error
	wg := workflow.NewWaitGroup(ctx)
	for i := range n {
		wg.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer wg.Done()
			if err := f(ctx, i); err != nil && first == nil {
				first = err
				cancel()
			}
		})
	}
	// Waiting goes on when the release is aborted: what an undo takes back must
	// be over first. The activities themselves hear of it through their context.
	patient, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	wg.Wait(patient)
	return first
}

// message is what a person reads of an error that came back from an activity.
func message(err error) string {
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return app.Message()
	}
	if timeout, ok := errors.AsType[*temporal.TimeoutError](err); ok {
		if cause := errors.Unwrap(timeout); cause != nil {
			return "no answer in time; before that: " + message(cause)
		}
		return "no answer in time"
	}
	return err.Error()
}

// unanswered reports whether an activity ended without an answer of what it
// asked.
func unanswered(err error) bool {
	if _, ok := errors.AsType[*temporal.TimeoutError](err); ok {
		return true
	}
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	return ok && app.Type() == string(slipway.CodeUnavailable)
}

// notFound reports whether an activity failed because there is no such thing as
// it was asked about.
func notFound(err error) bool {
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	return ok && app.Type() == string(slipway.CodeNotFound)
}

// refusal is how a handler refuses an update.
func refusal(code slipway.Code, format string, args ...any) error {
	return activities.Failure(slipway.Errorf(code, format, args...))
}
