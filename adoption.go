package slipway

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// An Adoption is a container that somebody else started, by hand or by Compose,
// and that serves as release 0 of a service. Slipway never changes it; it may be
// told to stop and remove it when a release has taken its place.
type Adoption struct {
	Host      string `json:"host"`
	Container string `json:"container"`
	Retire    bool   `json:"retire,omitempty"`   // stop and remove it when it is retired; otherwise it is left running, without traffic
	ID        string `json:"id,omitempty"`       // Docker's: another container may take its name
	Upstream  string `json:"upstream,omitempty"` // host:port at which the first edge reaches it
	By        string `json:"by,omitempty"`       // who adopted it
}

// Adopt narrows the plan of a service to the host of a container that is to be
// adopted; an empty host is the only one that there is. All edges stay, because
// all of them must be able to send traffic to it. Errors: CodeInvalid.
func (p Plan) Adopt(a Adoption) (Plan, error) {
	if a.Host == "" && len(p.Hosts) == 1 {
		a.Host = p.Hosts[0].Name
	}
	names := []string{}
	for _, h := range p.Hosts {
		names = append(names, h.Name)
	}
	at := slices.Index(names, a.Host)
	if at < 0 {
		return Plan{}, Errorf(CodeInvalid, "the service runs on %s: say on which of them %s runs, --host NAME", strings.Join(names, ", "), a.Container)
	}
	p.Hosts = p.Hosts[at : at+1]
	p.Edges = slices.Clone(p.Edges)
	for i, e := range p.Edges {
		if !slices.Contains(e.Hosts, a.Host) {
			return Plan{}, Errorf(CodeInvalid, "edge %s holds the route, too, and sends no traffic to host %s: add %s to hosts of the edge in the fleet file, until the first release runs everywhere",
				e.Name, a.Host, a.Host)
		}
		p.Edges[i].Hosts = []string{a.Host}
	}
	return p, nil
}

// A Found is a container that Slipway did not make, as its host reports it.
type Found struct {
	Name        string      `json:"name"`
	ID          string      `json:"id"`
	Image       string      `json:"image"`             // the image ID, "sha256:…"
	Tag         string      `json:"tag"`               // what it was started from: "nginx:1.27"
	Digests     []string    `json:"digests,omitempty"` // of the image, as registries know it: "host/repository@sha256:…"
	Running     bool        `json:"running"`
	Release     string      `json:"release,omitempty"` // that it is labelled with: then it is Slipway's own
	HostNetwork bool        `json:"host_network,omitempty"`
	Addresses   []string    `json:"addresses,omitempty"` // on bridge networks of its host; Docker's choice
	Exposed     []int       `json:"exposed,omitempty"`   // TCP ports
	Published   []Published `json:"published,omitempty"`
	Signature   string      `json:"signature,omitempty"` // a ContainerStatement by the worker that found it
}

// A Published is a TCP port of a host that leads to one of a container.
type Published struct {
	Port     int    `json:"port"` // of the container
	Address  string `json:"address"`
	HostPort int    `json:"host_port"`
}

// Digest is the digest of the image under the repository; failing that, the only
// one that there is; empty where the image is in no registry.
func (f Found) Digest(repository string) string {
	for _, d := range f.Digests {
		name, digest, _ := strings.Cut(d, "@")
		if name == repository || strings.HasSuffix(name, "/"+repository) {
			return digest
		}
	}
	if len(f.Digests) == 1 {
		_, digest, _ := strings.Cut(f.Digests[0], "@")
		return digest
	}
	return ""
}

// Reach is where an edge reaches the container's port, without anything about
// the container being changed: at a port that it publishes on the host's
// address, which stays when the container is restarted; otherwise, for an edge on
// the host, at its address on a bridge network. Ports on loopback are used by
// edges elsewhere only, where the fleet file says so: those of this host would
// depend on docker-proxy, and so on dockerd. Errors: CodeInvalid.
func (f Found) Reach(e PlanEdge, h PlanHost, port int) (string, error) {
	if f.HostNetwork {
		return HostPort(h.Address, port), nil
	}
	address, _ := netip.ParseAddr(h.Address)
	near := e.On == h.Name
	if !near || !address.IsLoopback() {
		for _, p := range f.Published {
			bound, err := netip.ParseAddr(p.Address)
			if p.Port == port && (err != nil || bound.IsUnspecified() || bound == address) {
				return HostPort(h.Address, p.HostPort), nil
			}
		}
	}
	if near && len(f.Addresses) > 0 {
		return HostPort(f.Addresses[0], port), nil
	}
	return "", Errorf(CodeInvalid, "edge %s cannot reach port %d of container %s on host %s: it publishes %s; start it with that port published on %s, as docker run -p %s:8080:%d does",
		e.Name, port, f.Name, h.Name, f.published(), h.Address, h.Address, port)
}

func (f Found) published() string {
	if len(f.Published) == 0 {
		return "no port"
	}
	var out []string
	for _, p := range f.Published {
		out = append(out, fmt.Sprintf("%s for %d", HostPort(p.Address, p.HostPort), p.Port))
	}
	return strings.Join(out, ", ")
}

// Adoptable is why the container cannot be adopted; nil if it can. The error has
// CodeConflict.
func (f Found) Adoptable(host string) error {
	switch {
	case f.Release != "":
		return Errorf(CodeConflict, "container %s on host %s is Slipway's own, of %s: adopt is for containers that somebody else started", f.Name, host, f.Release)
	case !f.Running:
		return Errorf(CodeConflict, "container %s on host %s is not running: start it first (docker start %s); only what serves already is adopted", f.Name, host, f.Name)
	}
	return nil
}
