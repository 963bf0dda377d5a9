package lab

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// A network is the switch that the hosts of one lab are plugged into, and the
// machine itself by one more cable. The switch is in a namespace of its own, so
// that no firewall of the machine is between two hosts.
type network struct {
	number int
	name   namespace
	cable  string // the machine's end of its cable to the switch
}

// network is the slot's own, by its name and number.
func (s *slot) network() network {
	name := filepath.Base(s.dir)
	return network{number: s.number, name: namespace("slipway-" + name), cable: "lab-" + name}
}

// machine is the address of the machine itself, where registries listen.
func (n network) machine() string { return fmt.Sprintf("10.214.%d.1", n.number) }

// host is the address of a host, counted from 1.
func (n network) host(number int) string { return fmt.Sprintf("10.214.%d.%d", n.number, 10+number) }

// subnet is where all of them are.
func (n network) subnet() string { return fmt.Sprintf("10.214.%d.0/24", n.number) }

func (n network) make() error {
	if err := n.name.make(); err != nil {
		return err
	}
	for _, step := range [][]string{
		{"ip", "-n", string(n.name), "link", "add", "switch", "type", "bridge"},
		{"ip", "-n", string(n.name), "link", "set", "switch", "up"},
		{"ip", "link", "add", n.cable, "type", "veth", "peer", "name", "machine", "netns", string(n.name)},
		{"ip", "-n", string(n.name), "link", "set", "machine", "master", "switch", "up"},
		{"ip", "addr", "add", n.machine() + "/24", "dev", n.cable},
		{"ip", "link", "set", n.cable, "up"},
	} {
		if err := run(step...); err != nil {
			return err
		}
	}
	return nil
}

// plug makes the namespace of a host, and a cable from there to the port of the
// switch that has the host's name.
func (n network) plug(host namespace, port string, number int) error {
	address := n.host(number)
	if err := host.make(); err != nil {
		return err
	}
	if n.has(port) { // of the cable of a host that was switched off: the kernel takes its time
		if err := n.name.ip("link", "delete", port); err != nil && n.has(port) {
			return err
		}
	}
	for _, step := range [][]string{
		// Always the same hardware address, as that of a machine is: what others
		// remember of it stays true over a reboot.
		{"ip", "-n", string(host), "link", "add", "eth0", "address", fmt.Sprintf("02:00:0a:d6:%02x:%02x", n.number, 10+number), "type", "veth", "peer", "name", port, "netns", string(n.name)},
		{"ip", "-n", string(n.name), "link", "set", port, "master", "switch", "up"},
		{"ip", "-n", string(host), "addr", "add", address + "/24", "dev", "eth0"},
		{"ip", "-n", string(host), "link", "set", "eth0", "up"},
		{"ip", "-n", string(host), "route", "add", "default", "via", n.machine()},
	} {
		if err := run(step...); err != nil {
			return err
		}
	}
	return nil
}

func (n network) has(port string) bool { return n.name.ip("link", "show", "dev", port) == nil }

// remove takes down the network with every host that is left on it.
func (n network) remove() error {
	entries, err := os.ReadDir(namespaces)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var errs []error
	for _, entry := range entries {
		if name := entry.Name(); name == string(n.name) || strings.HasPrefix(name, string(n.name)+"-") {
			errs = append(errs, namespace(name).remove())
		}
	}
	if _, err := net.InterfaceByName(n.cable); err == nil {
		if err := run("ip", "link", "delete", n.cable); err != nil {
			if _, there := net.InterfaceByName(n.cable); there == nil { // not gone with its other end
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}
