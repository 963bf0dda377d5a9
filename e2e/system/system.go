// Package system runs all of Slipway on one machine as its users run it: the
// built binaries as processes of their own, a real Docker Engine, two real
// registries, an edge. Whole-system tests, the benchmark and the demo are
// written in its terms.
package system

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"slipway"
	"slipway/e2e/lab"
)

// The people of every system, all with the same password.
const (
	Password       = "correct horse battery staple"
	PasswordBcrypt = "$2a$04$4j.INMVDdXoiNemXmqpRMeIZPY1yDdqoal8x4xUL0MnqOk/CxnCJm"
)

// Options say how a system is made. The zero value is what tests use.
type Options struct {
	Bin      string    // directory of the built binaries; empty: bin of this repository
	Docker   string    // an engine to use, "unix:///path"; empty: one of the lab's own
	Project  string    // that its services belong to; empty: search. On an engine that is not the lab's own, its containers are removed at the end
	Output   io.Writer // of the processes; nil: files in Dir, shown when something fails
	Listen   string    // of the API; empty: a free port
	HTTP     string    // of the edge; empty: a free port
	Temporal string    // of the embedded Temporal; empty: a free port
	Hosts    int       // so many hosts on a network of their own, each with an edge, instead of one engine and one edge here
	Way      lab.Way   // with Hosts: how Slipway reaches them
	Disk     int64     // bytes that the lab's own engine, and each of Hosts, has for images and containers; 0: those of the machine
	Projects string    // more of them, as lines of the fleet file: "  - {name: …}\n"
	Proxied  bool      // Slipway reaches everything through a Proxy, which can be made to fail
}

// A System is running.
type System struct {
	Dir        string      // of everything it keeps
	Engine     *lab.Engine // nil where Options.Docker named one, or with Hosts
	Hosts      *lab.Hosts  // nil without
	Agents     []*Process  // of the hosts, in their order; none if they are reached otherwise
	Source     *lab.Registry
	Production *lab.Registry
	Edge       *Process
	Standalone *Process
	URL        string // of the API and console
	EdgeURL    string // of the edge, where traffic goes
	Temporal   string // host:port of the embedded Temporal, on the machine that it is on
	FixedPort  int    // of the host, TCP, that services may ask for
	App        string // path of the test service's binary
	Between    Proxies

	options Options
	docker  string
	closers []io.Closer
}

// Start brings everything up, in a directory of its own. On error, what was
// started is ended.
func Start(ctx context.Context, options Options) (s *System, err error) {
	dir, err := os.MkdirTemp("", "slipway-system-")
	if err != nil {
		return nil, err
	}
	s = &System{Dir: dir, options: options, docker: options.Docker}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	s.options.Project = or(options.Project, "search")
	if s.options.Bin == "" {
		if s.options.Bin, err = Binaries(); err != nil {
			return s, err
		}
	}
	if s.App, err = lab.BuildApp(ctx, dir); err != nil {
		return s, err
	}
	if options.Hosts > 0 {
		err = s.hosts(ctx)
	} else {
		err = s.machine(ctx)
	}
	if err != nil {
		return s, err
	}
	if options.Proxied {
		if err = s.between(); err != nil {
			return s, err
		}
	}
	addresses, err := freeAddresses(4)
	if err != nil {
		return s, err
	}
	listen, http, temporal := or(options.Listen, addresses[0]), or(options.HTTP, addresses[1]), or(options.Temporal, addresses[2])
	fixed, err := netip.ParseAddrPort(addresses[3])
	if err != nil {
		return s, err
	}
	s.FixedPort = int(fixed.Port())
	local := s.onHost()
	if local != nil {
		listen = net.JoinHostPort(local.Address, "8080")
	}
	s.URL, s.EdgeURL, s.Temporal = "http://"+listen, or(s.EdgeURL, "http://"+http), temporal
	if err = s.files(); err != nil {
		return s, err
	}
	args := []string{"--data", filepath.Join(dir, "standalone"), "--fleet", s.FleetFile(), "--listen", listen, "--temporal-listen", temporal}
	if options.Way == lab.Agent {
		flags, err := s.agents(ctx)
		if err != nil {
			return s, err
		}
		args = append(args, flags...)
	}
	s.Standalone = s.process("slipway-standalone", args...)
	if local != nil {
		s.Standalone.Command = local.Inside(s.Standalone.Command...)
	}
	s.Standalone.Env = []string{SecretVariable + "=" + SecretInEnv}
	s.Standalone.Ready = func(ctx context.Context) error { return get(ctx, s.URL+"/readyz") }
	if s.Hosts == nil {
		s.Edge = s.process("slipway-edge", "--data", filepath.Join(dir, "edge"), "--http", http, "--admin", s.edgeAdmin())
		s.Edge.Ready = func(ctx context.Context) error { return dial(ctx, "unix", filepath.Join(dir, "edge.sock")) }
		if err = s.begin(ctx, s.Edge); err != nil {
			return s, err
		}
	}
	return s, s.begin(ctx, append([]*Process{s.Standalone}, s.Agents...)...)
}

