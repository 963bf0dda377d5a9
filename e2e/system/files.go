package system

import (
	"fmt"
	"os"
	"path/filepath"
)

// fleet is the fleet file of a system: one host, the edge on it, two
// registries, one project.
func (s *System) fleet() string {
	return fmt.Sprintf(`
hosts:
  - {name: h1, docker: %q, address: 127.0.0.1, ports: 20000-20999, labels: {role: web}}
edges:
  - {name: e1, admin: %q, on: h1, hosts: [h1]}
registries:
  - {name: internal, role: source, url: %q}
  - {name: production, role: production, url: %q}
roles: {admin: [ops-lead]}
projects:
  - name: %[6]s
    hosts: {labels: {role: web}}
    roles: {releaser: [search-dev], approver: [search-lead], operator: [ops], viewer: [everyone]}
    routes: ["*.example.com"]
directory:
  users:
    - {name: ann, password_bcrypt: %[5]q, groups: [search-dev]}
    - {name: bob, password_bcrypt: %[5]q, groups: [search-lead]}
    - {name: olga, password_bcrypt: %[5]q, groups: [ops-lead]}
    - {name: eve, password_bcrypt: %[5]q, groups: []}
`, s.docker, "unix://"+filepath.Join(s.Dir, "edge.sock"), s.Source.URL(), s.Production.URL(), passwordBcrypt, s.options.Project)
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
