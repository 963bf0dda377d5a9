package docker

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"slipway"
)

// TryOut starts a throw-away container of the spec's image and settings up to the
// moment at which the service's own process would begin: the image is mounted,
// the engine has accepted every setting, the user, the directories of the host
// and the devices are there, and the kernel has loaded the command and stopped it
// before its first instruction. Nothing of the image runs. The container has no
// network, no port, no named volume and no secret, and directories of the host
// are read-only in it. An error of CodeInvalid says what would have gone wrong;
// CodeNotFound is an image that is not there.
func (e *Engine) TryOut(ctx context.Context, platform string, spec slipway.ContainerSpec) error {
	doing := "try out " + spec.Image
	archive, err := e.program(platform)
	if err != nil {
		return err
	}
	command, err := e.commandOf(ctx, spec)
	if errdefs.IsNotFound(err) {
		return slipway.Errorf(slipway.CodeNotFound, "host %s: image %s is not there", e.host, spec.Image)
	}
	if err != nil {
		return e.fail(ctx, doing, err)
	}
	if len(command) == 0 {
		return e.notStarted("its image names no command: write container.command")
	}
	t := tried(spec, command)
	created, err := e.client.ContainerCreate(ctx, t.config, t.host, nil, nil, "")
	if err != nil {
		return e.fail(ctx, doing, err)
	}
	err = e.client.CopyToContainer(ctx, created.ID, "/", bytes.NewReader(archive), container.CopyToContainerOptions{})
	if err != nil {
		e.throwAway(ctx, created.ID)
		return e.fail(ctx, doing, err)
	}
	said, status, err := e.hear(ctx, created.ID)
	if err != nil {
		return e.fail(ctx, doing, startError(err))
	}
	if status != 0 {
		return e.notStarted(strings.Join(strings.Fields(said), " "))
	}
	return nil
}

func (e *Engine) notStarted(why string) error {
	return slipway.Errorf(slipway.CodeInvalid, "host %s: the container cannot be started: %s", e.host, why)
}

// commandOf is what the container would run: the spec's, or as far as that does
// not say the image's.
func (e *Engine) commandOf(ctx context.Context, spec slipway.ContainerSpec) ([]string, error) {
	found, err := e.client.ImageInspect(ctx, spec.Image)
	if err != nil {
		return nil, err
	}
	entrypoint, command := spec.Container.Entrypoint, spec.Container.Command
	if len(entrypoint) == 0 && found.Config != nil {
		entrypoint = found.Config.Entrypoint
		if len(command) == 0 {
			command = found.Config.Cmd
		}
	}
	return slices.Concat(entrypoint, command), nil
}

// tried is the spec's container without all that could do or meet anything.
func tried(spec slipway.ContainerSpec, command []string) throwaway {
	spec.Container.Ports, spec.Publish = nil, nil
	config, host, _ := settings(spec, place{})
	config.Entrypoint, config.Cmd = []string{withinPath, "start"}, command
	config.Healthcheck = &container.HealthConfig{Test: []string{"NONE"}}
	host.NetworkMode = "none"
	host.ReadonlyRootfs = false // the program has to be put there
	host.Memory = 0             // of which it may need more than the service
	host.Mounts = slices.DeleteFunc(host.Mounts, func(m mount.Mount) bool { return m.Type != mount.TypeBind })
	for i := range host.Mounts {
		host.Mounts[i].ReadOnly = true
	}
	return throwaway{config: config, host: host}.marked()
}