// begin starts processes, which are ended with the system.
func (s *System) begin(ctx context.Context, processes ...*Process) error {
	for _, p := range processes {
		s.closers = append(s.closers, p)
		if err := p.Start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// machine brings up what runs on this machine: an engine, or a visit to one,
// and two registries.
func (s *System) machine(ctx context.Context) (err error) {
	if s.docker == "" {
		if s.Engine, err = lab.StartSmallEngine(ctx, s.options.Disk); err != nil {
			return err
		}
		s.closers = append(s.closers, s.Engine)
		s.docker = s.Engine.Host()
	} else {
		guest, err := visit(ctx, s.docker, s.options.Project)
		if err != nil {
			return err
		}
		s.closers = append(s.closers, guest)
	}
	for _, registry := range []**lab.Registry{&s.Source, &s.Production} {
		if *registry, err = lab.StartRegistry(ctx); err != nil {
			return err
		}
		s.closers = append(s.closers, *registry)
	}
	return nil
}

// Close ends everything that Start began, in reverse, and removes the
// directory.
func (s *System) Close() error {
	var errs []error
	for _, closer := range slices.Backward(s.closers) {
		errs = append(errs, closer.Close())
	}
	s.closers = nil
	return errors.Join(append(errs, os.RemoveAll(s.Dir))...)
}

// FleetFile is the path of the fleet file.
func (s *System) FleetFile() string { return filepath.Join(s.Dir, "fleet.yaml") }

func (s *System) edgeAdmin() string { return "unix:" + filepath.Join(s.Dir, "edge.sock") }

// EdgeAdmin is the admin address of the edge, for its own commands.
func (s *System) EdgeAdmin() string { return s.edgeAdmin() }

// Bin is the path of one of the built binaries.
func (s *System) Bin(name string) string { return filepath.Join(s.options.Bin, name) }

// Docker is the address of the Docker Engine.
func (s *System) Docker() slipway.Host { return slipway.Host{Name: "h1", Docker: s.docker} }

// Push makes an image of the test service, with environment variables that say
// how it behaves, and pushes it to the source registry. VERSION is the tag
// unless env says otherwise. It returns the digest.
func (s *System) Push(ctx context.Context, repository, tag string, env ...string) (string, error) {
	return lab.Push(ctx, s.Source.Address()+"/"+repository+":"+tag, lab.Image{
		Binary: s.App, Port: 8080, Env: append([]string{"VERSION=" + tag}, env...),
	})
}

// Binaries is the directory of the built binaries of this repository.
func Binaries() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		bin := filepath.Join(dir, "bin")
		if _, err := os.Stat(filepath.Join(bin, "slipway-standalone")); err == nil {
			return bin, nil
		}
	}
	return "", fmt.Errorf("there are no built binaries: run make build first")
}

// freeAddresses are addresses on loopback that nobody listens on, of ports that
// are not given to outgoing connections: those would be gone again at once.
func freeAddresses(n int) ([]string, error) {
	var out []string
	for tries := 0; len(out) < n; tries++ {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(10000+rand.IntN(10000))))
		if err == nil {
			defer l.Close() // all at the end, so that they differ
			out = append(out, l.Addr().String())
		} else if tries > 100*n {
			return nil, err
		}
	}
	return out, nil
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
