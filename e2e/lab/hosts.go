package lab

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"slipway"
)

// Hosts are Docker hosts on a network of their own. Each has an address, a
// Docker Engine that answers on a socket and over TCP with mutual TLS, and, if
// asked for, an edge. The machine reaches them at their addresses, and is
// reached by them at Address.
type Hosts struct {
	All    []*Host     // h1, h2, …
	Client slipway.TLS // that their engines and edges accept

	slot      *slot
	network   network
	authority *authority
	ssh       slipway.SSH // that their SSH servers accept
}

// HostsOptions say how hosts are made.
type HostsOptions struct {
	Count int    // 1 to 200
	Disk  int64  // bytes of a disk of its own for what each engine keeps; 0: the machine's
	Edge  string // path of slipway-edge; empty: no edges
	SSH   bool   // with an SSH server on each
}

// StartHosts makes hosts, and returns when all of them answer. Close removes
// them. It needs root, and the Debian packages docker.io, iproute2, iptables
// and util-linux.
func StartHosts(ctx context.Context, options HostsOptions) (_ *Hosts, err error) {
	if options.Count < 1 || options.Count > 200 {
		return nil, fmt.Errorf("a lab of %d hosts: from 1 to 200 fit on its network", options.Count)
	}
	if err := need(map[string]string{
		"dockerd": "docker.io", "containerd": "containerd", "ip": "iproute2", "iptables": "iptables", "nsenter": "util-linux", "mkfs.ext4": "e2fsprogs",
	}); err != nil {
		return nil, err
	}
	s, err := takeSlot("hosts")
	if err != nil {
		return nil, fmt.Errorf("prepare a place for hosts: %w", err)
	}
	h := &Hosts{slot: s, network: s.network()}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	if err := h.network.make(); err != nil {
		return nil, fmt.Errorf("make the network of the hosts: %w", err)
	}
	if h.authority, err = newAuthority(s.dir); err != nil {
		return nil, err
	}
	if h.Client, err = h.authority.issue("client"); err != nil {
		return nil, err
	}
	if options.SSH {
		if h.ssh, err = newSSHClient(s.dir); err != nil {
			return nil, err
		}
	}
	for n := 1; n <= options.Count; n++ {
		host, err := h.newHost(n, options)
		if err != nil {
			return nil, fmt.Errorf("prepare host h%d: %w", n, err)
		}
		h.All = append(h.All, host)
	}
	return h, h.each(func(host *Host) error { return host.PowerOn(ctx) })
}

// Address is the machine's own on the network of the hosts.
func (h *Hosts) Address() string { return h.network.machine() }

// Dir is a directory that goes with the hosts.
func (h *Hosts) Dir() string { return h.slot.dir }

// StartRegistry starts a registry that the machine and the hosts reach at
// Address. Close ends it.
func (h *Hosts) StartRegistry(ctx context.Context) (*Registry, error) {
	return startRegistry(ctx, h.Address())
}

// Certify writes a certificate of the lab's authority for the addresses.
func (h *Hosts) Certify(name string, addresses ...string) (slipway.TLS, error) {
	return h.authority.issue(name, addresses...)
}

// Close ends the hosts with all that runs on them, and removes what they left.
func (h *Hosts) Close() error {
	for _, host := range h.All {
		_ = host.Resume() // a process that is stopped does not end
	}
	_ = h.each(func(host *Host) error {
		host.RemoveContainers()
		return nil
	})
	return errors.Join(h.each((*Host).PowerOff), h.slot.release())
}

// each does something on all hosts at the same time.
func (h *Hosts) each(do func(*Host) error) error {
	errs := make([]error, len(h.All))
	var all sync.WaitGroup
	for i, host := range h.All {
		all.Go(func() {
			if err := do(host); err != nil {
				errs[i] = fmt.Errorf("host %s: %w", host.Name, err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// FleetYAML is the part of a fleet file that names these hosts, reached that
// way, and their edges. A socket is for a worker on the same host: that is the
// first one, and the others are reached over TCP.
func (h *Hosts) FleetYAML(way Way) string {
	var text strings.Builder
	text.WriteString("hosts:\n")
	for i, host := range h.All {
		if way == Unix && i > 0 {
			way = TCP
		}
		fmt.Fprintf(&text, "  - %s\n", host.YAML(way))
	}
	for i, host := range h.All {
		if host.Edge == nil {
			continue
		}
		if i == 0 {
			text.WriteString("edges:\n")
		}
		fmt.Fprintf(&text, "  - {name: e%d, admin: %q, tls: %s, on: %s}\n", host.number, host.EdgeAdmin(), flow(h.Client), host.Name)
	}
	return text.String()
}

func flow(files slipway.TLS) string {
	return fmt.Sprintf("{ca: %q, cert: %q, key: %q}", files.CA, files.Cert, files.Key)
}

func (h *Hosts) dir(name string) string { return filepath.Join(h.slot.dir, name) }
