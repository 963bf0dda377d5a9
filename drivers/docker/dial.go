package docker

import (
	"context"
	"crypto/tls"
	"net"
	"os/exec"
	"strings"
	"time"

	"github.com/docker/cli/cli/connhelper"
	"github.com/docker/docker/client"
	"github.com/docker/go-connections/tlsconfig"

	"slipway"
)

// connectTimeout is how long a connection may take to be made, whatever the
// deadline of the call that needs it.
const connectTimeout = 5 * time.Second

// Dial returns the engine of a host. It does not connect: the first call does,
// and agrees on the version of the API. Connections are kept, and made again
// when needed. What can be known to be wrong without connecting is CodeInvalid.
func Dial(host slipway.Host) (*Engine, error) {
	reach, err := reach(host)
	if err != nil {
		return nil, err
	}
	c, err := client.NewClientWithOpts(append(reach, client.WithAPIVersionNegotiation())...)
	if err != nil {
		return nil, slipway.Errorf(slipway.CodeInvalid, "host %s: docker is %q: %w", host.Name, host.Docker, err)
	}
	return &Engine{host: host.Name, client: c, placing: make(chan struct{}, 1)}, nil
}

// reach is the way to the engine.
func reach(host slipway.Host) ([]client.Opt, error) {
	scheme, _, _ := strings.Cut(host.Docker, "://")
	switch {
	case scheme == "unix":
		return []client.Opt{client.WithHost(host.Docker)}, nil
	case scheme == "tcp" && host.TLS != nil:
		dial, err := overTLS(*host.TLS)
		if err != nil {
			return nil, slipway.Errorf(slipway.CodeInvalid, "host %s: tls: %w", host.Name, err)
		}
		return []client.Opt{client.WithHost(host.Docker), client.WithDialContext(dial)}, nil
	case scheme == "ssh":
		if _, err := exec.LookPath("ssh"); err != nil {
			return nil, slipway.Errorf(slipway.CodeInvalid, "host %s: docker is %q, but this machine has no program ssh: install the package openssh-client", host.Name, host.Docker)
		}
		helper, err := connhelper.GetConnectionHelperWithSSHOpts(host.Docker, sshFlags(host.SSH))
		if err != nil {
			return nil, slipway.Errorf(slipway.CodeInvalid, "host %s: docker is %q: %w", host.Name, host.Docker, err)
		}
		return []client.Opt{client.WithHost(helper.Host), client.WithDialContext(overSSH(helper.Dialer))}, nil
	}
	return nil, slipway.Errorf(slipway.CodeInvalid,
		"host %s: docker is %q: write unix:///var/run/docker.sock, tcp://10.0.0.1:2376 with tls, or ssh://user@host", host.Name, host.Docker)
}

// A dialler makes connections.
type dialler = func(ctx context.Context, network, address string) (net.Conn, error)

// overTLS is a dialler that shows a certificate and wants one. It reads the
// files anew for each connection, so that renewed ones need no restart.
func overTLS(files slipway.TLS) (dialler, error) {
	load := func() (*tls.Config, error) {
		return tlsconfig.Client(tlsconfig.Options{CAFile: files.CA, CertFile: files.Cert, KeyFile: files.Key, ExclusiveRootPools: true})
	}
	if _, err := load(); err != nil {
		return nil, err
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		config, err := load()
		if err != nil {
			return nil, err
		}
		dialer := tls.Dialer{NetDialer: &net.Dialer{Timeout: connectTimeout}, Config: config}
		return dialer.DialContext(ctx, network, address)
	}, nil
}
