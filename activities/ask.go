package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"slipway"
)

// asked is a container that is asked, again and again, whether it is well, in
// the way that its check says.
type asked struct {
	engine  Engine
	prober  Prober
	target  WatchedTarget
	proving bool // where nothing can be asked, it has to run for its start period
	sparing bool // it may take its start period once more when its host was restarted

	made    slipway.ContainerState // as it was looked at last; zero: it was not
	looked  bool                   // the engine was asked, not the container
	started time.Time              // by the clock of the host: when the process that runs was started
	since   time.Time              // by ours: when that was first seen
}

// ask asks once. An error says what came back.
func (a *asked) ask(ctx context.Context) error {
	err := a.question(ctx)
	if err != nil && a.sparing && ctx.Err() == nil && a.afresh(ctx) {
		return nil
	}
	return err
}

func (a *asked) question(ctx context.Context) error {
	check := a.target.Check
	switch {
	case a.target.Stopped:
		_, err := a.inspect(ctx)
		return err
	case check.Path != "":
		return a.prober.Probe(ctx, "http://"+a.target.Address+check.Path, check.Timeout.Std())
	case check.TCP != 0:
		return a.prober.Connect(ctx, a.target.Address, check.Timeout.Std())
	case len(check.Exec) > 0:
		return a.exec(ctx)
	}
	return a.look(ctx)
}

func (a *asked) exec(ctx context.Context) error {
	if a.made.Name == "" {
		if _, err := a.inspect(ctx); err != nil {
			return err
		}
	}
	if err := mayBeAsked(a.made, a.target.Check); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, a.target.Check.Timeout.Std())
	defer cancel()
	done, err := a.engine.Exec(limited, a.target.Container, a.target.Check.Exec)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		return fmt.Errorf("it did not end within %s", a.target.Check.Timeout)
	case err != nil || done.Code == 0:
		return err
	}
	return fmt.Errorf("it ended with status %d: %s", done.Code, strings.Join(strings.Fields(done.Output), " "))
}

// errUnhealthy is Docker's own verdict, which it has been patient with.
var errUnhealthy = errors.New("it is unhealthy")

// look asks the engine: what the image's own check says, or without one only
// whether the container runs.
func (a *asked) look(ctx context.Context) error {
	state, err := a.inspect(ctx)
	a.looked = err == nil
	switch {
	case err != nil:
		return err
	case !state.Running:
		return errors.New("it does not run")
	case state.Health != nil && state.Health.Status == slipway.Healthy:
		return nil
	case state.Health != nil && state.Health.Status == slipway.Unhealthy:
		return fmt.Errorf("%w: %s", errUnhealthy, state.Health.Said)
	case state.Health != nil:
		return fmt.Errorf("it is %s", state.Health.Status)
	case a.target.Check.Docker:
		return errors.New("its image has no HEALTHCHECK")
	case a.proving && a.runs() < a.target.Check.StartPeriod.Std():
		return fmt.Errorf("it has run for %s only", a.runs().Round(100*time.Millisecond))
	case !a.proving && state.Restarts > 0 && !state.StartedAt.Equal(a.target.StartedAt):
		return errors.New("it ended, and was started again")
	}
	return nil
}

// afresh reports whether the container has just been started again and not
// because its process had ended: its host, or its engine, was restarted.
func (a *asked) afresh(ctx context.Context) bool {
	state, err := a.inspect(ctx)
	return err == nil && state.Running && state.Restarts == 0 && !a.target.StartedAt.IsZero() &&
		!state.StartedAt.Equal(a.target.StartedAt) && a.runs() < a.target.Check.StartPeriod.Std()
}

// meet finds out what is written on the container, if that is not known yet and
// its engine answers.
func (a *asked) meet(ctx context.Context) {
	if a.made.Name == "" {
		ctx, cancel := context.WithTimeout(ctx, inspecting)
		defer cancel()
		_, _ = a.inspect(ctx) // without it, nothing is told that could be a secret
	}
}

func (a *asked) inspect(ctx context.Context) (slipway.ContainerState, error) {
	ctx, cancel := context.WithTimeout(ctx, a.target.Check.Timeout.Std())
	defer cancel()
	state, err := a.engine.Inspect(ctx, a.target.Container)
	if err != nil {
		return state, err
	}
	a.made = state
	if a.since.IsZero() || !state.StartedAt.Equal(a.started) {
		a.started, a.since = state.StartedAt, time.Now()
	}
	return state, nil
}

// runs is how long the process has been seen to run.
func (a *asked) runs() time.Duration { return time.Since(a.since) }
