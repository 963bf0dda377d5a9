package docker

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
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
		CapAdd:         c.CapAdd,
		CapDrop:        c.CapDrop,
		Mounts:         mounts(c.Volumes),
		Resources: container.Resources{
			Memory:   c.MemLimit,
			NanoCPUs: int64(c.CPUs * 1e9),
			Devices:  devices(c.Devices),
			Ulimits:  ulimits(c.Ulimits),
		},
	}
	if c.Init {
		host.Init = &c.Init
	}
	if at.port != 0 {
		inside := nat.Port(fmt.Sprintf("%d/tcp", c.Port))
		outside := nat.PortBinding{HostIP: spec.Publish.Address, HostPort: strconv.Itoa(at.port)}
		config.ExposedPorts = nat.PortSet{inside: {}}
		config.Labels[labelPort] = outside.HostPort
		host.PortBindings = nat.PortMap{inside: {outside}}
	}
	fix(c.Ports, spec.Address, config, host)
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

// mounts are not Docker's binds, for which the engine would make a directory of
// the host that is missing, as root, and hide the mistake.
func mounts(volumes []slipway.Volume) []mount.Mount {
	var list []mount.Mount
	for _, v := range volumes {
		kind := mount.TypeVolume
		if v.Bind() {
			kind = mount.TypeBind
		}
		list = append(list, mount.Mount{Type: kind, Source: v.Source, Target: v.Target, ReadOnly: v.ReadOnly})
	}
	return list
}

func devices(given []slipway.Device) []container.DeviceMapping {
	var list []container.DeviceMapping
	for _, d := range given {
		list = append(list, container.DeviceMapping{PathOnHost: d.Source, PathInContainer: d.Target, CgroupPermissions: d.Permissions})
	}
	return list
}

func ulimits(limits map[string]slipway.Ulimit) []*container.Ulimit {
	var list []*container.Ulimit
	for _, name := range slices.Sorted(maps.Keys(limits)) {
		list = append(list, &container.Ulimit{Name: name, Soft: limits[name].Soft, Hard: limits[name].Hard})
	}
	return list
}
