package docker

import (
	"context"
	"strconv"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"

	"slipway"
)

// AwaitExit returns how the container's process ended: at once if it is not
// running, else when it ends, also if the engine then restarts it. When ctx
// ends first it returns ctx's error as it is. A container that is not there,
// or is removed meanwhile, is CodeNotFound; an engine that goes away meanwhile
// is CodeUnavailable.
func (e *Engine) AwaitExit(ctx context.Context, name string) (slipway.Exit, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop() // also the wait, where it is not waited for
	before, err := e.client.ContainerInspect(ctx, name)
	if err != nil {
		return e.exited(ctx, name, nil, err)
	}
	ended, failed := e.client.ContainerWait(ctx, name, container.WaitConditionNotRunning)
	// One that waits for its restart counts as running there, and the wait would
	// last until it ends once more.
	after, err := e.client.ContainerInspect(ctx, name)
	if err != nil {
		return e.exited(ctx, name, nil, err)
	}
	if exit := state(after).Exit; exit != nil && exit.Code != 0 || exit != nil && !restarting(after) {
		return e.exited(ctx, name, exit, nil)
	}
	if restarting(after) || after.RestartCount > before.RestartCount { // and its code is forgotten
		return e.exited(ctx, name, &slipway.Exit{Code: e.died(ctx, name)}, nil)
	}
	var exit *slipway.Exit
	select {
	case result := <-ended:
		exit = &slipway.Exit{Code: int(result.StatusCode)}
		if result.Error != nil {
			exit.Error = result.Error.Message
		}
	case err := <-failed:
		return e.exited(ctx, name, nil, err)
	}
	// The wait does not say whether memory ran out. By now the engine may be
	// starting the process again, and shows another code: then that is not about
	// this end.
	now, err := e.exit(ctx, name)
	if now != nil && now.Code == exit.Code {
		exit = now
	}
	if now == nil && exit.Code == 0 && exit.Error == "" {
		exit.Code = e.died(ctx, name)
	}
	return e.exited(ctx, name, exit, err)
}

// restarting reports whether the engine is about to start the process again.
func restarting(c container.InspectResponse) bool { return c.State != nil && c.State.Restarting }

// died is the code that the engine says the process ended with last. The engine
// answers a wait with the container's code of the moment at which it writes the
// answer; when it has started the process again by then, that is 0.
func (e *Engine) died(ctx context.Context, name string) int {
	ctx, cancel := context.WithTimeout(ctx, memoryWords)
	defer cancel()
	happened, _ := e.client.Events(ctx, events.ListOptions{
		Since:   "1",
		Filters: filters.NewArgs(filters.Arg("container", name), filters.Arg("event", string(events.ActionDie))),
	})
	code := 0
	for {
		select {
		case event := <-happened:
			code, _ = strconv.Atoi(event.Actor.Attributes["exitCode"]) // of an engine that does not say: 0
		case <-ctx.Done():
			return code
		}
	}
}

// killed is the exit code of a process that ended by SIGKILL.
const killed = 137

// memoryWords is how long the engine may take to say what has happened.
const memoryWords = 300 * time.Millisecond

// ranOutOfMemory looks for it among what the engine says has happened: once it
// has started the process again, the container does not tell any more. The
// name was never another container's, so every time counts.
func (e *Engine) ranOutOfMemory(ctx context.Context, name string) bool {
	ctx, cancel := context.WithTimeout(ctx, memoryWords)
	defer cancel()
	happened, _ := e.client.Events(ctx, events.ListOptions{
		Since:   "1", // second of all time: what it remembers, by whatever clock
		Filters: filters.NewArgs(filters.Arg("container", name), filters.Arg("event", string(events.ActionOOM))),
	})
	select {
	case <-happened:
		return true
	case <-ctx.Done(): // an engine that fails to tell has not told either
		return false
	}
}

// exit is how the container ended, nil while it runs, and while the engine
// starts it again and has forgotten the code of its end: it shows 0 then.
func (e *Engine) exit(ctx context.Context, name string) (*slipway.Exit, error) {
	found, err := e.client.ContainerInspect(ctx, name)
	if err != nil {
		return nil, err
	}
	if restarting(found) && found.State.ExitCode == 0 {
		return nil, nil
	}
	return state(found).Exit, nil
}

func (e *Engine) exited(ctx context.Context, name string, exit *slipway.Exit, err error) (slipway.Exit, error) {
	if err == nil {
		if exit.Code == killed && !exit.OOMKilled {
			exit.OOMKilled = e.ranOutOfMemory(ctx, name)
		}
		return *exit, nil
	}
	if ctx.Err() != nil {
		return slipway.Exit{}, ctx.Err()
	}
	if errdefs.IsNotFound(err) {
		return slipway.Exit{}, slipway.Errorf(slipway.CodeNotFound, "host %s: container %s is gone: somebody removed it: %w", e.host, name, err)
	}
	return slipway.Exit{}, e.fail(ctx, "await the exit of container "+name, err)
}
