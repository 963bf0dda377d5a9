package docker

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/system"

	"slipway"
)

// Facts says what the engine is. How much room it has, and which mounts are
// left over, Docker's API does not say: that is known only where this process
// sees the engine's directory.
func (e *Engine) Facts(ctx context.Context) (slipway.HostFacts, error) {
	var (
		version    types.Version
		info       system.Info
		ports      []int
		containers []container.Summary
		mounts     []string // before the containers are listed
	)
	asked := time.Now()
	var asking sync.WaitGroup
	var failed [3]error // of what is asked, in an order that does not depend on who is first
	ask := func(i int, what string, question func() error) {
		asking.Go(func() {
			if err := question(); err != nil {
				failed[i] = e.fail(ctx, what, err)
			}
		})
	}
	ask(0, "ask for its version", func() (err error) { version, err = e.client.ServerVersion(ctx); return err })
	ask(1, "ask for its facts", func() (err error) {
		if info, err = e.client.Info(ctx); err != nil {
			return err
		}
		mounts = mountsBelow(info.DockerRootDir)
		containers, err = e.client.ContainerList(ctx, container.ListOptions{All: true})
		return err
	})
	ask(2, "look at its network "+slipway.Network, func() (err error) { ports, err = e.ports(ctx); return err })
	asking.Wait()
	if err := cmp.Or(failed[:]...); err != nil {
		return slipway.HostFacts{}, err
	}
	answered, here := time.Since(asked), homeOf(info, containers)
	stuck, err := e.stuck(ctx, containers)
	if err != nil {
		return slipway.HostFacts{}, e.fail(ctx, "list its containers", err)
	}
	return slipway.HostFacts{
		Platform:      version.Os + "/" + version.Arch,
		Version:       version.Version,
		API:           version.APIVersion,
		Kernel:        version.KernelVersion,
		StorageDriver: info.Driver,
		Cgroup:        info.CgroupVersion,
		LiveRestore:   info.LiveRestoreEnabled,
		Answered:      slipway.Duration(answered.Round(time.Microsecond)),
		Ports:         ports,
		Taken:         takenPorts(containers),
		Time:          when(info.SystemTime),
		Disk:          here.disk(),
		Stuck:         stuck,
		Leaked:        here.leaked(mounts, containers),
	}, nil
}

// HasImage reports whether the image of an ID is there. It costs one call.
func (e *Engine) HasImage(ctx context.Context, id string) (bool, error) {
	_, err := e.client.ImageInspect(ctx, id)
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, e.fail(ctx, "look for image "+id, err)
	}
	return true, nil
}

// aMoment is how long the engine may take to remove a container that nothing is
// wrong with.
const aMoment = 500 * time.Millisecond

// stuck names the containers that the engine could not remove. One that is
// being removed is looked at again.
func (e *Engine) stuck(ctx context.Context, all []container.Summary) ([]string, error) {
	var dead []string
	removing := map[string]bool{}
	for _, c := range all {
		switch c.State {
		case container.StateDead:
			dead = append(dead, nameOf(c))
		case container.StateRemoving:
			removing[c.ID] = true
		}
	}
	if len(removing) == 0 {
		return dead, nil
	}
	select {
	case <-time.After(aMoment):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	still, err := e.client.ContainerList(ctx, container.ListOptions{
		All:     true,
		Filters: filters.NewArgs(filters.Arg("status", container.StateRemoving), filters.Arg("status", container.StateDead)),
	})
	for _, c := range still {
		if removing[c.ID] {
			dead = append(dead, nameOf(c))
		}
	}
	return dead, err
}

func nameOf(c container.Summary) string {
	if len(c.Names) == 0 { // as when it is half removed
		return c.ID[:min(12, len(c.ID))]
	}
	return c.Names[0][1:]
}

// ports are those of the host that containers on our network have. A network
// that is not as it has to be is an error; none is as good, as it will be made.
func (e *Engine) ports(ctx context.Context) ([]int, error) {
	found, err := e.networks(ctx, slipway.Network)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	if _, err := e.subnetOf(found[0]); err != nil {
		return nil, err
	}
	peers, err := e.peers(ctx)
	var ports []int
	for _, p := range peers {
		if p.port != 0 {
			ports = append(ports, p.port)
		}
	}
	return ports, err
}
