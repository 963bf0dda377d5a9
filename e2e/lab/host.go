package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"slipway"
)

// A Host is a Docker host with an address of its own. It is an Engine, and what
// an Engine can suffer, it can.
type Host struct {
	*Engine
	Name    string
	Address string
	// Certificate is for the host's name and address, and good for both sides of
	// a connection.
	Certificate slipway.TLS
	Edge        *Program // runs on the host, outside Docker; nil without
	SSHD        *Program // nil without

	number  int
	of      *Hosts
	inside  namespace
	disk    string // file that holds its disk; empty: it has none of its own
	beside  []*Program
	running []*Program // of those, when the power went
}

// Ports on which hosts answer, besides those of their engines.
const (
	edgePort      = 80
	edgeAdminPort = 2019
)

// newHost prepares what a host keeps while it is switched off.
func (h *Hosts) newHost(number int, options HostsOptions) (*Host, error) {
	name := "h" + strconv.Itoa(number)
	host := &Host{
		Engine: newEngine(&slot{dir: h.dir(name), number: h.slot.number}),
		Name:   name, Address: h.network.host(number), number: number, of: h,
		inside: h.network.name + namespace("-"+name),
	}
	if err := os.MkdirAll(host.slot.dir, 0o755); err != nil {
		return nil, err
	}
	files, err := h.authority.issue(name, host.Address)
	if err != nil {
		return nil, err
	}
	host.Certificate = files
	host.enter = host.inside.enter()
	host.flags = append(overTCP(host.Address, files), "--default-address-pool=base=10.215.0.0/16,size=24", "--insecure-registry="+h.network.subnet())
	if options.Disk > 0 {
		host.disk = host.keeps("disk")
		if err := makeDisk(host.disk, options.Disk); err != nil {
			return nil, err
		}
	}
	if options.Edge != "" {
		host.Edge = host.Program("slipway-edge", options.Edge, "--data", host.keeps("edge"), "--http", host.at(edgePort),
			"--admin", host.at(edgeAdminPort), "--admin-tls-cert", files.Cert, "--admin-tls-key", files.Key, "--admin-client-ca", files.CA)
		host.Edge.Ready = listens(host.Address, edgeAdminPort)
	}
	if options.SSH {
		command, err := sshServer{dir: host.slot.dir, address: host.Address, port: sshPort, docker: host.Host(), client: h.ssh}.prepare()
		if err != nil {
			return nil, err
		}
		host.SSHD = host.Program("sshd", command...)
		host.SSHD.Ready = listens(host.Address, sshPort)
	}
	return host, host.configure(true)
}

// Program is one to run on the host. It is ended with the host; one that ran
// when the power went, or was made before it was there, is started with the
// host.
func (h *Host) Program(name string, command ...string) *Program {
	p := &Program{Name: name + " on " + h.Name, Command: append(h.inside.enter(), command...), LogFile: h.keeps(name + ".log")}
	h.beside = append(h.beside, p)
	if h.daemon == nil {
		h.running = append(h.running, p)
	}
	return p
}

// PowerOn makes the host's network, starts its Docker Engine, which starts the
// containers that are to run, and then what ran beside it.
func (h *Host) PowerOn(ctx context.Context) error {
	if err := h.of.network.plug(h.inside, h.Name, h.number); err != nil {
		return err
	}
	if h.disk != "" {
		if err := mountDisk(h.disk, h.data()); err != nil {
			return err
		}
	}
	if err := h.start(ctx); err != nil {
		return err
	}
	for _, p := range h.running {
		if err := p.Start(ctx); err != nil {
			return err
		}
	}
	h.running = nil
	return nil
}

// PowerOff ends everything that runs on the host at once, and takes it off the
// network. What it keeps on disk stays. It may be off already.
func (h *Host) PowerOff() error {
	for _, p := range h.beside {
		if p.Running() {
			h.running = append(h.running, p)
		}
	}
	// In this order: whatever is killed in the namespace could be started again
	// by what is not.
	if err := errors.Join(h.slot.kill(programs...), h.inside.remove()); err != nil {
		return err
	}
	if h.daemon != nil {
		<-h.daemon.ended
	}
	for _, p := range h.running {
		if err := p.Kill(); err != nil {
			return err
		}
	}
	return h.slot.unmount()
}

// Reboot is a PowerOff and a PowerOn.
func (h *Host) Reboot(ctx context.Context) error {
	return errors.Join(h.PowerOff(), h.PowerOn(ctx))
}

// Close switches the host off. Closing all Hosts does so too, and removes it.
func (h *Host) Close() error { return h.PowerOff() }

// Cable is the command that pulls the host's cable ("down") or puts it back
// ("up").
func (h *Host) Cable(state string) string {
	return strings.Join([]string{"ip", "-n", string(h.of.network.name), "link", "set", h.Name, state}, " ")
}

// Do does something on the host's network: what it listens on or connects to is
// on the host. It is done in one thread, so it must not start a goroutine for
// that.
func (h *Host) Do(something func() error) error { return h.inside.do(something) }

// Inside is a command line that runs the command on the host's network.
func (h *Host) Inside(command ...string) []string { return append(h.inside.enter(), command...) }

// Docker is the host as a fleet file has it, reached that way.
func (h *Host) Docker(way Way) slipway.Host {
	host := slipway.Host{Name: h.Name, Address: h.Address, Ports: slipway.PortRange{First: 20000, Last: 20999}, Labels: map[string]string{"role": "web"}}
	switch way {
	case Unix:
		host.Docker = h.Host()
	case TCP:
		host.Docker, host.TLS = "tcp://"+h.at(dockerPort), &h.of.Client
	case SSH:
		host.Docker, host.SSH = "ssh://root@"+h.at(sshPort), &h.of.ssh
	case Agent:
		host.Agent = true
	}
	return host
}

// YAML is the host's line in a fleet file.
func (h *Host) YAML(way Way) string {
	host := h.Docker(way)
	reached := fmt.Sprintf("docker: %q", host.Docker)
	if host.TLS != nil {
		reached += ", tls: " + flow(*host.TLS)
	}
	if host.SSH != nil {
		reached += fmt.Sprintf(", ssh: {key: %q, known_hosts: %q}", host.SSH.Key, host.SSH.KnownHosts)
	}
	if host.Agent {
		reached = "agent: true"
	}
	return fmt.Sprintf("{name: %s, %s, address: %s, ports: %d-%d, labels: {role: web}}", h.Name, reached, h.Address, host.Ports.First, host.Ports.Last)
}

// EdgeAdmin is where the edge on the host is administered, with the
// certificate Client of the Hosts.
func (h *Host) EdgeAdmin() string { return "https://" + h.at(edgeAdminPort) }

// EdgeURL is where the edge on the host answers requests.
func (h *Host) EdgeURL() string { return "http://" + h.Address }

// Keeps is the directory of what the host keeps: docker.pid and dockerd.log
// among it.
func (h *Host) Keeps() string { return h.slot.dir }

func (h *Host) keeps(name string) string { return filepath.Join(h.slot.dir, name) }

// data is where the engine keeps images and containers.
func (h *Host) data() string { return h.keeps("data") }

func (h *Host) at(port int) string { return net.JoinHostPort(h.Address, strconv.Itoa(port)) }
