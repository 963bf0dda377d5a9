package lab

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// weaken puts a worse piece of cable between a port of the switch and the host
// on it. The kernel's own way to do that, tc's netem, is missing from many
// kernels that are made for virtual machines; so frames take a detour through
// this process.
func (n network) weaken(port string, loss float64, delay time.Duration) (heal func() error, err error) {
	inner, outer := port+"-in", port+"-out"
	for _, step := range [][]string{
		{"link", "add", inner, "type", "veth", "peer", "name", outer},
		{"link", "set", inner, "up"},
		{"link", "set", port, "nomaster"},
		{"link", "set", outer, "master", "switch", "up"},
	} {
		if err := n.name.ip(step...); err != nil {
			return nil, err
		}
	}
	host, err := n.frames(port)
	if err != nil {
		return nil, err
	}
	network, err := n.frames(inner)
	if err != nil {
		return nil, errors.Join(err, host.Close())
	}
	var ended sync.WaitGroup
	ended.Go(func() { carry(network, host, loss, delay, 1) })
	ended.Go(func() { carry(host, network, loss, delay, 2) })
	return func() error {
		err := errors.Join(host.Close(), network.Close())
		ended.Wait()
		if !n.has(port) { // the host was switched off
			return err
		}
		return errors.Join(err, n.name.ip("link", "delete", inner), n.name.ip("link", "set", port, "master", "switch"))
	}, nil
}

// carry takes frames from one side to the other until one of them is closed.
// Which ones get lost is the same every time.
func carry(from, to *os.File, loss float64, delay time.Duration, seed uint64) {
	type frame struct {
		due  time.Time
		data []byte
	}
	late := make(chan frame, 4096)
	var ended sync.WaitGroup
	ended.Go(func() {
		for f := range late {
			time.Sleep(time.Until(f.due))
			_, _ = to.Write(f.data) // it is a bad cable
		}
	})
	defer ended.Wait()
	defer close(late)
	random := rand.New(rand.NewPCG(seed, seed))
	buffer := make([]byte, 1<<17)
	for {
		size, err := from.Read(buffer)
		if errors.Is(err, os.ErrClosed) {
			return
		}
		if err != nil || random.Float64() < loss { // an interface that is down for a while
			continue
		}
		select {
		case late <- frame{time.Now().Add(delay), append([]byte(nil), buffer[:size]...)}:
		default: // more is under way than a cable holds
		}
	}
}

// frames is what arrives at an interface of the switch, and what is sent from
// it. Each frame begins with the kernel's notes on checksums and sizes that are
// still to be worked out: between namespaces, nobody has.
func (n network) frames(name string) (*os.File, error) {
	var fd int
	if err := n.name.do(func() (err error) {
		fd, err = rawSocket(name)
		return err
	}); err != nil {
		return nil, fmt.Errorf("listen to interface %s: %w", name, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

func rawSocket(name string) (int, error) {
	const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8 // in network order
	on, err := net.InterfaceByName(name)
	if err != nil {
		return 0, err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return 0, err
	}
	if err := errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VNET_HDR, 1),
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1),
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: on.Index}),
	); err != nil {
		return 0, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}
