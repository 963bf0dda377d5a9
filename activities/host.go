package activities

import (
	"context"
	"slices"

	"slipway"
)

// Host holds the activities of one Docker host. Each names its host in its
// input; an agent has an engine for its own host only.
type Host struct {
	Authority
	Engines    Engines
	Edges      Edges // nil on an agent, which reaches none
	Registries Registries
	Prober     Prober
	Rules      Rules
	Secrets    Secrets
	Evidence   EvidenceStore
}

// Engines finds the engine of a host by name.
type Engines interface {
	// Engine returns an error of CodeNotFound for a host that this worker does
	// not serve.
	Engine(host string) (Engine, error)
}

// Rules are what services may ask, as the fleet file says at that moment.
type Rules interface {
	// Permit returns an error of CodeForbidden for a service that asks what its
	// project may not have on that host.
	Permit(service slipway.Service, host string) error
}

// Secrets looks up what a reference such as "env://NAME" stands for.
type Secrets interface {
	// Secret returns an error of CodeNotFound where there is no such secret. Its
	// errors never hold the value.
	Secret(ctx context.Context, ref string) (string, error)
}

// An EvidenceStore keeps what is left of containers that failed.
type EvidenceStore interface {
	// Keep stores the evidence and returns the path of the file it is in.
	// Keeping it again for the same release and host replaces it.
	Keep(ctx context.Context, release, host string, evidence slipway.Evidence) (path string, err error)
}

// HostInput names a host.
type HostInput struct {
	Host     string           `json:"host"`
	Patience slipway.Duration `json:"patience,omitempty"` // how long the engine may be silent; 0: until the activity's own deadline
	Taken    bool             `json:"taken,omitempty"`    // say which ports containers have: there may be many
	Images   []string         `json:"images,omitempty"`   // IDs of those that should be there

	Container string         `json:"container,omitempty"` // one that should run Image, if it is there
	Replicas  []string       `json:"replicas,omitempty"`  // others that should
	Image     *slipway.Image `json:"image,omitempty"`

	Requires []string `json:"requires,omitempty"` // dependencies, "host:port" each, that containers there should reach
	Pinned   bool     `json:"pinned,omitempty"`   // say what the fleet file pins the host to now, and require what that does
}

// HostFacts asks the engine what it is, and has a container there try what is
// required. It wants no order: the container runs Slipway's own program, which
// connects and says nothing, to where any container of a service could. A
// container of the service that runs another image than it should is an error of
// CodeInvalid. It changes nothing, so it may be asked again.
func (a *Host) HostFacts(ctx context.Context, in HostInput) (slipway.HostFacts, error) {
	engine, err := a.Engines.Engine(in.Host)
	if err != nil {
		return slipway.HostFacts{}, Failure(err)
	}
	facts, err := answering(ctx, engine, in.Host, in.Patience, func(ctx context.Context) (slipway.HostFacts, error) {
		facts, err := engine.Facts(ctx)
		for _, image := range in.Images {
			if err != nil {
				break
			}
			var there bool
			if there, err = engine.HasImage(ctx, image); err == nil && !there {
				facts.Missing = append(facts.Missing, image)
			}
		}
		if in.Image == nil {
			return facts, err
		}
		for _, name := range slices.Concat([]string{in.Container}, in.Replicas) {
			if err != nil {
				break
			}
			state, missing := engine.Inspect(ctx, name)
			if missing == nil && !in.Image.Runs(state.Image) { // that it is missing is told by whoever proves it
				err = notVerified(in.Host, *in.Image, state.Image)
			}
		}
		return facts, err
	})
	if !in.Taken {
		facts.Taken = nil
	}
	if err != nil {
		return facts, Failure(err)
	}
	facts.Pinned, in.Requires = a.pinned(in)
	facts.Unmet, err = unmet(ctx, engine, in, facts.Platform)
	return facts, Failure(err)
}

// pinned is what the fleet file says of the host at this moment, if that was
// asked for, and all that containers there have to reach then.
func (a *Host) pinned(in HostInput) (*slipway.Profile, []string) {
	if !in.Pinned {
		return nil, in.Requires
	}
	at, _ := a.Fleet().Host(in.Host)
	profile, ok := a.Fleet().Profile(at.Profile)
	if !ok {
		return nil, in.Requires
	}
	plan := slipway.Plan{Profiles: map[string]slipway.Profile{in.Host: profile}}
	return &profile, plan.Requires(slipway.Service{Requires: in.Requires}, in.Host)
}

// unmet are the dependencies that a container on the host does not reach. Where
// no container can be run to try them, that is what is the matter with the host;
// one that falls silent is another matter.
func unmet(ctx context.Context, engine Engine, in HostInput, platform string) ([]slipway.Unmet, error) {
	if len(in.Requires) == 0 {
		return nil, nil
	}
	out, err := answering(ctx, engine, in.Host, in.Patience, func(ctx context.Context) ([]slipway.Unmet, error) {
		return engine.Reach(ctx, platform, in.Requires)
	})
	if err == nil || ctx.Err() != nil || slipway.ErrorCode(err) == slipway.CodeUnreachable {
		return out, err
	}
	return []slipway.Unmet{{Why: err.Error()}}, nil
}
