package lab

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Faults of a host, besides those of its Engine (Kill, Pause, HangContainerd) and of its Edge
// (Kill). Each returns what heals it. A host that is switched off and on again
// is healed of those that are about its network and its processes.

// CutOff pulls the host's cable.
func (h *Host) CutOff() (heal func() error, err error) {
	cable := func(state string) error { return run(strings.Fields(h.Cable(state))...) }
	return func() error { return cable("up") }, cable("down")
}

// Weaken has the host's cable lose that share of all packets, from 0 to 1, each
// way, and carry the others that much later.
func (h *Host) Weaken(loss float64, delay time.Duration) (heal func() error, err error) {
	return h.of.network.weaken(h.Name, loss, delay)
}

// Part drops what one host sends to the other, both ways; from everywhere else
// both are reached.
func (h *Host) Part(from *Host) (heal func() error, err error) {
	rule := func(host, other *Host, do string) error {
		return host.inside.run("iptables", "-w", "-t", "raw", do, "PREROUTING", "-s", other.Address, "-j", "DROP")
	}
	both := func(do string) error { return errors.Join(rule(h, from, do), rule(from, h, do)) }
	return func() error { return both("-D") }, both("-A")
}

// LoseRegistry drops what the host sends to the registry.
func (h *Host) LoseRegistry(r *Registry) (heal func() error, err error) {
	ip, port, err := net.SplitHostPort(r.Address())
	if err != nil {
		return nil, err
	}
	rule := func(do string) error {
		return h.inside.run("iptables", "-w", "-t", "raw", do, "OUTPUT", "-d", ip, "-p", "tcp", "--dport", port, "-j", "DROP")
	}
	return func() error { return rule("-D") }, rule("-A")
}

// FillDisk leaves no byte free where the engine keeps images and containers. A
// host without a disk of its own refuses.
func (h *Host) FillDisk() (heal func() error, err error) {
	if h.disk == "" {
		return nil, fmt.Errorf("host %s shares the machine's disk, which is not to be filled: start it with HostsOptions.Disk", h.Name)
	}
	return fill(h.data())
}
