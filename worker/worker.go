package worker

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
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
	Audit    Audit

	Signatures activities.Signatures // what this worker trusts, and its own key
	Log        *slog.Logger
}

// Bounds of what one worker does at a time.
const (
	maxActivities = 1000
	maxEager      = 100    // of these, taken by whoever asks for one without queueing: they heed neither projects nor priorities
	maxWatches    = 20_000 // which sleep; there are some for each release that holds, for as long as it does
	maxCopies     = 16
	stopTimeout   = 10 * time.Second // for activities to end by themselves
)

// A Worker runs workflows and activities.
type Worker struct {
	parts []worker.Worker // in the order in which they start
	hosts *hosts

	overrides *overrides // nil: of an agent, which reaches no edges
}

// New makes a worker for the central task queues. It polls once it is started.
func New(c client.Client, config Config) *Worker {
	registries := &registries{fleet: config.Fleet, secrets: secrets.Store{}}
	hosts := &hosts{fleet: config.Fleet}
	edges := &edges{fleet: config.Fleet}
	host := hostActivities(config, hosts, registries)
	host.Edges = edges // an agent reaches none
	central := &activities.Central{
		Authority:  authority(config),
		Registries: registries,
		Edges:      edges,
		Releases:   config.Releases,
		Endings:    &endings{audit: config.Audit},
	}
	around := []interceptor.WorkerInterceptor{&pulse{}, newRefusals(config)}
	main := worker.New(c, workflows.TaskQueue, worker.Options{
		MaxConcurrentActivityExecutionSize:      maxActivities,
		MaxConcurrentEagerActivityExecutionSize: maxEager,
		StickyScheduleToStartTimeout:            time.Second, // after a restart the old process's queue is nobody's
		WorkerStopTimeout:                       stopTimeout,
		MaxHeartbeatThrottleInterval:            throttle,
		Interceptors:                            around,
	})
	beside := func(queue string, most int) worker.Worker {
		return worker.New(c, queue, worker.Options{
			MaxConcurrentActivityExecutionSize: most,
			DisableWorkflowWorker:              true,
			WorkerStopTimeout:                  stopTimeout,
			MaxHeartbeatThrottleInterval:       throttle,
			Interceptors:                       around,
		})
	}
	watches, copies := beside(workflows.WatchQueue, maxWatches), beside(workflows.CopyQueue, maxCopies)
	workflows.Register(main)
	for _, part := range []worker.Worker{main, watches} {
		part.RegisterActivity(central)
		part.RegisterActivity(host)
	}
	copies.RegisterActivity(central)
	return &Worker{parts: []worker.Worker{main, watches, copies}, hosts: hosts, overrides: newOverrides(config, edges)}
}

func authority(config Config) activities.Authority {
	return activities.Authority{Signatures: config.Signatures, Fleet: config.Fleet}
}

// hostActivities are those that look at, start and remove containers.
func hostActivities(config Config, hosts *hosts, registries *registries) *activities.Host {
	return &activities.Host{
		Authority:  authority(config),
		Engines:    hosts,
		Registries: registries,
		Prober:     probe.New(),
		Rules:      rules{fleet: config.Fleet, data: config.Data},
		Secrets:    secrets.Store{},
		Evidence:   evidence.Store{Dir: filepath.Join(config.Data, "evidence")},
	}
}

// Start begins to poll.
func (w *Worker) Start() error {
	for _, part := range w.parts {
		if err := part.Start(); err != nil {
			return fmt.Errorf("start worker: %w", err)
		}
	}
	if w.overrides != nil {
		w.overrides.start()
	}
	return nil
}

// Stop stops polling, gives activities a moment to end, and closes what was
// dialled. Whatever did not end is tried again by the next worker.
func (w *Worker) Stop() {
	if w.overrides != nil {
		w.overrides.stop()
	}
	for _, part := range slices.Backward(w.parts) {
		part.Stop()
	}
	w.hosts.close()
}
