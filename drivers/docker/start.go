package docker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"slipway"
)

// placements is how many addresses and ports are tried before it is an error
// that each was taken: something else than Slipway uses what is ours.
const placements = 8

// Start makes a container of that name run at an address of its own on the
// network "slipway", and returns it. The address and the host port are chosen
// once and kept over every restart. If one of that name exists with the same
// labels, be it that an earlier call made it and its answer was lost, it is
// started where it stands, not made again; with others it is CodeConflict.
//
// The image must be there: see Pull. A process that the image does not have is
// CodeInvalid, and leaves the container for Evidence; a full disk is
// CodeConflict. It costs four round trips, and a few more once for the network.
func (e *Engine) Start(ctx context.Context, spec slipway.ContainerSpec) (slipway.ContainerState, error) {
	doing := "start container " + spec.Name
	var err error
	for range placements {
		var id string
		id, err = e.ensure(ctx, spec)
		if err != nil {
			return slipway.ContainerState{}, e.failOnDisk(ctx, doing, err)
		}
		// Starting one that runs already is no error for the engine.
		if err = e.client.ContainerStart(ctx, id, container.StartOptions{}); err == nil {
			return e.Inspect(ctx, spec.Name)
		}
		if port, fixed := fixedPortTaken(err, spec.Container.Ports); fixed {
			return slipway.ContainerState{}, slipway.Errorf(slipway.CodeConflict, "host %s: port %s, which container.ports asks for, is taken: %w", e.host, port.On(), err)
		}
		lost, orphan := networkLost(err), orphaned(err)
		if !lost && !orphan && !taken(err) {
			return slipway.ContainerState{}, e.failOnDisk(ctx, doing, startError(err))
		}
		if lost {
			if err := e.remakeNetwork(ctx); err != nil {
				return slipway.ContainerState{}, e.fail(ctx, doing, err)
			}
		}
		ran, inspectErr := e.hasRun(ctx, id)
		if inspectErr != nil {
			return slipway.ContainerState{}, e.fail(ctx, doing, inspectErr)
		}
		if ran { // its address is on record and must not change
			if lost {
				continue
			}
			if orphan {
				return slipway.ContainerState{}, e.fail(ctx, doing, err)
			}
			break
		}
		if err := e.client.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true}); err != nil && !errdefs.IsNotFound(err) {
			return slipway.ContainerState{}, e.fail(ctx, doing, err)
		}
	}
	return slipway.ContainerState{}, e.fail(ctx, doing, fmt.Errorf("no address, or port, that can be used was found: %w", err))
}

// ensure returns the ID of the container, which it creates if there is none.
func (e *Engine) ensure(ctx context.Context, spec slipway.ContainerSpec) (string, error) {
	if err := e.lock(ctx); err != nil {
		return "", err
	}
	defer e.unlock()
	peers, err := e.peers(ctx)
	if err != nil {
		return "", err
	}
	for _, peer := range peers {
		if peer.named(spec.Name) {
			return peer.id, e.same(peer.labels, spec)
		}
	}
	id, err := e.create(ctx, spec, peers)
	if errdefs.IsConflict(err) { // the name is taken by one that is not on our network
		found, inspectErr := e.client.ContainerInspect(ctx, spec.Name)
		if inspectErr != nil {
			return "", errors.Join(err, inspectErr)
		}
		return found.ID, e.same(found.Config.Labels, spec)
	}
	return id, err
}

// create makes the container at a free place.
func (e *Engine) create(ctx context.Context, spec slipway.ContainerSpec, peers []peer) (string, error) {
	subnet, err := e.network(ctx)
	if err != nil {
		return "", err
	}
	at, err := e.place(subnet, spec, peers)
	if err != nil {
		return "", err
	}
	config, host, networking := settings(spec, at)
	created, err := e.client.ContainerCreate(ctx, config, host, networking, nil, spec.Name)
	return created.ID, err
}

// same is a CodeConflict unless every label that the spec asks for is there.
// The container may have more: those of its image, and our record of the port.
func (e *Engine) same(labels map[string]string, spec slipway.ContainerSpec) error {
	wanted := allLabels(spec)
	// The label that tells most comes first, and the others always in one order.
	for _, key := range slices.Concat([]string{slipway.LabelRelease}, slices.Sorted(maps.Keys(wanted))) {
		want, asked := wanted[key]
		if have := labels[key]; asked && have != want {
			return slipway.Errorf(slipway.CodeConflict,
				"host %s: a container named %s is there already, with the label %s=%q instead of %q: find out who made it, and remove it", e.host, spec.Name, key, have, want)
		}
	}
	return nil
}

// taken reports whether a container could not start because its address or
// host port is in use.
func taken(err error) bool {
	return contains(strings.ToLower(err.Error()), "address already in use", "port is already allocated")
}

// orphaned reports whether a container could not start because an engine that was
// killed had begun to start it: containerd still has the task, and dockerd does
// not know of it. Only the container can be made anew.
func orphaned(err error) bool {
	return contains(err.Error(), ": already exists") && contains(err.Error(), "task ")
}

// networkLost reports whether a container could not start because our network
// was removed, or is there twice.
func networkLost(err error) bool {
	const network = "network " + slipway.Network
	return contains(err.Error(), network+" not found", network+" is ambiguous")
}

// startError makes what the runtime says of a command that cannot be run an
// error that no retry can help.
func startError(err error) error {
	if contains(err.Error(), "OCI runtime create failed", "failed to create task", "executable file not found", "error gathering device information", "unable to find user") {
		return slipway.Errorf(slipway.CodeInvalid, "the container cannot be started: %w", err)
	}
	return err
}

func (e *Engine) hasRun(ctx context.Context, id string) (bool, error) {
	found, err := e.client.ContainerInspect(ctx, id)
	if err != nil {
		return false, err
	}
	return !when(found.State.StartedAt).IsZero(), nil
}
