package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"slipway"
)

// An Engine is a Docker Engine of the lab's own, with live-restore on.
type Engine struct {
	slot   *slot
	enter  []string // how a command line begins that runs where the engine does
	flags  []string // of dockerd, besides where things are
	api    *http.Client
	daemon *daemon

	reached slipway.Host
	sshd    *Program // nil if it is not reached that way
}

// A daemon is one run of dockerd.
type daemon struct {
	process *os.Process
	ended   chan struct{} // closed when it has
}

// StartEngine starts a Docker Engine, and returns when it answers. Close ends
// it with all its containers.
func StartEngine(ctx context.Context) (*Engine, error) { return startEngine(ctx, Unix, 0) }

// StartEngineFor is StartEngine, with a way by which Reached says how Slipway
// reaches it. Agent is none: that is a worker of Slipway's.
func StartEngineFor(ctx context.Context, way Way) (*Engine, error) { return startEngine(ctx, way, 0) }

// StartSmallEngine starts one that has a disk of its own, of so many bytes (0: the
// machine's), for images and containers. It cannot be rebooted.
func StartSmallEngine(ctx context.Context, disk int64) (*Engine, error) {
	return startEngine(ctx, Unix, disk)
}

func startEngine(ctx context.Context, way Way, disk int64) (*Engine, error) {
	if err := need(map[string]string{"dockerd": "docker.io", "containerd": "containerd", "ip": "iproute2"}); err != nil {
		return nil, err
	}
	s, err := takeSlot("engine")
	if err != nil {
		return nil, fmt.Errorf("prepare a place for a Docker Engine: %w", err)
	}
	e := newEngine(s)
	// Without --bridge there is no docker0 to share, and without --iptables
	// nothing is shared with the machine's own firewall and Docker Engine.
	e.flags = []string{
		"--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false",
		"--default-address-pool=base=" + e.pool().String() + ",size=26", "--insecure-registry=127.0.0.0/8",
	}
	if disk > 0 {
		path := filepath.Join(s.dir, "disk")
		if err := errors.Join(makeDisk(path, disk), mountDisk(path, filepath.Join(s.dir, "data"))); err != nil {
			return nil, errors.Join(err, e.Close())
		}
	}
	if err := errors.Join(e.removeBridges(), e.configure(true), e.reach(ctx, way), e.start(ctx)); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func newEngine(s *slot) *Engine {
	e := &Engine{slot: s}
	e.api = &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", e.Socket())
		},
	}}
	return e
}

// Socket is the path of the engine's socket.
func (e *Engine) Socket() string { return filepath.Join(e.slot.dir, "docker.sock") }

// Host is the engine's address as a fleet file has it.
func (e *Engine) Host() string { return "unix://" + e.Socket() }

// Reached is the engine as a fleet file has it, by the way it was started for.
func (e *Engine) Reached() slipway.Host { return e.reached }

// Log is the path of what dockerd writes.
func (e *Engine) Log() string { return filepath.Join(e.slot.dir, "dockerd.log") }

// Restart kills dockerd and starts it again, while containers run on.
func (e *Engine) Restart(ctx context.Context) error {
	if err := e.Kill(); err != nil {
		return err
	}
	return e.start(ctx)
}

// Kill ends dockerd with SIGKILL; containers run on. Restart brings it back.
func (e *Engine) Kill() error {
	if err := e.signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-e.daemon.ended
	return nil
}

// StopContainersAndRestart has dockerd stop all containers and end, as without
// live-restore, and starts it again: it starts those that are to run.
func (e *Engine) StopContainersAndRestart(ctx context.Context) error {
	if err := e.reload(ctx, false); err != nil {
		return err
	}
	if err := e.signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-e.daemon.ended:
	case <-ctx.Done():
		return fmt.Errorf("wait for dockerd to stop its containers: %w", ctx.Err())
	}
	return errors.Join(e.configure(true), e.start(ctx))
}

// Reboot ends dockerd, containerd and all containers at once, as when power
// fails, and starts dockerd again: it starts the containers that are to run.
func (e *Engine) Reboot(ctx context.Context) error {
	if err := e.slot.kill(programs...); err != nil {
		return err
	}
	<-e.daemon.ended
	if err := e.slot.unmount(); err != nil {
		return err
	}
	return e.start(ctx)
}

// Pause hangs dockerd: its socket accepts and never answers. Containers run on.
// It returns when every thread has stopped.
func (e *Engine) Pause() error {
	if err := e.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	return stopped(e.daemon.process.Pid)
}

// Resume ends a Pause.
func (e *Engine) Resume() error { return e.signal(syscall.SIGCONT) }

