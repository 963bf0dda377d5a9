package activities

import (
	"context"
	"time"

	"slipway"
)

// An Engine is one Docker host.
type Engine interface {
	// Facts says what the engine is. It answers within ctx's deadline or fails.
	Facts(ctx context.Context) (slipway.HostFacts, error)

	// Reach says which dependencies, "host:port" each, a container on the host
	// does not reach over TCP. Platform is the host's own.
	Reach(ctx context.Context, platform string, dependencies []string) ([]slipway.Unmet, error)

	// TryOut starts a container of the spec up to the first instruction of its
	// process, and throws it away. CodeInvalid says why it would not start;
	// CodeNotFound is an image that is not there. Platform is the host's own.
	TryOut(ctx context.Context, platform string, spec slipway.ContainerSpec) error

	// HasImage reports whether the image of an ID is there.
	HasImage(ctx context.Context, id string) (bool, error)

	// Ping asks for nothing but an answer, and waits for it as long as ctx lasts.
	Ping(ctx context.Context) error

	// Pull makes the image present, by digest, and returns its image ID as the
	// host's image store has it. It calls progress as bytes arrive. An image
	// that is there already costs one call.
	Pull(ctx context.Context, ref string, auth slipway.RegistryAuth, progress func(slipway.Progress)) (imageID string, err error)

	// Start makes a container of that name run on the network "slipway", with a
	// fixed address, and returns it. If one of that name exists with the same
	// labels it is started where it stands, not made again; with others it is
	// an error of CodeConflict.
	Start(ctx context.Context, spec slipway.ContainerSpec) (slipway.ContainerState, error)

	// Inspect returns the container, or an error of CodeNotFound.
	Inspect(ctx context.Context, name string) (slipway.ContainerState, error)

	// AwaitExit returns when the container is not running, or with ctx's error.
	AwaitExit(ctx context.Context, name string) (slipway.Exit, error)

	// RunOnce makes a container of that name and starts it. One of that name that
	// has run, or runs, is left as it is; with other labels it is CodeConflict.
	RunOnce(ctx context.Context, spec slipway.ContainerSpec) error

	// Stop stops the container, waiting up to grace before it is killed, and
	// leaves it there. One that does not run, or is not there, is no error.
	Stop(ctx context.Context, name string, grace time.Duration) error

	// Resume starts a container again that was stopped, and returns it. One that
	// runs is left as it is; one that is gone is CodeNotFound.
	Resume(ctx context.Context, name string) (slipway.ContainerState, error)

	// Exec runs a command in the container, and returns how it ended, or ctx's
	// error.
	Exec(ctx context.Context, name string, command []string) (slipway.Executed, error)

	// Evidence collects what is worth keeping of a container that failed.
	Evidence(ctx context.Context, name string) (slipway.Evidence, error)

	// Remove stops the container, waiting up to grace before it is killed, and
	// removes it with its anonymous volumes. One that is not there is no error.
	Remove(ctx context.Context, name string, grace time.Duration) error

	// Find looks at a container that somebody else made, or returns an error of
	// CodeNotFound.
	Find(ctx context.Context, name string) (slipway.Found, error)

	// Retire does what Remove does with a container that somebody else made, by
	// its ID.
	Retire(ctx context.Context, id string, grace time.Duration) error

	// List returns the service's containers, running or not.
	List(ctx context.Context, service slipway.ServiceID) ([]slipway.ContainerState, error)
}

// Registries are the registries of the fleet, by name.
type Registries interface {
	// Resolve finds out, once, what a tag (or digest) of a repository is for a
	// platform such as "linux/amd64". Errors: CodeNotFound when there is no such
	// repository, tag, or platform; CodeForbidden, CodeTooMany, CodeUnavailable.
	Resolve(ctx context.Context, registry, repository, tag, platform string) (slipway.Image, error)

	// Copy brings the image, by digest and tag, from one registry to another, and
	// then compares the digest chain there. What is there already is not sent
	// again. It calls progress as bytes arrive.
	Copy(ctx context.Context, from, to string, image slipway.Image, progress func(slipway.Progress)) error

	// PullRef is how hosts name the image in that registry, by digest, and the
	// credentials to pull it with.
	PullRef(ctx context.Context, registry string, image slipway.Image) (ref string, auth slipway.RegistryAuth, err error)
}

// A Prober asks a container over the network whether it is well.
type Prober interface {
	// Probe sends one HTTP GET. A 2xx answer within the timeout is nil; any
	// other result is an error that says what came back.
	Probe(ctx context.Context, url string, timeout time.Duration) error

	// Connect opens a TCP connection, and closes it. An error says why it could
	// not within the timeout.
	Connect(ctx context.Context, address string, timeout time.Duration) error
}

// An EdgeAdmin is the administration of one edge. Its errors are those of
// slipway.Table; CodeUnavailable when the edge does not answer, in which case
// it is not known whether the request was carried out.
type EdgeAdmin interface {
	Route(ctx context.Context, service slipway.ServiceID) (slipway.RouteState, error)
	Stage(ctx context.Context, req slipway.StageRequest) (slipway.RouteState, error)
	Commit(ctx context.Context, req slipway.CommitRequest) (slipway.RouteState, error)
	Restore(ctx context.Context, req slipway.RestoreRequest) (slipway.RouteState, error)
	Amend(ctx context.Context, req slipway.AmendRequest) (slipway.RouteState, error)
	// Drain returns when no request is in flight for what req asks, or with the
	// number that still are when its timeout has passed.
	Drain(ctx context.Context, req slipway.DrainRequest) (inFlight int, err error)
	Unstage(ctx context.Context, service slipway.ServiceID, release string) (slipway.RouteState, error)
	Remove(ctx context.Context, service slipway.ServiceID, generation uint64) error
}
