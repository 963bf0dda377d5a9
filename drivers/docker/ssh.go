package docker

import (
	"fmt"
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

// sshFailed is what to tell of an error of an ssh connection. The helper ends
// such errors with what ssh, or the command at the other end, has said.
func sshFailed(err error) (slipway.Code, string, bool) {
	text := err.Error()
	if !strings.Contains(text, "command [ssh ") {
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
