package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
)

// A Registry is a docker-registry process with storage of its own, on a free
// port.
type Registry struct {
	slot    *slot
	address string
}

const registryConfig = `version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: %s}
  delete: {enabled: true}
http: {addr: "%s:0"}
`

var listening = regexp.MustCompile(`listening on ([\d.]+:\d+)`)

// StartRegistry starts a registry on a loopback port, and returns when it
// listens. Close ends it.
func StartRegistry(ctx context.Context) (*Registry, error) { return startRegistry(ctx, "127.0.0.1") }

func startRegistry(ctx context.Context, ip string) (*Registry, error) {
	if err := need(map[string]string{"docker-registry": "docker-registry"}); err != nil {
		return nil, err
	}
	s, err := takeSlot("registry")
	if err != nil {
		return nil, fmt.Errorf("prepare a place for a registry: %w", err)
	}
	r := &Registry{slot: s}
	if err := r.start(ctx, ip); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Registry) start(ctx context.Context, ip string) error {
	config := filepath.Join(r.slot.dir, "config.yml")
	if err := os.WriteFile(config, fmt.Appendf(nil, registryConfig, filepath.Join(r.slot.dir, "data"), ip), 0o644); err != nil {
		return err
	}
	cmd := exec.Command("docker-registry", "serve", config)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as for engines
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start docker-registry: %w", err)
	}
	address, said := make(chan string, 1), ""
	go func() {
		defer close(address)
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				address <- m[1]
				break
			}
			said = lines.Text()
		}
		_, _ = io.Copy(io.Discard, stderr) // it must never wait for us
		_ = cmd.Wait()
	}()
	select {
	case found, ok := <-address:
		if !ok {
			return fmt.Errorf("docker-registry ended; it said: %s", said)
		}
		r.address = found
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for docker-registry to listen: %w", ctx.Err())
	}
}

// Address is where the registry listens, as image references have it.
func (r *Registry) Address() string { return r.address }

// URL is the registry's address as a fleet file has it.
func (r *Registry) URL() string { return "http://" + r.address }

// Close ends the registry and removes its images.
func (r *Registry) Close() error { return r.slot.release() }
