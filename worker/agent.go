package worker

import (
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"slipway"
	"slipway/drivers/secrets"
	"slipway/workflows"
)

// An Agent says which host a worker is on.
type Agent struct {
	Host   string // its name in the fleet file
	Docker string // where its Docker Engine answers, "unix:///var/run/docker.sock"
}

// agentStopTimeout is short: while an agent ends nobody polls for its host,
// which soon counts as dead. What it had begun is tried again by the next one.
const agentStopTimeout = time.Second

// NewAgent makes a worker that does the work of one host and nothing else: it
// polls the queue of that host, and reaches no other host, no edge and no
// workflow. A host that is not in the fleet file, or not there with an agent,
// is CodeInvalid.
func NewAgent(c client.Client, config Config, agent Agent) (*Worker, error) {
	host, ok := config.Fleet().Host(agent.Host)
	if !ok {
		return nil, slipway.Errorf(slipway.CodeInvalid, "no host of the fleet file is named %q", agent.Host)
	}
	if !host.Agent {
		return nil, slipway.Errorf(slipway.CodeInvalid, "host %s of the fleet file has no agent: write agent: true there instead of docker", agent.Host)
	}
	hosts := &hosts{fleet: config.Fleet, agent: &agent}
	w := worker.New(c, workflows.HostQueue(agent.Host), worker.Options{
		MaxConcurrentActivityExecutionSize: maxActivities,
		DisableWorkflowWorker:              true,
		WorkerStopTimeout:                  agentStopTimeout,
		MaxHeartbeatThrottleInterval:       throttle,
		Interceptors:                       []interceptor.WorkerInterceptor{&pulse{}, newRefusals(config)},
	})
	w.RegisterActivity(hostActivities(config, hosts, &registries{fleet: config.Fleet, secrets: secrets.Store{}}))
	return &Worker{parts: []worker.Worker{w}, hosts: hosts}, nil
}
