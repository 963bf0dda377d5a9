package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// Hosts asks each host what it is, once and all side by side. It changes
// nothing, and takes no longer than a host that does not answer is given.
func Hosts(ctx workflow.Context, in HostsInput) ([]HostAnswer, error) {
	answers := make([]HostAnswer, len(in.Hosts))
	err := each(ctx, len(in.Hosts), func(ctx workflow.Context, i int) error {
		facts, err := call(ctx, on(in.Hosts[i], once(slipway.DoesLook(in.Hosts[i].Name))), host.HostFacts, activities.HostInput{Host: in.Hosts[i].Name})
		if err != nil {
			answers[i].Error, answers[i].Silent = message(err), in.Hosts[i].Agent && unreachable(err)
			return nil
		}
		answers[i].Facts = &facts
		return nil
	})
	return answers, err
}

// once is for a question that is not repeated.
func once(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		StartToCloseTimeout:    attempt,
		ScheduleToCloseTimeout: attempt + agentTimeout,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
		Summary:                summary,
	}
}
