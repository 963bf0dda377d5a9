package docker

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"

	"slipway"
)

// Inspect returns the container, or an error of CodeNotFound.
func (e *Engine) Inspect(ctx context.Context, name string) (slipway.ContainerState, error) {
	found, err := e.client.ContainerInspect(ctx, name)
	if err != nil {
		return slipway.ContainerState{}, e.fail(ctx, "inspect container "+name, err)
	}
	return state(found), nil
}

// state is a container in Slipway's words. Its address and port are those it
// was given, not those it has at the moment: a stopped container keeps them.
func state(c container.InspectResponse) slipway.ContainerState {
	s := slipway.ContainerState{
		Name:      strings.TrimPrefix(c.Name, "/"),
		ID:        c.ID,
		Image:     c.Image,
		Running:   c.State.Running && !c.State.Restarting, // Docker counts one that waits for its restart as running
		StartedAt: when(c.State.StartedAt),
		Restarts:  c.RestartCount,
		Health:    health(c.State.Health),
		Labels:    c.Config.Labels,

		Environment: map[string]string{},
	}
	for _, line := range c.Config.Env {
		name, value, _ := strings.Cut(line, "=")
		s.Environment[name] = value
	}
	if c.NetworkSettings != nil {
		if ip := fixedAddress(c.NetworkSettings.Networks); ip.IsValid() {
			s.Address = ip.String()
		}
	}
	s.HostPort, _ = strconv.Atoi(c.Config.Labels[labelPort]) // absent: no port
	if !s.Running && (!s.StartedAt.IsZero() || c.State.Error != "") {
		s.FinishedAt = when(c.State.FinishedAt)
		s.Exit = &slipway.Exit{Code: c.State.ExitCode, OOMKilled: c.State.OOMKilled, Error: c.State.Error}
	}
	return s
}

// health is nil where there is no check, also one that was switched off.
func health(h *container.Health) *slipway.Health {
	if h == nil || h.Status == container.NoHealthcheck {
		return nil
	}
	said := ""
	if n := len(h.Log); n > 0 {
		said = strings.Join(strings.Fields(h.Log[n-1].Output), " ")
	}
	return &slipway.Health{Status: h.Status, Said: said}
}

// when reads one of Docker's times; its "never" is the zero Time.
func when(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t
}

// seconds is d rounded up to what Docker counts in.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