// HangContainerd stops the engine's containerd: dockerd answers what it knows
// by itself, and waits for ever over what it does not.
func (e *Engine) HangContainerd() (heal func() error, err error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if filepath.Base(p.args[0]) != "containerd" || !e.slot.runs(p, []string{"containerd"}) {
			continue
		}
		if err := syscall.Kill(p.pid, syscall.SIGSTOP); err != nil {
			return nil, err
		}
		return func() error { return syscall.Kill(p.pid, syscall.SIGCONT) }, stopped(p.pid)
	}
	return nil, fmt.Errorf("the engine in %s has no containerd", e.slot.dir)
}

// Close ends the engine and its containers, and removes all that they left.
func (e *Engine) Close() error {
	e.RemoveContainers()
	var ssh error
	if e.sshd != nil {
		ssh = e.sshd.Kill()
	}
	return errors.Join(ssh, e.slot.kill(programs...), e.removeBridges(), e.slot.release())
}

// RemoveContainers lets dockerd take down its containers, which alone knows of
// the interfaces of one that is just being started. What it does not manage,
// because it is hung or gone, stays: Close kills it.
func (e *Engine) RemoveContainers() {
	if e.daemon == nil || e.Resume() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var containers []struct{ ID string }
	body, err := e.request(ctx, http.MethodGet, "/containers/json?all=1")
	if err != nil || json.Unmarshal(body, &containers) != nil {
		return
	}
	var removed sync.WaitGroup
	for _, c := range containers {
		removed.Go(func() { _, _ = e.request(ctx, http.MethodDelete, "/containers/"+c.ID+"?force=1&v=1") })
	}
	removed.Wait()
}

// start runs dockerd and waits until it answers.
func (e *Engine) start(ctx context.Context) error {
	log, err := os.OpenFile(e.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	in := func(name string) string { return filepath.Join(e.slot.dir, name) }
	command := slices.Concat(e.enter, []string{
		"dockerd", "--data-root=" + in("data"), "--exec-root=" + in("exec"), "--pidfile=" + in("docker.pid"), "--config-file=" + in("daemon.json"),
		"--host=" + e.Host(),
	}, e.flags)
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the demo, which then closes the engine
	// A killed dockerd takes its containerd along, but leaves both pid files,
	// and the next one waits for those processes while they are zombies.
	if err := e.slot.kill("containerd"); err != nil {
		return err
	}
	for _, file := range []string{in("docker.pid"), in("exec/containerd/containerd.pid")} {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start dockerd: %w", err)
	}
	e.daemon = &daemon{process: cmd.Process, ended: make(chan struct{})}
	go func(d *daemon) {
		defer close(d.ended)
		_ = cmd.Wait() // how it ended is in its log
	}(e.daemon)
	return e.await(ctx, "/_ping", func([]byte) bool { return true })
}

// configure writes the part of the configuration that reload changes.
func (e *Engine) configure(liveRestore bool) error {
	text := fmt.Sprintf(`{"live-restore": %t}`, liveRestore)
	return os.WriteFile(filepath.Join(e.slot.dir, "daemon.json"), []byte(text), 0o644)
}

// reload has the running dockerd take over another configuration.
func (e *Engine) reload(ctx context.Context, liveRestore bool) error {
	if err := errors.Join(e.configure(liveRestore), e.signal(syscall.SIGHUP)); err != nil {
		return err
	}
	return e.await(ctx, "/info", func(body []byte) bool {
		var info struct{ LiveRestoreEnabled bool }
		return json.Unmarshal(body, &info) == nil && info.LiveRestoreEnabled == liveRestore
	})
}

func (e *Engine) signal(sig os.Signal) error {
	if err := e.daemon.process.Signal(sig); err != nil {
		return fmt.Errorf("send %v to dockerd: %w", sig, err)
	}
	return nil
}

// pool is where the engine takes the subnets of its networks from.
func (e *Engine) pool() netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 213, byte(e.slot.number), 0}), 24)
}

// removeBridges deletes the interfaces that have an address of the pool.
func (e *Engine) removeBridges() error {
	interfaces, err := net.Interfaces()
	if err != nil {
		return err
	}
	for _, i := range interfaces {
		addresses, err := i.Addrs()
		if err != nil {
			continue // gone meanwhile
		}
		for _, a := range addresses {
			prefix, err := netip.ParsePrefix(a.String())
			if err != nil || !e.pool().Contains(prefix.Addr()) {
				continue
			}
			if out, err := exec.Command("ip", "link", "delete", i.Name).CombinedOutput(); err != nil {
				return fmt.Errorf("delete interface %s: %w: %s", i.Name, err, strings.TrimSpace(string(out)))
			}
		}
	}
	return nil
}
