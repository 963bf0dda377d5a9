package docker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"slipway"
)

// sshFlags keep ssh from asking a person, from trusting whom it does not know,
// and from waiting on a host that is gone. Everything else is as the ssh of
// whoever runs Slipway is configured.
func sshFlags(files *slipway.SSH) []string {
	flags := []string{
		"-oBatchMode=yes", "-oStrictHostKeyChecking=yes",
		fmt.Sprintf("-oConnectTimeout=%d", int(connectTimeout.Seconds())), "-oServerAliveInterval=5", "-oServerAliveCountMax=3",
	}
	if files != nil {
		flags = append(flags, "-oIdentitiesOnly=yes", "-oIdentityFile="+files.Key, "-oUserKnownHostsFile="+files.KnownHosts, "-oGlobalKnownHostsFile=/dev/null")
	}
	return flags
}

// overSSH is the dialler with errors that arrive. Docker's client throws away
// those that seem to be about an address of its own, and names that instead; it
// goes by these words.
func overSSH(dial dialler) dialler {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return sshConn{conn}, nil
	}
}

type sshConn struct{ net.Conn }

func (c sshConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil && strings.Contains(err.Error(), sshCommand) {
		err = errors.New(strings.NewReplacer("dial unix ", "dial ", "connection refused", "refused").Replace(err.Error()))
	}
	return n, err
}

// sshCommand begins what the helper says of a command that has failed.
const sshCommand = "command [ssh "

// sshFailed is what to tell of an error of an ssh connection. The helper ends
// such errors with what ssh, or the command at the other end, has said.
func sshFailed(err error) (slipway.Code, string, bool) {
	text := err.Error()
	if !strings.Contains(text, sshCommand) {
		return "", "", false
	}
	_, said, _ := strings.Cut(text, "stderr=")
	said = strings.Join(strings.Fields(said), " ")
	for _, known := range []struct {
		code       slipway.Code
		sign, tell string
	}{
		{slipway.CodeForbidden, "Host key verification failed", "its SSH host key is not the one in known_hosts: compare it on the host itself, then put it there"},
		{slipway.CodeForbidden, "Permission denied (", "SSH does not let Slipway in: put its public key into the authorized_keys of that user"},
		{slipway.CodeForbidden, "permission denied while trying to connect", "the SSH user may not use the Docker Engine there: add it to the group docker"},
		{slipway.CodeInvalid, "docker: command not found", "there is no docker command there, which carries the connection: install the Docker CLI on the host"},
		{slipway.CodeInvalid, "docker: not found", "there is no docker command there, which carries the connection: install the Docker CLI on the host"},
	} {
		if strings.Contains(said, known.sign) {
			return known.code, known.tell, true
		}
	}
	if said == "" {
		said = "the SSH connection ended"
	}
	return slipway.CodeUnavailable, "the Docker Engine is not reachable over SSH: " + said, true
}
