package lab

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"slipway"
)

// An sshServer is what an SSH server is made of. It lets in root, by one key,
// and has one Docker Engine.
type sshServer struct {
	dir     string // of what it keeps
	address string
	port    int
	docker  string // "unix:///path"
	client  slipway.SSH
}

const sshdConfig = `ListenAddress %s
HostKey %s
AuthorizedKeysFile %s
AuthenticationMethods publickey
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PidFile none
SetEnv DOCKER_HOST=%s
`

// prepare writes the server's files, and makes it known to the client. It
// returns the command line that runs it.
func (s sshServer) prepare() ([]string, error) {
	key, config := filepath.Join(s.dir, "ssh_host_key"), filepath.Join(s.dir, "sshd_config")
	if err := keygen(key); err != nil {
		return nil, err
	}
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf(sshdConfig, net.JoinHostPort(s.address, strconv.Itoa(s.port)), key, s.client.Key+".pub", s.docker)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	known, err := os.OpenFile(s.client.KnownHosts, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(known, "[%s]:%d %s\n", s.address, s.port, strings.TrimSpace(string(public)))
	return []string{"/usr/sbin/sshd", "-D", "-e", "-f", config}, errors.Join(err, known.Close())
}

// newSSHClient makes the key that the servers of a directory let in.
func newSSHClient(dir string) (slipway.SSH, error) {
	client := slipway.SSH{Key: filepath.Join(dir, "ssh_key"), KnownHosts: filepath.Join(dir, "known_hosts")}
	if err := need(map[string]string{"sshd": "openssh-server", "ssh": "openssh-client", "docker": "docker.io or docker-cli"}); err != nil {
		return client, err
	}
	// Where sshd keeps what is not for its unprivileged part. Its service makes
	// it, and need not run.
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		return client, err
	}
	return client, keygen(client.Key)
}

func keygen(file string) error { return run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file) }
