package docker

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"slipway"
)

// Find looks at a container that somebody else made. Errors: CodeNotFound.
func (e *Engine) Find(ctx context.Context, name string) (slipway.Found, error) {
	c, err := e.client.ContainerInspect(ctx, name)
	if errdefs.IsNotFound(err) {
		return slipway.Found{}, slipway.Errorf(slipway.CodeNotFound, "host %s: there is no container %s: docker ps says what runs there", e.host, name)
	}
	if err != nil {
		return slipway.Found{}, e.fail(ctx, "inspect container "+name, err)
	}
	image, err := e.client.ImageInspect(ctx, c.Image)
	if err != nil && !errdefs.IsNotFound(err) { // an image may be removed by force while it runs
		return slipway.Found{}, e.fail(ctx, "inspect image "+c.Image, err)
	}
	found := slipway.Found{
		Name:        strings.TrimPrefix(c.Name, "/"),
		ID:          c.ID,
		Image:       c.Image,
		Tag:         c.Config.Image,
		Digests:     image.RepoDigests,
		Running:     c.State.Running && !c.State.Restarting && !c.State.Paused,
		Release:     c.Config.Labels[slipway.LabelRelease],
		HostNetwork: c.HostConfig.NetworkMode.IsHost(),
	}
	for port := range c.Config.ExposedPorts {
		if port.Proto() == "tcp" {
			found.Exposed = append(found.Exposed, port.Int())
		}
	}
	slices.Sort(found.Exposed)
	if c.NetworkSettings != nil {
		found.Addresses, found.Published = addresses(c), published(c)
	}
	return found, nil
}

// addresses are the container's, in a fixed order.
func addresses(c container.InspectResponse) []string {
	var out []string
	for _, endpoint := range c.NetworkSettings.Networks {
		if ip, err := netip.ParseAddr(endpoint.IPAddress); err == nil {
			out = append(out, ip.String())
		}
	}
	slices.Sort(out)
	return out
}

func published(c container.InspectResponse) []slipway.Published {
	var out []slipway.Published
	for port, bindings := range c.NetworkSettings.Ports {
		for _, b := range bindings {
			n, err := strconv.Atoi(b.HostPort)
			if err == nil && port.Proto() == "tcp" {
				out = append(out, slipway.Published{Port: port.Int(), Address: b.HostIP, HostPort: n})
			}
		}
	}
	slices.SortFunc(out, func(a, b slipway.Published) int { return a.HostPort - b.HostPort })
	return out
}

// Retire stops and removes a container that somebody else made, by its ID, as
// Remove does with ours.
func (e *Engine) Retire(ctx context.Context, id string, grace time.Duration) error {
	found, err := e.client.ContainerInspect(ctx, id)
	if errdefs.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return e.fail(ctx, "remove container "+id, err)
	}
	return e.stopAndRemove(ctx, found, grace)
}
