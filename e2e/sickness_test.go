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
	"slipway/e2e/system"
)

// A sickness is what befalls one host of several, and how it is healed.
type sickness struct {
	name  string
	mends string // what a person does about the host; all else is to happen by itself
	// strike makes it happen and returns what heals it.
	strike func(ctx context.Context, m *fleetMatrix, c cellRun) (heal func() error, err error)
	// cut says that requests to the host's own edge may get lost meanwhile.
	cut bool
	// chance says that what a person reads differs from time to time.
	chance bool
	// at are the only moments that it can happen at; nil: any.
	at []string
	// way is how the hosts are reached; empty: TCP.
	way lab.Way
}

func (s sickness) reached() lab.Way {
	if s.way == "" {
		return lab.TCP
	}
	return s.way
}

// sick is the host that everything befalls; the others are well.
func (m *fleetMatrix) sick() *lab.Host { return m.Hosts.All[1] }

// sickAgent is the agent on it.
func (m *fleetMatrix) sickAgent() *system.Process { return m.Agents[1] }

// ofHost is a sickness that is one method of the host.
func ofHost(name, mends string, cut bool, strike func(h *lab.Host) (func() error, error)) sickness {
	return sickness{name: name, mends: mends, cut: cut, strike: func(_ context.Context, m *fleetMatrix, _ cellRun) (func() error, error) {
		return strike(m.sick())
	}}
}

var sicknesses = []sickness{
	ofHost("cut off", "connects it again", true, (*lab.Host).CutOff),
	{name: "30 % loss, 300 ms late", mends: "mends the network", cut: true, chance: true, strike: func(_ context.Context, m *fleetMatrix, _ cellRun) (func() error, error) {
		return m.sick().Weaken(0.3, 300*time.Millisecond)
	}},
	{name: "does not reach another host", mends: "mends the network", strike: func(_ context.Context, m *fleetMatrix, _ cellRun) (func() error, error) {
		return m.sick().Part(m.Hosts.All[2])
	}},
	ofHost("dockerd hung", "restarts dockerd", false, func(h *lab.Host) (func() error, error) { return h.Resume, h.Pause() }),
	{name: "dockerd killed", mends: "starts dockerd", strike: func(ctx context.Context, m *fleetMatrix, _ cellRun) (func() error, error) {
		return func() error { return m.sick().Restart(ctx) }, m.sick().Kill()
	}},
	ofHost("containerd hung", "restarts containerd", false, (*lab.Host).HangContainerd),
	ofHost("disk full", "makes room", false, (*lab.Host).FillDisk),
	{name: "does not reach the registry", mends: "mends the network", strike: func(_ context.Context, m *fleetMatrix, _ cellRun) (func() error, error) {
		return m.sick().LoseRegistry(m.Production)
	}},
	{name: "its edge killed", mends: "starts the edge", cut: true, strike: func(ctx context.Context, m *fleetMatrix, _ cellRun) (func() error, error) {
		return func() error { return m.sick().Edge.Start(ctx) }, m.sick().Edge.Kill()
	}},
	ofHost("its edge not reached", "mends the network", false, func(h *lab.Host) (func() error, error) { return dropAdmin(h, "PREROUTING", "--dport") }),
	ofHost("its edge's answers lost", "mends the network", false, func(h *lab.Host) (func() error, error) { return dropAdmin(h, "OUTPUT", "--sport") }),
	{name: "its agent killed", mends: "starts the agent", way: lab.Agent, strike: func(ctx context.Context, m *fleetMatrix, _ cellRun) (func() error, error) {
		return func() error { return m.sickAgent().Start(ctx) }, m.sickAgent().Kill()
	}},
	{name: "dockerd hung, standalone killed", mends: "restarts dockerd", chance: true, strike: func(ctx context.Context, m *fleetMatrix, _ cellRun) (func() error, error) {
		return m.sick().Resume, errors.Join(m.sick().Pause(), m.Standalone.Kill(), m.Standalone.Start(ctx))
	}},
	{name: "green dies", cut: true, at: []string{"holding"}, strike: func(ctx context.Context, m *fleetMatrix, c cellRun) (func() error, error) {
		return func() error { return nil }, dockerCLI(ctx, m.sick(), "kill", c.id)
	}},
	{name: "a mount stays busy", mends: "frees the mount", at: []string{"before", "starting"}, strike: func(ctx context.Context, m *fleetMatrix, c cellRun) (func() error, error) {
		return holdMount(ctx, m.sick(), m.live(c))
	}},
	{name: "its clock five minutes off", mends: "sets the clock", way: lab.Agent, strike: func(_ context.Context, m *fleetMatrix, _ cellRun) (func() error, error) {
		disarm := m.clock.Arm(lab.ClockOff(5 * time.Minute))
		return func() error { disarm(); return nil }, nil
	}},
	{name: "off, and on again", mends: "switches it on", cut: true, strike: func(ctx context.Context, m *fleetMatrix, _ cellRun) (func() error, error) {
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
// container, which then cannot be removed. Docker detaches what is mounted there
// by itself, so the directory is also one that nobody may remove.
func holdMount(ctx context.Context, h *lab.Host, container string) (free func() error, err error) {
	id, err := exec.CommandContext(ctx, "docker", "-H", h.Host(), "inspect", "--format", "{{.Id}}", container).Output()
	if err != nil {
		return nil, fmt.Errorf("find container %s: %w", container, err)
	}
	dir := filepath.Join(h.Keeps(), "data", "containers", strings.TrimSpace(string(id)), "checkpoints")
	do := func(args ...string) error {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w: %s", args, err, out)
		}
		return nil
	}
	free = func() error {
		_ = do("umount", dir) // if Docker has not
		return do("chattr", "-i", dir)
	}
	return free, errors.Join(do("chattr", "+i", dir), do("mount", "--bind", dir, dir))
}
