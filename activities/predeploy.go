package activities

import (
	"context"
	"errors"
	"time"

	"slipway"
)

// PreDeployResult is what is kept of a command that ran once, on one host.
type PreDeployResult struct {
	Code     int              `json:"code"`
	Failed   string           `json:"failed,omitempty"` // why, in words
	Took     slipway.Duration `json:"took"`             // by its host's clock
	Evidence EvidenceResult   `json:"evidence"`
}

// RunPreDeploy runs a service's pre_deploy in a container of its own and waits
// until it has ended, in whatever way: that is its result. Past its timeout the
// container is stopped. Its log is kept without the values of secrets. What
// entitles to it, and what it may ask of the host, is as in StartGreen; to begin
// it, the order has to count now. Idempotent, as the container is found by its
// name and never started twice: a later attempt waits for what an earlier one
// has begun, and reads how it ended off the container.
func (a *Host) RunPreDeploy(ctx context.Context, in StartInput) (PreDeployResult, error) {
	none := PreDeployResult{}
	if err := a.mayPreDeploy(ctx, in); err != nil {
		return none, Failure(err)
	}
	timeout := in.Service.PreDeploy.Timeout
	engine, spec, err := a.containerSpec(ctx, in)
	if err != nil {
		return none, Failure(err)
	}
	spec.Container.Command, spec.Container.Ports, spec.Container.Restart = in.Service.PreDeploy.Command, nil, "no"
	spec.Publish, spec.Address = nil, ""
	if err := engine.RunOnce(ctx, spec); err != nil {
		return none, Failure(a.starting(ctx, in).error(err))
	}
	if state, err := engine.Inspect(ctx, in.Name); err != nil || !in.Image.Runs(state.Image) {
		if err == nil {
			err = notVerified(in.Host, in.Image, state.Image)
		}
		return none, Failure(err)
	}
	exit, err := awaitCommand(ctx, engine, in, timeout)
	if err != nil {
		return none, Failure(err)
	}
	state, err := engine.Inspect(ctx, in.Name)
	if err != nil {
		return none, Failure(err)
	}
	result := PreDeployResult{Code: exit.Code, Took: slipway.Duration(max(state.FinishedAt.Sub(state.StartedAt).Round(time.Millisecond), time.Millisecond))} // an engine may note the start of a quick one after its end
	switch {
	case result.Took >= timeout:
		result.Failed = in.Name + " on " + in.Host + " did not end within " + timeout.String()
	case exit.Code != 0 || exit.Error != "":
		result.Failed = a.exited(ctx, engine, in.Host, in.Name, exit).Error()
	}
	result.Evidence, err = a.KeepEvidence(ctx, ContainerInput{Host: in.Host, Release: in.Release, Container: in.Name})
	return result, err
}

// mayPreDeploy wants an order for a release with exactly this command. One that
// has begun may be waited for when the order does not count any more; to begin
// it again under another release's number, it has to.
func (a *Host) mayPreDeploy(ctx context.Context, in StartInput) error {
	g, err := a.past(in.Warrant, in.Release)
	if err != nil {
		return err
	}
	id, _ := slipway.ParseReleaseID(in.Release)
	if err := a.starts(&g, in, id.PreDeployName()); err != nil {
		return err
	}
	if g.Kind != slipway.KindRelease || in.Service.PreDeploy == nil {
		return refused(in.Release, slipway.Errorf(slipway.CodeForbidden, "its order is a %s, and a command is not part of it", g.Kind))
	}
	if in.Service.Strategy.BlueGreen.StopFirst { // then the gates come before it
		if err := a.approved(in.Warrant, g, 1, a.Signatures.Proof); err != nil {
			return err
		}
	}
	engine, err := a.Engines.Engine(in.Host)
	if err != nil {
		return err
	}
	_, err = engine.Inspect(ctx, in.Name)
	if slipway.ErrorCode(err) == slipway.CodeNotFound {
		if _, err = a.present(in.Warrant, in.Release); err == nil {
			err = a.inTime(in.Warrant, g, g.Hosts)
		}
	}
	return err
}

// awaitCommand returns how a command ended. Past its timeout it is stopped.
func awaitCommand(ctx context.Context, engine Engine, in StartInput, timeout slipway.Duration) (slipway.Exit, error) {
	limited, cancel := context.WithTimeoutCause(ctx, timeout.Std(), errDeadline)
	defer cancel()
	exit, err := engine.AwaitExit(limited, in.Name)
	if err == nil || ctx.Err() != nil || !errors.Is(context.Cause(limited), errDeadline) {
		return exit, err
	}
	if err := engine.Stop(ctx, in.Name, in.Service.Container.StopGracePeriod.Std()); err != nil {
		return exit, err
	}
	return engine.AwaitExit(ctx, in.Name)
}
