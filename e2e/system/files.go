package system

import (
	"fmt"
	"os"
	"path/filepath"
)

// fleet is the fleet file of a system: one host with the edge on it, or those of
// the lab, two registries, one project.
func (s *System) fleet() string {
	at := s.addresses()
	hosts := fmt.Sprintf(`
hosts:
  - {name: h1, docker: %q, address: 127.0.0.1, ports: 20000-20999, labels: {role: web}}
edges:
  - {name: e1, admin: %q, on: h1, hosts: [h1]}
`, at.docker, at.edge)
	if s.Hosts != nil {
		hosts = s.Hosts.FleetYAML(s.options.Way)
	}
	return hosts + fmt.Sprintf(`registries:
  - {name: internal, role: source, url: %q}
  - {name: production, role: production, url: %q}
roles: {admin: [ops-lead]}
projects:
  - name: %[4]s
    hosts: {labels: {role: web}}
    roles: {releaser: [search-dev], approver: [search-lead], operator: [ops], viewer: [everyone]}
    routes: ["*.example.com"]
    allow: {volumes: ["%[5]s/data/**"], cap_add: [NET_BIND_SERVICE], devices: [/dev/null], secrets: ["env://SEARCH_*", "file://%[5]s/secrets/*"], ports: [%[6]d/tcp]}
%[7]sdirectory:
  users:
    - {name: ann, password_bcrypt: %[3]q, groups: [search-dev]}
    - {name: bob, password_bcrypt: %[3]q, groups: [search-lead]}
    - {name: olga, password_bcrypt: %[3]q, groups: [ops-lead]}
    - {name: eve, password_bcrypt: %[3]q, groups: []}
`, at.source, at.production, PasswordBcrypt, s.options.Project, s.Dir, s.FixedPort, s.options.Projects)
}

// The secrets that the worker of every system knows, as services ask for them.
const (
	SecretVariable = "SEARCH_PASSWORD" // "env://SEARCH_PASSWORD"
	SecretInEnv    = "correct-battery-4711"
	SecretInFile   = "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA\"staple\"\n-----END KEY-----"
)

// SecretFile is the path of the file that holds SecretInFile.
func (s *System) SecretFile() string { return filepath.Join(s.Dir, "secrets", "key") }

// files writes what the fleet file speaks of.
func (s *System) files() error {
	for _, dir := range []string{"data", "secrets"} {
		if err := os.Mkdir(filepath.Join(s.Dir, dir), 0o700); err != nil {
			return err
		}
	}
	if err := os.WriteFile(s.SecretFile(), []byte(SecretInFile+"\n"), 0o600); err != nil {
		return err
	}
	return os.WriteFile(s.FleetFile(), []byte(s.fleet()), 0o600)
}

// Service writes a service file for the named service of the project, with
// more lines of its own, and returns its path.
func (s *System) Service(name, more string) (string, error) {
	path := filepath.Join(s.Dir, name+".yaml")
	text := fmt.Sprintf(`project: %s
service: %s
image: search/%[2]s
container: {port: 8080}
route: {host: %[2]s.example.com}
healthcheck: {path: /healthz}
%s`, s.options.Project, name, more)
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// Host is the host name that the edge routes to the named service.
func Host(name string) string { return name + ".example.com" }
