package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway"
	"slipway/e2e/system"
)

// demand is a service file that asks for something more in its container.
func demand(t *testing.T, s *system.System, name, asked, more string) string {
	t.Helper()
	path := service(t, s, name, more)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	demanding := strings.Replace(string(text), "{port: 8080}", "{port: 8080, "+asked+"}", 1)
	if err := os.WriteFile(path, []byte(demanding), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestServiceFilesThatTryToTakeOverTheHostAreRefusedByTheCommandAndByTheAPI(t *testing.T) {
	t.Parallel()
	s := start(t)
	push(t, s, "hostile", "v1")
	for _, test := range []struct{ asks, field, rule string }{
		{"privileged: true", "container.privileged", "reaches into the host"},
		{"pid: host", "container.pid", "reaches into the host"},
		{"ipc: host", "container.ipc", "reaches into the host"},
		{"network_mode: host", "container.network_mode", "Slipway keeps the network"},
		{"userns_mode: host", "container.userns_mode", "reaches into the host"},
		{`security_opt: ["apparmor:unconfined"]`, "container.security_opt", "reaches into the host"},
		{"group_add: [docker]", "container.group_add", "reaches into the host"},
		{`volumes: ["/var/run/docker.sock:/s"]`, "container.volumes", "no rule of the fleet file opens it"},
		{`volumes: ["` + s.Engine.Socket() + `:/s:ro"]`, "container.volumes", "no rule of the fleet file opens it"},
		{`volumes: ["` + s.Dir + `:/s"]`, "container.volumes", "edge.sock, which rules what Slipway runs"},
		{`volumes: ["/:/host"]`, "container.volumes", "no rule of the fleet file opens it"},
		{`volumes: ["` + s.Dir + `/data/../secrets:/s"]`, "container.volumes[0]", "is not the shortest form"},
		{`volumes: ["` + s.Dir + `/secrets:/s"]`, "container.volumes", "allow.volumes of project"},
		{`volumes: ["/etc:/e"]`, "container.volumes", "allow.volumes of project"},
		{`volumes: ["shop-db:/d"]`, "container.volumes", "allow.volumes of project"},
		{"cap_add: [SYS_ADMIN]", "container.cap_add", "allow.cap_add of project"},
		{"devices: [/dev/mem]", "container.devices", "allow.devices of project"},
		{`environment: {A: {secret: "env://PATH"}}`, "container.environment.A", "allow.secrets of project"},
		{`environment: {A: {secret: "file:///etc/shadow"}}`, "container.environment.A", "allow.secrets of project"},
		{"labels: {slipway.project: shop}", "container.labels.slipway.project", "set by Slipway"},
	} {
		t.Run(test.asks, func(t *testing.T) {
			file := demand(t, s, "hostile", test.asks, "")
			result, err := s.CLI(t.Context(), "ann", "release", "-f", file, "--tag", "v1")
			if err != nil {
				t.Fatal(err)
			}
			if result.Status != 2 && result.Status != 4 {
				t.Errorf("exit status %d", result.Status)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for who, said := range map[string]string{"the command": result.Stderr, "the API": post(t, s, "ann", string(text), "v1")} {
				for _, want := range []string{test.field, test.rule} {
					if !strings.Contains(said, want) {
						t.Errorf("%s says %q, without %q", who, said, want)
					}
				}
			}
		})
	}
	wantContainers(t, s, "hostile")
}

// A symbolic link says nothing in a service file. It is followed where the
// container is about to be started.
func TestASymbolicLinkOutOfWhatIsAllowedIsRefusedWhereItWouldTakeEffect(t *testing.T) {
	t.Parallel()
	s := start(t)
	push(t, s, "linked", "v1")
	for link, to := range map[string]string{"out": "/etc", "own": filepath.Join(s.Dir, "standalone")} {
		if err := os.Symlink(to, filepath.Join(s.Dir, "data", link)); err != nil {
			t.Fatal(err)
		}
		file := demand(t, s, "linked", fmt.Sprintf(`volumes: ["%s/data/%s:/x"]`, s.Dir, link), "")
		refused := release(t, s, file, "v1", 3)
		if *refused.Outcome != slipway.RolledBack || !strings.Contains(refused.Reason, "is not allowed") || !strings.Contains(refused.Reason, "container.volumes") {
			t.Errorf("outcome %s, reason %q", *refused.Outcome, refused.Reason)
		}
	}
	wantContainers(t, s, "linked")
}

func TestWhatTheProjectMayAskIsGiven(t *testing.T) {
	t.Parallel()
	s := start(t)
	push(t, s, "allowed", "v1")
	if err := os.Mkdir(filepath.Join(s.Dir, "data", "allowed"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := demand(t, s, "allowed", fmt.Sprintf(`volumes: ["%s/data/allowed:/data:ro"], cap_add: [NET_BIND_SERVICE], devices: ["/dev/null:/dev/fuse:r"], environment: {PASSWORD: {secret: "env://%s"}}`,
		s.Dir, system.SecretVariable), "")
	first := release(t, s, file, "v1", 0)
	wantContainers(t, s, "allowed", first.ID)
}

// post sends a service file straight to the API, and returns what it says.
func post(t *testing.T, s *system.System, user, file, tag string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"service_file": file, "tag": tag})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v1/releases", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token(t, s, user))
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusBadRequest && resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("status %s: %s", resp.Status, said)
	}
	return decode[struct{ Detail string }](t, string(said)).Detail
}

// token is what somebody who is signed in sends to the API.
func token(t *testing.T, s *system.System, user string) string {
	t.Helper()
	kept, err := s.Token(user)
	if err != nil || kept == "" {
		t.Fatalf("%s is not signed in: %v", user, err)
	}
	return kept
}
