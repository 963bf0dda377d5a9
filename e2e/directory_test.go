package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	ldapclient "github.com/go-ldap/ldap/v3"

	"slipway"
	"slipway/drivers/ldap/slapdtest"
	"slipway/e2e/system"
)

// direct adds a directory to the fleet of a system, until the test ends.
func direct(t *testing.T, s *system.System, server *slapdtest.Server) {
	t.Helper()
	before, err := os.ReadFile(s.FleetFile())
	if err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "ldap-password")
	section := fmt.Sprintf(`  ldap:
    urls: [%q]
    ca: %q
    bind_dn: %q
    bind_password: {secret: "file://%s"}
    user: {base_dn: "ou=people,%[5]s"}
    group: {base_dn: "ou=groups,%[5]s"}
`, server.SecureURL, server.CA, slapdtest.Account, secret, slapdtest.Suffix)
	if err := errors.Join(os.WriteFile(secret, []byte(slapdtest.Password), 0o600), os.WriteFile(s.FleetFile(), append(before, section...), 0o600)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.WriteFile(s.FleetFile(), before, 0o600) })
}

// withToken runs a command with a token in the environment.
func withToken(t *testing.T, s *system.System, token string, status int, args ...string) string {
	t.Helper()
	cmd := s.Command(t.Context(), "machine", args...)
	cmd.Env = append(cmd.Env, "SLIPWAY_TOKEN="+token)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != status {
		t.Fatalf("slipway %s: exit status %d, want %d\n%s%s", strings.Join(args, " "), got, status, out, &stderr)
	}
	return string(out) + stderr.String()
}

// A whole day with a directory: a machine releases, and its maker is not the
// one who approves; who leaves the group meanwhile does not either.
func TestPeopleOfTheDirectoryAndTheirMachines(t *testing.T) {
	s := start(t)
	server := slapdtest.Start(t, slapdtest.Person("rita")+slapdtest.Person("abel")+
		slapdtest.Group("search-dev", slapdtest.PersonDN("rita"))+
		slapdtest.Group("search-lead", slapdtest.PersonDN("rita"), slapdtest.PersonDN("abel")))
	direct(t, s, server)
	eventually(t, func() error { return s.SignIn(t.Context(), "rita") })
	file := service(t, s, "directory", gated)
	push(t, s, "directory", "v1")

	secret := strings.TrimSpace(as(t, s, "rita", 0, "token", "create", "--project", "search", "--role", "releaser", "--expires", "30d", "--name", "ci").Stdout)
	id := decode[slipway.Release](t, onlyJSON(withToken(t, s, secret, 0, "release", "-f", file, "--tag", "v1", "-o", "json"))).ID
	if r := await(t, s, id, slipway.AwaitingApproval); r.RequestedBy != "token:ci of rita" {
		t.Errorf("asked for by %q", r.RequestedBy)
	}
	withToken(t, s, secret, 4, "approve", id)
	if no := as(t, s, "rita", 4, "approve", id); !strings.Contains(no.Stderr, "rita asked for "+id) && !strings.Contains(no.Stderr, "cannot decide on it") {
		t.Errorf("the maker of the token was told %q", no.Stderr)
	}
	members := func(names ...string) {
		server.Change(t, func(c *ldapclient.Conn) error {
			m := ldapclient.NewModifyRequest(slapdtest.GroupDN("search-lead"), nil)
			m.Replace("member", slices.Collect(func(yield func(string) bool) {
				for _, name := range names {
					yield(slapdtest.PersonDN(name))
				}
			}))
			return c.Modify(m)
		})
	}
	if err := s.SignIn(t.Context(), "abel"); err != nil {
		t.Fatal(err)
	}
	members("rita")
	if result, err := s.CLI(t.Context(), "abel", "approve", id); err != nil || result.Status == 0 {
		t.Errorf("abel has left the group and approved: %v %s", err, result.Stdout)
	}
	members("rita", "abel")
	if err := s.SignIn(t.Context(), "abel"); err != nil { // who comes back is not asked for at each request
		t.Fatal(err)
	}
	as(t, s, "abel", 0, "approve", id)
	await(t, s, id, slipway.Holding)

	kept := token(t, s, "abel")
	withToken(t, s, kept, 0, "services")
	if result, err := s.CLI(t.Context(), "abel", "logout"); err != nil || result.Status != 0 {
		t.Fatal(err, result.Stderr)
	}
	withToken(t, s, kept, 4, "services")
	listed := as(t, s, "rita", 0, "token", "list").Stdout
	fields := strings.Fields(strings.Split(listed, "\n")[1])
	second := secondAPI(t, s)
	if got := whoami(t, second, secret); got != http.StatusOK {
		t.Errorf("another API process with the same key answers %d", got)
	}
	as(t, s, "rita", 0, "token", "revoke", fields[0])
	revoked := time.Now()
	withToken(t, s, secret, 4, "services")
	eventually(t, func() error {
		if got := whoami(t, second, secret); got != http.StatusUnauthorized {
			return fmt.Errorf("the other API process answers %d", got)
		}
		return nil
	})
	t.Logf("revoked in the other process, too, after %s", time.Since(revoked).Round(time.Millisecond))
	if took := time.Since(revoked); took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
	record(t, s, "tokens", "tokens")

	if err := s.Standalone.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := s.Standalone.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	withToken(t, s, secret, 4, "services")
	withToken(t, s, kept, 4, "services")
	standingCosts(t, s)
}

// standingCosts says what it costs to ask which tokens are good, which happens
// once a second at most.
func standingCosts(t *testing.T, s *system.System) {
	t.Helper()
	if err := s.SignIn(t.Context(), "rita"); err != nil {
		t.Fatal(err)
	}
	token := token(t, s, "rita")
	var took []time.Duration
	for range 200 {
		begin := time.Now()
		if got := whoami(t, s.URL, token); got != http.StatusOK {
			t.Fatal(got)
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	t.Logf("whoami: median %s, slowest %s", took[100], took[199])
}

// whoami asks an API who has a token, and returns the status of the answer; 0 is
// none.
func whoami(t *testing.T, at, token string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at+"/api/v1/whoami", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

// secondAPI is another API process beside the standalone, on the same Temporal
// and with the same key.
func secondAPI(t *testing.T, s *system.System) (url string) {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(s.Dir, "standalone", "session.key"))
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "session.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	cmd := exec.CommandContext(t.Context(), s.Bin("slipway"), "api", "--fleet", s.FleetFile(), "--data", data, "--listen", address)
	cmd.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+s.Temporal)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	url = "http://" + address
	eventually(t, func() error {
		if whoami(t, url, "none") == 0 {
			return errors.New("the other API process does not answer")
		}
		return nil
	})
	return url
}

// onlyJSON is the line of an output that is JSON.
func onlyJSON(output string) string {
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "{") {
			return line
		}
	}
	return output
}
