package e2e

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"slipway/e2e/lab"
)

// A sickness is what befalls one host of several, and how it is healed.
type sickness struct {
	name string
	// strike makes it happen and returns what heals it.
	strike func(ctx context.Context, m *fleetMatrix, c cellRun) (heal func() error, err error)
	// cut says that requests to the host's own edge may get lost meanwhile.
	cut bool
	// at are the only moments that it can happen at; nil: any.
	at []string
}

// sick is the host that everything befalls; the others are well.
func (m *fleetMatrix) sick() *lab.Host { return m.Hosts.All[1] }

// ofHost is a sickness that is one method of the host.
func ofHost(name string, cut bool, strike func(h *lab.Host) (func() error, error)) sickness {
	return sickness{name: name, cut: cut, strike: func(_ context.Context, m *fleetMatrix, _ cellRun) (func() error, error) {
		return strike(m.sick())
	}}
}

var sicknesses = []sickness{
	ofHost("cut off", true, (*lab.Host).CutOff),
	ofHost("30 % loss, 300 ms late", true, func(h *lab.Host) (func() error, error) { return h.Weaken(0.3, 300*time.Millisecond) }),
	{name: "does not reach another host", strike: func(_ context.Context, m *fleetMatrix, _ cellRun) (func() error, error) {
		return m.sick().Part(m.Hosts.All[2])
	}},
	ofHost("dockerd hung", false, func(h *lab.Host) (func() error, error) { return h.Resume, h.Pause() }),
	{name: "dockerd killed", strike: func(ctx context.Context, m *fleetMatrix, _ cellRun) (func() error, error) {
		return func() error { return m.sick().Restart(ctx) }, m.sick().Kill()
	}},
	ofHost("containerd hung", false, (*lab.Host).HangContainerd),
	ofHost("disk full", false, (*lab.Host).FillDisk),
	{name: "does not reach the registry", strike: func(_ context.Context, m *fleetMatrix, _ cellRun) (func() error, error) {
		return m.sick().LoseRegistry(m.Production)
	}},
	{name: "its edge killed", cut: true, strike: func(ctx context.Context, m *fleetMatrix, _ cellRun) (func() error, error) {
		return func() error { return m.sick().Edge.Start(ctx) }, m.sick().Edge.Kill()
	}},
	ofHost("its edge not reached", false, func(h *lab.Host) (func() error, error) { return dropAdmin(h, "PREROUTING", "--dport") }),
	ofHost("its edge's answers lost", false, func(h *lab.Host) (func() error, error) { return dropAdmin(h, "OUTPUT", "--sport") }),
	{name: "dockerd hung, standalone killed", strike: func(ctx context.Context, m *fleetMatrix, _ cellRun) (func() error, error) {
		return m.sick().Resume, errors.Join(m.sick().Pause(), m.Standalone.Kill(), m.Standalone.Start(ctx))
	}},
	{name: "green dies", cut: true, at: []string{"holding"}, strike: func(ctx context.Context, m *fleetMatrix, c cellRun) (func() error, error) {
		return func() error { return nil }, dockerCLI(ctx, m.sick(), "kill", c.id)
	}},
	{name: "a mount stays busy", at: []string{"retiring"}, strike: func(ctx context.Context, m *fleetMatrix, c cellRun) (func() error, error) {
		return holdMount(ctx, m.sick(), m.live(c))
	}},
	{name: "rebooted", cut: true, strike: func(ctx context.Context, m *fleetMatrix, _ cellRun) (func() error, error) {
		return func() error { return m.sick().PowerOn(ctx) }, m.sick().PowerOff()
	}},
}

// dropAdmin drops what goes to, or comes from, the port that the host's edge is
// administered at.
func dropAdmin(h *lab.Host, chain, side string) (heal func() error, err error) {
	rule := func(do string) error {
		command := h.Inside("iptables", "-w", "-t", "raw", do, chain, "-p", "tcp", side, "2019", "-j", "DROP")
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w: %s", command, err, out)
		}
		return nil
	}
	return func() error { return rule("-D") }, rule("-A")
}

// dockerCLI runs Docker's own command against the host.
func dockerCLI(ctx context.Context, h *lab.Host, args ...string) error {
	out, err := exec.CommandContext(ctx, "docker", append([]string{"-H", h.Host()}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("docker %v: %w: %s", args, err, out)
	}
	return nil
}

// holdMount mounts something in the directory that the engine keeps of a
// container, which then cannot be removed.
func holdMount(ctx context.Context, h *lab.Host, container string) (free func() error, err error) {
	id, err := exec.CommandContext(ctx, "docker", "-H", h.Host(), "inspect", "--format", "{{.Id}}", container).Output()
	if err != nil {
		return nil, fmt.Errorf("find container %s: %w", container, err)
	}
	dir := filepath.Join(h.Keeps(), "data", "containers", strings.TrimSpace(string(id)), "checkpoints")
	mount := func(args ...string) error {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w: %s", args, err, out)
		}
		return nil
	}
	return func() error { return mount("umount", dir) }, mount("mount", "--bind", dir, dir)
}
