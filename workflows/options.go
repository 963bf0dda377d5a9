package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// How long each kind of activity may take, and how it is tried again. All of
// them have a bound in time, none has one in attempts: whether trying again can
// help is said by the error (activities.Failure).

// pulse is how long an activity that beats may be silent before it counts as
// lost with its worker, and is tried again. Package worker beats for every
// activity that has one, three times in a pulse: a write to Temporal's database
// each, and nothing in the history.
const pulse = 3 * time.Second

// attempt is how long one request to an edge, or one look at a host, may take.
const attempt = 3 * time.Second

// silence is how long a host or an edge may be silent that a release can go on
// without. It is longer than a restart of the Docker Engine takes.
const silence = slipway.Duration(5 * time.Second)

// reach is how long the production registry may be silent to a host: as long as
// the source registry may be to whoever asks for a tag.
const reach = slipway.Duration(30 * time.Second)

// TaskTimeout is how long a worker may take over the next steps of a workflow
// before they count as lost with it. They take milliseconds.
const TaskTimeout = pulse

func retry(first, most time.Duration) *temporal.RetryPolicy {
	return &temporal.RetryPolicy{InitialInterval: first, BackoffCoefficient: 2, MaximumInterval: most}
}

// asking is for questions that change nothing.
func asking(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		StartToCloseTimeout:    10 * time.Second,
		ScheduleToCloseTimeout: 30 * time.Second,
		HeartbeatTimeout:       pulse,
		RetryPolicy:            retry(100*time.Millisecond, 5*time.Second),
		Summary:                summary,
	}
}

// looking is for looking at a host, where a container may have to be run.
func looking(in activities.HostInput) workflow.ActivityOptions {
	options := asking(slipway.DoesLook(in.Host))
	if len(in.Requires) > 0 {
		options.StartToCloseTimeout *= 2
	}
	return options
}

// moving is for images on their way: a pull or a copy.
func moving(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		StartToCloseTimeout:    20 * time.Minute,
		ScheduleToCloseTimeout: time.Hour,
		HeartbeatTimeout:       pulse,
		WaitForCancellation:    true,
		RetryPolicy:            retry(time.Second, time.Minute),
		Summary:                summary,
	}
}

// starting is for bringing green up.
func starting(summary string, deadline slipway.Duration) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		StartToCloseTimeout:    deadline.Std() + attempt,
		ScheduleToCloseTimeout: 2*deadline.Std() + 4*pulse, // one lost worker does not fail a release
		HeartbeatTimeout:       pulse,
		WaitForCancellation:    true,
		RetryPolicy:            retry(200*time.Millisecond, 5*time.Second),
		Summary:                summary,
	}
}

// switching is for what all edges must acknowledge in time.
func switching(summary string, deadline slipway.Duration) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		StartToCloseTimeout:    attempt,
		ScheduleToCloseTimeout: deadline.Std(),
		WaitForCancellation:    true,
		RetryPolicy:            retry(50*time.Millisecond, time.Second),
		Summary:                summary,
		Priority:               temporal.Priority{PriorityKey: 1},
	}
}

// restoreDeadline is how long edges may take to acknowledge that blue serves
// again before a person is called. Trying goes on after it.
const restoreDeadline = 2 * time.Minute

// restoring is for the way back.
func restoring(summary string) workflow.ActivityOptions {
	options := switching(summary, slipway.Duration(restoreDeadline))
	options.RetryPolicy = retry(20*time.Millisecond, time.Second)
	return options
}

// draining is for waiting until requests are over.
func draining(summary string, timeout slipway.Duration) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		StartToCloseTimeout:    timeout.Std() + 2*pulse,
		ScheduleToCloseTimeout: 2*timeout.Std() + 4*pulse,
		HeartbeatTimeout:       pulse,
		RetryPolicy:            retry(100*time.Millisecond, time.Second),
		Summary:                summary,
	}
}

// removal is how long a release waits for a host to remove a container, beyond
// the container's own grace period. Past it a Cleanup goes on.
const removal = 20 * time.Second

// removing is for taking containers and targets away, and for stopping them.
func removing(summary string, grace slipway.Duration) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		StartToCloseTimeout:    grace.Std() + removal,
		ScheduleToCloseTimeout: grace.Std() + removal,
		HeartbeatTimeout:       pulse,
		RetryPolicy:            retry(200*time.Millisecond, 5*time.Second),
		Summary:                summary,
	}
}

// reviving is for starting containers again, which may have to stop before.
func reviving(summary string, grace slipway.Duration) workflow.ActivityOptions {
	options := restoring(summary)
	options.StartToCloseTimeout = grace.Std() + removal
	options.ScheduleToCloseTimeout = grace.Std() + restoreDeadline
	options.HeartbeatTimeout = pulse
	return options
}

// watching is for what goes on until something happens, at most for so long.
func watching(summary string, atMost time.Duration) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		StartToCloseTimeout: atMost + time.Hour,
		HeartbeatTimeout:    3 * pulse, // it is in nobody's way, and there may be many
		RetryPolicy:         retry(200*time.Millisecond, 5*time.Second),
		Summary:             summary,
	}
}

// patient makes any of these go on for as long as it takes: a host may be away
// for days.
func patient(options workflow.ActivityOptions) workflow.ActivityOptions {
	options.ScheduleToCloseTimeout, options.ScheduleToStartTimeout = 0, 0
	options.RetryPolicy = retry(time.Second, time.Minute)
	return options
}

// promptly sends an activity to where a host's activities run. An agent that
// does not take it up within the caller's patience, if that is any, counts as a
// host that does not answer.
func promptly(h slipway.PlanHost, patience slipway.Duration, options workflow.ActivityOptions) workflow.ActivityOptions {
	options = on(h, options)
	if h.Agent && patience > 0 {
		options.ScheduleToStartTimeout = patience.Std()
	}
	return options
}

// agentTimeout is how long work may wait for the agent of its host. One that
// lives takes it at once.
const agentTimeout = 5 * time.Second

// on sends an activity to where a host's activities run.
func on(h slipway.PlanHost, options workflow.ActivityOptions) workflow.ActivityOptions {
	if h.Agent {
		options.TaskQueue = HostQueue(h.Name)
		options.ScheduleToStartTimeout = agentTimeout
	}
	return options
}
