package lab

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strconv"

	"slipway"
)

// A Way is how Slipway reaches a Docker Engine.
type Way string

// The ways.
const (
	Unix  Way = "unix"  // a socket, for a worker on the same machine
	TCP   Way = "tcp"   // with mutual TLS
	SSH   Way = "ssh"   // as root, by key; takes the packages openssh-server and openssh-client
	Agent Way = "agent" // a worker on the host
)

// Ways are all of them.
var Ways = []Way{Unix, TCP, SSH, Agent}

// Ports on which engines answer.
const (
	dockerPort = 2376
	sshPort    = 2222 // 22 may be the machine's own, on every address
)

// reach prepares a way to the engine, before it starts, at an address of its
// own. The engine of a Host has them all; here there is one, on loopback.
func (e *Engine) reach(ctx context.Context, way Way) error {
	address := fmt.Sprintf("127.213.%d.1", e.slot.number)
	e.reached = slipway.Host{Name: "h1", Docker: e.Host(), Address: "127.0.0.1"}
	switch way {
	case "", Unix:
		return nil
	case Agent:
	case TCP:
		authority, err := newAuthority(e.slot.dir)
		if err != nil {
			return err
		}
		server, err := authority.issue("server", address)
		if err != nil {
			return err
		}
		client, err := authority.issue("client")
		if err != nil {
			return err
		}
		e.flags = append(e.flags, overTCP(address, server)...)
		e.reached.Docker, e.reached.TLS = "tcp://"+net.JoinHostPort(address, strconv.Itoa(dockerPort)), &client
		return nil
	case SSH:
		client, err := newSSHClient(e.slot.dir)
		if err != nil {
			return err
		}
		command, err := sshServer{dir: e.slot.dir, address: address, port: sshPort, docker: e.Host(), client: client}.prepare()
		if err != nil {
			return err
		}
		e.sshd = &Program{Name: "sshd", Command: command, LogFile: filepath.Join(e.slot.dir, "sshd.log"), Ready: listens(address, sshPort)}
		e.reached.Docker, e.reached.SSH = fmt.Sprintf("ssh://root@%s:%d", address, sshPort), &client
		return e.sshd.Start(ctx)
	}
	return fmt.Errorf("an engine on this machine is not reached by %q", way)
}

// overTCP are the flags of a dockerd that answers over TCP, too.
func overTCP(address string, files slipway.TLS) []string {
	return []string{
		"--host=tcp://" + net.JoinHostPort(address, strconv.Itoa(dockerPort)),
		"--tlsverify", "--tlscacert=" + files.CA, "--tlscert=" + files.Cert, "--tlskey=" + files.Key,
	}
}

// listens reports whether something does there.
func listens(address string, port int) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(address, strconv.Itoa(port)))
		if err != nil {
			return err
		}
		return conn.Close()
	}
}
