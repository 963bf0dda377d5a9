package system

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"slipway/e2e/lab"
)

// A Site is a host beside the first one: a Docker Engine with an edge of its
// own, which sends its traffic there.
type Site struct {
	Host, Address string
	EdgeName      string
	Engine        *lab.Engine
	Edge          *Process
	EdgeURL       string
	admin         string
}

// addSite makes host and edge number n, and does not start the edge yet.
func (s *System) addSite(ctx context.Context, n int) error {
	engine, err := lab.StartEngine(ctx)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, engine)
	addresses, err := freeAddresses(1)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("e%d", n)
	site := &Site{
		Host: fmt.Sprintf("h%d", n), Address: fmt.Sprintf("127.0.0.%d", n), EdgeName: name,
		Engine: engine, EdgeURL: "http://" + addresses[0], admin: "unix:" + filepath.Join(s.Dir, name+".sock"),
	}
	site.Edge = s.process("slipway-edge", "--data", filepath.Join(s.Dir, name), "--http", addresses[0], "--admin", site.admin)
	site.Edge.Ready = func(ctx context.Context) error { return dial(ctx, "unix", strings.TrimPrefix(site.admin, "unix:")) }
	s.Sites = append(s.Sites, site)
	return nil
}

// siteLines are the sites as the fleet file has them, hosts and edges.
func (s *System) siteLines() (hosts, edges string) {
	for _, site := range s.Sites {
		hosts += fmt.Sprintf("  - {name: %s, docker: %q, address: %s, ports: 20000-20999, labels: {role: web}}\n", site.Host, site.Engine.Host(), site.Address)
		edges += fmt.Sprintf("  - {name: %s, admin: %q, on: %s, hosts: [%[3]s]}\n", site.EdgeName, strings.Replace(site.admin, "unix:", "unix://", 1), site.Host)
	}
	return hosts, edges
}
