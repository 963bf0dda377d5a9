package worker

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"slipway"
	"slipway/activities"
	"slipway/drivers/evidence"
	"slipway/drivers/probe"
	"slipway/drivers/secrets"
	"slipway/workflows"
)

// Config is what a worker needs beside a connection to Temporal.
type Config struct {
	Fleet    func() *slipway.Fleet // the fleet as it is now; it may change while the worker runs
	Data     string                // directory of what this process keeps; no service may mount it
	Releases activities.Releases
	Log      *slog.Logger
}

// Bounds of what one worker does at a time.
const (
	maxActivities = 200 // among them watches, which mostly sleep
	maxCopies     = 4
	stopTimeout   = 10 * time.Second // for activities to end by themselves
)

// A Worker runs workflows and activities.
type Worker struct {
	main, copies worker.Worker
	hosts        *hosts
}

// New makes a worker for the central task queues. It polls once it is started.
func New(c client.Client, config Config) *Worker {
	registries := &registries{fleet: config.Fleet, secrets: secrets.Store{}}
	hosts := &hosts{fleet: config.Fleet}
	central := &activities.Central{
		Registries: registries,
		Edges:      &edges{fleet: config.Fleet},
		Releases:   config.Releases,
	}
	host := &activities.Host{
		Engines:    hosts,
		Registries: registries,
		Prober:     probe.New(),
		Rules:      rules{fleet: config.Fleet, data: config.Data},
		Secrets:    secrets.Store{},
		Evidence:   evidence.Store{Dir: filepath.Join(config.Data, "evidence")},
	}
	beat := []interceptor.WorkerInterceptor{&pulse{}}
	w := &Worker{
		main: worker.New(c, workflows.TaskQueue, worker.Options{
			MaxConcurrentActivityExecutionSize: maxActivities,
			StickyScheduleToStartTimeout:       time.Second, // after a restart the old process's queue is nobody's
			WorkerStopTimeout:                  stopTimeout,
			MaxHeartbeatThrottleInterval:       throttle,
			Interceptors:                       beat,
		}),
		copies: worker.New(c, workflows.CopyQueue, worker.Options{
			MaxConcurrentActivityExecutionSize: maxCopies,
			DisableWorkflowWorker:              true,
			WorkerStopTimeout:                  stopTimeout,
			MaxHeartbeatThrottleInterval:       throttle,
			Interceptors:                       beat,
		}),
		hosts: hosts,
	}
	workflows.Register(w.main)
	w.main.RegisterActivity(central)
	w.main.RegisterActivity(host)
	w.copies.RegisterActivity(central)
	return w
}

// Start begins to poll.
func (w *Worker) Start() error {
	for _, part := range []worker.Worker{w.main, w.copies} {
		if err := part.Start(); err != nil {
			return fmt.Errorf("start worker: %w", err)
		}
	}
	return nil
}

// Stop stops polling, gives activities a moment to end, and closes what was
// dialled. Whatever did not end is tried again by the next worker.
func (w *Worker) Stop() {
	w.copies.Stop()
	w.main.Stop()
	w.hosts.close()
}
