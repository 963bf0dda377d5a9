package e2e

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway"
	"slipway/e2e/lab"
	"slipway/e2e/system"
)

// doomed is a release to a host whose Docker Engine does not answer.
type doomed struct{ fault, id string }

// releaseToHostsThatAreAway gives the fleet more hosts, while it runs, and
// releases something to each.
func releaseToHostsThatAreAway(t *testing.T, s *system.System) []doomed {
	t.Helper()
	hung, err := lab.SocketProxy(t.TempDir(), "hung.sock", s.Engine.Socket())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hung.Close() })
	hung.Arm(lab.Fault{Match: func(*http.Request) bool { return true }, Do: lab.Hung})
	hosts := []struct{ name, fault, socket string }{
		{"missing", "Docker socket missing", filepath.Join(t.TempDir(), "docker.sock")},
		{"refusing", "Docker socket refuses connections", refusing(t)},
		{"hung", "Docker Engine hung", hung.Address()},
	}
	before, err := os.ReadFile(s.FleetFile())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { writeFleet(t, s, string(before)) })
	lines, names := "", ""
	for _, h := range hosts {
		lines += "  - {name: " + h.name + ", docker: \"unix://" + h.socket + "\", address: 127.0.0.1, ports: 21000-21099, labels: {role: " + h.name + "}}\n"
		names += ", " + h.name
	}
	fleet := strings.Replace(string(before), "edges:\n", lines+"edges:\n", 1)
	fleet = strings.Replace(fleet, "hosts: [h1]", "hosts: [h1"+names+"]", 1)
	fleet = strings.Replace(fleet, "projects:\n", "projects:\n  - {name: away, roles: {releaser: [search-dev]}, routes: [\"*.away.example\"]}\n", 1)
	writeFleet(t, s, fleet)

	var out []doomed
	for _, h := range hosts {
		file := service(t, s, h.name, "hosts: {labels: {role: "+h.name+"}}\n")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		moved := strings.NewReplacer("project: search", "project: away", ".example.com", ".away.example").Replace(string(text))
		if err := os.WriteFile(file, []byte(moved), 0o600); err != nil {
			t.Fatal(err)
		}
		push(t, s, h.name, "v1")
		var id string
		eventually(t, func() error { // the fleet file is taken over within seconds
			result, err := s.CLI(t.Context(), "ann", "release", "-f", file, "--tag", "v1", "-o", "json")
			if err != nil || result.Status != 0 {
				return slipway.Errorf(slipway.CodeUnavailable, "release to %s: %v: %s", h.name, err, result.Stderr)
			}
			id = decode[slipway.Release](t, result.Stdout).ID
			return nil
		})
		out = append(out, doomed{h.fault, id})
	}
	return out
}

// refusing is a socket that nobody listens on any more.
func refusing(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "docker.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func writeFleet(t *testing.T, s *system.System, text string) {
	t.Helper()
	if err := os.WriteFile(s.FleetFile(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
