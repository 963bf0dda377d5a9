package docker

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"

	"slipway"
)

// settings says the spec in Docker's words. What the spec leaves out is left
// to the image, and after that to the engine.
func settings(spec slipway.ContainerSpec, at place) (*container.Config, *container.HostConfig, *network.NetworkingConfig) {
	c := spec.Container
	grace := seconds(c.StopGracePeriod.Std())
	config := &container.Config{
		Image:       spec.Image,
		Labels:      allLabels(spec),
		Env:         environment(spec.Environment),
		Cmd:         c.Command,
		Entrypoint:  c.Entrypoint,
		User:        c.User,
		WorkingDir:  c.WorkingDir,
		StopSignal:  c.StopSignal,
		StopTimeout: &grace,
	}
	host := &container.HostConfig{
		NetworkMode:    slipway.Network,
		RestartPolicy:  container.RestartPolicy{Name: container.RestartPolicyMode(c.Restart)},
		ReadonlyRootfs: c.ReadOnly,
		CapDrop:        c.CapDrop,
		Resources: container.Resources{
			Memory:   c.MemLimit,
			NanoCPUs: int64(c.CPUs * 1e9),
			Ulimits:  ulimits(c.Ulimits),
		},
	}
	if c.Init {
		host.Init = &c.Init
	}
	for _, v := range c.Volumes {
		host.Binds = append(host.Binds, v.String())
	}
	if at.port != 0 {
		inside := nat.Port(fmt.Sprintf("%d/tcp", c.Port))
		outside := nat.PortBinding{HostIP: spec.Publish.Address, HostPort: strconv.Itoa(at.port)}
		config.ExposedPorts = nat.PortSet{inside: {}}
		config.Labels[labelPort] = outside.HostPort
		host.PortBindings = nat.PortMap{inside: {outside}}
	}
	networking := &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
		slipway.Network: {IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: at.address.String()}},
	}}
	return config, host, networking
}

// allLabels joins the service's labels and Slipway's own, which win.
func allLabels(spec slipway.ContainerSpec) map[string]string {
	labels := map[string]string{}
	maps.Copy(labels, spec.Container.Labels)
	maps.Copy(labels, spec.Labels)
	return labels
}

func environment(values map[string]string) []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		lines = append(lines, name+"="+values[name])
	}
	return lines
}

func ulimits(limits map[string]slipway.Ulimit) []*container.Ulimit {
	var list []*container.Ulimit
	for _, name := range slices.Sorted(maps.Keys(limits)) {
		list = append(list, &container.Ulimit{Name: name, Soft: limits[name].Soft, Hard: limits[name].Hard})
	}
	return list
}
