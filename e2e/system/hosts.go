package system

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"slipway/e2e/lab"
)

// hosts brings up hosts of the lab's own with an edge on each, and the
// registries that they reach.
func (s *System) hosts(ctx context.Context) (err error) {
	s.Hosts, err = lab.StartHosts(ctx, lab.HostsOptions{Count: s.options.Hosts, Disk: s.options.Disk, Edge: s.Bin("slipway-edge"), SSH: s.options.Way == lab.SSH})
	if err != nil {
		return err
	}
	s.closers = append(s.closers, s.Hosts)
	for _, registry := range []**lab.Registry{&s.Source, &s.Production} {
		if *registry, err = s.Hosts.StartRegistry(ctx); err != nil {
			return err
		}
		s.closers = append(s.closers, *registry)
	}
	s.EdgeURL = s.Hosts.All[0].EdgeURL()
	return nil
}

// onHost is the host that the standalone runs on, because it reaches its engine
// by a socket; nil: it runs on this machine.
func (s *System) onHost() *lab.Host {
	if s.Hosts == nil || s.options.Way != lab.Unix {
		return nil
	}
	return s.Hosts.All[0]
}

// agents prepares an agent on each host, and returns what lets them in at the
// standalone. It shows the certificate of the machine; they show their hosts'.
func (s *System) agents(ctx context.Context) (flags []string, err error) {
	free, err := freeAddresses(1)
	if err != nil {
		return nil, err
	}
	_, port, _ := strings.Cut(free[0], ":")
	address := s.Hosts.Address() + ":" + port
	files, err := s.Hosts.Certify("machine", s.Hosts.Address())
	if err != nil {
		return nil, err
	}
	keepers := []string{filepath.Join(s.Dir, "standalone")}
	for _, host := range s.Hosts.All {
		agent := host.Program("slipway-agent", s.Bin("slipway"), "worker", "--host", host.Name, "--fleet", s.FleetFile(),
			"--data", filepath.Join(s.Dir, host.Name), "--docker", host.Host())
		agent.Env = []string{
			SecretVariable + "=" + SecretInEnv, "TEMPORAL_ADDRESS=" + address,
			"TEMPORAL_TLS_CLIENT_CERT_PATH=" + host.Certificate.Cert, "TEMPORAL_TLS_CLIENT_KEY_PATH=" + host.Certificate.Key,
			"TEMPORAL_TLS_SERVER_CA_CERT_PATH=" + host.Certificate.CA,
		}
		agent.Ready = func(context.Context) error {
			if text, err := os.ReadFile(agent.LogFile); err != nil || !strings.Contains(string(text), "Part started") {
				return errors.New("it has not started yet")
			}
			return nil
		}
		s.Agents = append(s.Agents, agent)
		keepers = append(keepers, filepath.Join(s.Dir, host.Name))
	}
	if err := s.Trust(ctx, keepers...); err != nil {
		return nil, err
	}
	return []string{"--agents-listen", address, "--agents-tls-cert", files.Cert, "--agents-tls-key", files.Key, "--agents-client-ca", files.CA}, nil
}

// Trust lists in the fleet file the keys of processes, by the directories of
// what they keep: none but these count then. Without any, the fleet file is as
// it was.
func (s *System) Trust(ctx context.Context, keepers ...string) error {
	var text strings.Builder
	text.WriteString(s.fleet())
	if len(keepers) > 0 {
		text.WriteString("signing:\n  keys:\n")
	}
	for _, data := range keepers {
		lines, err := exec.CommandContext(ctx, s.Bin("slipway"), "key", "--data", data).Output()
		if err != nil {
			return fmt.Errorf("slipway key: %w", err)
		}
		for line := range strings.Lines(string(lines)) {
			text.WriteString("  " + line)
		}
	}
	return os.WriteFile(s.FleetFile(), []byte(text.String()), 0o600)
}
