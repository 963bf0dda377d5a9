package starter

import (
	"context"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"slipway"
	"slipway/workflows"
)

// Hosts says how hosts answer right now, in their order. It takes some seconds
// if one of them does not.
func (c *Client) Hosts(ctx context.Context, hosts []slipway.Host) ([]slipway.HostStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	in, all := workflows.HostsInput{}, make([]slipway.HostStatus, len(hosts))
	for i, h := range hosts {
		in.Hosts = append(in.Hosts, slipway.PlanHost{Name: h.Name, Agent: h.Agent})
		all[i] = slipway.HostStatus{Name: h.Name, Way: h.Way(), Address: h.Address, Labels: h.Labels}
	}
	cordons, err := c.Cordons(ctx)
	if err != nil {
		return nil, err
	}
	run, err := c.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                 workflows.HostsID(uuid.NewString()),
		TaskQueue:          workflows.TaskQueue,
		WorkflowRunTimeout: patience, // nobody waits for it any longer
		StaticSummary:      "how the hosts answer",
	}, workflows.HostsType, in)
	if err != nil {
		return nil, explain(err, "the hosts")
	}
	var answers []workflows.HostAnswer
	var asking errgroup.Group
	asking.Go(func() error { return run.Get(ctx, &answers) })
	for i, h := range hosts {
		if h.Agent {
			asking.Go(func() (err error) {
				all[i].Agent, err = c.agent(ctx, h.Name)
				return err
			})
		}
	}
	if err := asking.Wait(); err != nil {
		return nil, explain(err, "the hosts")
	}
	for i, answer := range answers {
		if cordon, ok := cordons.Of(all[i].Name); ok {
			cordon.Signature = ""
			all[i].Cordon = &cordon
		}
		all[i].Answers, all[i].Facts, all[i].Error = answer.Facts != nil, answer.Facts, answer.Error
		if all[i].Agent != nil {
			all[i].Agent.Alive = !answer.Silent
		}
	}
	return all, nil
}

// agent asks Temporal when work of the host was asked for last. For a minute that
// says nothing about now: so long an agent waits for work at a time.
func (c *Client) agent(ctx context.Context, host string) (*slipway.AgentStatus, error) {
	queue, err := c.temporal.DescribeTaskQueue(ctx, workflows.HostQueue(host), enums.TASK_QUEUE_TYPE_ACTIVITY)
	if err != nil {
		return nil, err
	}
	var status slipway.AgentStatus
	for _, poller := range queue.GetPollers() {
		if at := poller.GetLastAccessTime().AsTime(); status.Seen == nil || at.After(*status.Seen) {
			status.Seen = &at
		}
	}
	return &status, nil
}
