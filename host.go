package slipway

import (
	"slices"
	"strings"
)

// A Fleet is what there is to release onto: the content of a fleet.yaml.
// Operators write it; it names where credentials are, and holds none.
type Fleet struct {
	Hosts      []Host            `json:"hosts"`
	Edges      []Edge            `json:"edges"`
	Registries []Registry        `json:"registries"`
	Roles      map[Role][]string `json:"roles,omitempty"` // role for the whole fleet → groups that have it
	Projects   []Project         `json:"projects"`
	Profiles   []Profile         `json:"profiles,omitempty"`
	Directory  Directory         `json:"directory,omitzero"`
	Signing    Signing           `json:"signing,omitzero"`
	Copies     []AuditCopy       `json:"audit_copies,omitempty"`
	Windows    []Window          `json:"windows,omitempty"`  // when releases may switch; none that concerns one: always
	Freezes    []Window          `json:"freezes,omitempty"`  // when they may not
	Holidays   []HolidayList     `json:"holidays,omitempty"` // that windows and freezes name
	Hash       string            `json:"hash,omitempty"`     // SHA-256 of the file it was read from, in hexadecimal
}

// A Host is one Docker Engine.
type Host struct {
	Name    string            `json:"name"`
	Docker  string            `json:"docker,omitempty"` // unix:///path, tcp://host:port or ssh://user@host; empty with Agent
	TLS     *TLS              `json:"tls,omitempty"`
	SSH     *SSH              `json:"ssh,omitempty"`
	Agent   bool              `json:"agent,omitempty"` // a worker on the host itself polls host/<name>
	Address string            `json:"address"`         // the IP address that edges elsewhere reach its containers at
	Ports   PortRange         `json:"ports"`           // host ports that Slipway may bind on Address
	Labels  map[string]string `json:"labels,omitempty"`
	Profile string            `json:"profile,omitempty"` // name of what it is pinned to; empty: nothing
}

// Remote reports whether who works on the host is on another machine: not its
// agent, and not a worker that reaches its Docker Engine by a socket.
func (h Host) Remote() bool {
	return strings.HasPrefix(h.Docker, "tcp://") || strings.HasPrefix(h.Docker, "ssh://")
}

// Way is how the host is reached: unix, tcp, ssh or agent.
func (h Host) Way() string {
	if h.Agent {
		return "agent"
	}
	way, _, _ := strings.Cut(h.Docker, "://")
	return way
}

// An Edge is a reverse proxy that holds the routes of services.
type Edge struct {
	Name  string   `json:"name"`
	Admin string   `json:"admin"` // unix:///path or https://host:port
	TLS   *TLS     `json:"tls,omitempty"`
	On    string   `json:"on,omitempty"`    // the host whose bridge network it can reach; empty: none
	Hosts []string `json:"hosts,omitempty"` // whose containers it sends traffic to; empty: only On, or every host without On
}

// Serves reports whether the edge sends traffic to the named host.
func (e Edge) Serves(host string) bool {
	if len(e.Hosts) == 0 {
		return e.On == "" || e.On == host
	}
	return slices.Contains(e.Hosts, host)
}

// TLS names the files of a mutual TLS connection.
type TLS struct {
	CA   string `json:"ca"`
	Cert string `json:"cert"`
	Key  string `json:"key"`
}

// SSH names the files of a connection over SSH. Without them, ssh finds its own.
type SSH struct {
	Key        string `json:"key"`         // the private key
	KnownHosts string `json:"known_hosts"` // the hosts that are trusted, and no others
}

// A Registry holds images.
type Registry struct {
	Name        string         `json:"name"`
	Roles       []RegistryRole `json:"roles"`
	Kind        string         `json:"kind"`               // oci or harbor
	URL         string         `json:"url"`                // http://host:port or https://host[:port]
	PullURL     string         `json:"pull_url,omitempty"` // what hosts use, if it differs from URL
	Credentials *Credentials   `json:"credentials,omitempty"`
}

// Credentials sign in to a registry. The password is a reference to a secret.
type Credentials struct {
	Username string `json:"username"`
	Password Value  `json:"password"`
}

// A RegistryRole says what a registry is for.
type RegistryRole string

// The roles. One registry may have both: then nothing is copied.
const (
	SourceRegistry     RegistryRole = "source"     // developers push there
	ProductionRegistry RegistryRole = "production" // hosts pull from there
)

// Has reports whether the registry has the role.
func (r Registry) Has(role RegistryRole) bool {
	return slices.Contains(r.Roles, role)
}

// A Project is a business line: a tenant, with its people, its hosts, and what
// its services may ask of a host.
type Project struct {
	Name   string            `json:"name"`
	Hosts  Selector          `json:"hosts,omitzero"`
	Roles  map[Role][]string `json:"roles,omitempty"`  // role → groups that have it
	Routes []string          `json:"routes,omitempty"` // host names its services may claim: exact, or "*.example.com"; empty: any that no other project lists
	Allow  Allow             `json:"allow,omitzero"`
	Quotas Quotas            `json:"quotas,omitzero"`
}

// Allow lists what the services of a project may ask of a host. What is not
// listed is denied.
type Allow struct {
	Volumes []string `json:"volumes,omitempty"` // host directories: exact, or "/data/search/**" for all below; named volumes: exact
	CapAdd  []string `json:"cap_add,omitempty"`
	Devices []string `json:"devices,omitempty"`
	Secrets []string `json:"secrets,omitempty"` // references: exact, or with a trailing "*"
	Ports   []string `json:"ports,omitempty"`   // of a host: "8125/udp"
}

// A Directory knows people: those named in the fleet file, and those that it
// says where to look for.
type Directory struct {
	Users []User `json:"users,omitempty"`
	LDAP  *LDAP  `json:"ldap,omitempty"`
}

// Host finds a host by name.
func (f *Fleet) Host(name string) (Host, bool) {
	for _, h := range f.Hosts {
		if h.Name == name {
			return h, true
		}
	}
	return Host{}, false
}

// Edge finds an edge by name.
func (f *Fleet) Edge(name string) (Edge, bool) {
	for _, e := range f.Edges {
		if e.Name == name {
			return e, true
		}
	}
	return Edge{}, false
}

// Registry finds a registry by name.
func (f *Fleet) Registry(name string) (Registry, bool) {
	for _, r := range f.Registries {
		if r.Name == name {
			return r, true
		}
	}
	return Registry{}, false
}

// RegistryFor finds the first registry that has the role.
func (f *Fleet) RegistryFor(role RegistryRole) (Registry, bool) {
	for _, r := range f.Registries {
		if r.Has(role) {
			return r, true
		}
	}
	return Registry{}, false
}

// Profile finds a profile by name.
func (f *Fleet) Profile(name string) (Profile, bool) {
	for _, p := range f.Profiles {
		if p.Name == name {
			return p, true
		}
	}
	return Profile{}, false
}

// Project finds a project by name.
func (f *Fleet) Project(name string) (Project, bool) {
	for _, p := range f.Projects {
		if p.Name == name {
			return p, true
		}
	}
	return Project{}, false
}
