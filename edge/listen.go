package edge

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"slipway/edge/admin"
	"slipway/edge/handover"
)

// A socket is a listener of this process, with what it was asked for.
type socket struct {
	name    string // what it is for: "http", "admin"
	address string
	net.Listener

	mu   sync.Mutex
	keep bool // the path of the socket, when it is closed
}

// listen opens what is meant by an address: host:port, unix:PATH, or
// systemd:NAME for a socket of that FileDescriptorName which systemd opened. If
// the predecessor listens for the same, it is its listener.
func listen(name, address string, before *handover.Predecessor) (*socket, error) {
	s := &socket{name: name, address: address}
	var err error
	path, isUnix := strings.CutPrefix(address, "unix:")
	fromSystemd, isSystemd := strings.CutPrefix(address, "systemd:")
	switch file := before.File(s.key()); {
	case file != nil:
		s.keep = true // the path is the predecessor's for as long as that one may go on
		s.Listener, err = fromFile(file)
	case isSystemd:
		s.Listener, err = activated(fromSystemd)
	case isUnix:
		s.Listener, err = admin.Listen(path)
	default:
		s.Listener, err = net.Listen("tcp", address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen for %s on %s: %w", name, address, err)
	}
	return s, nil
}

// key names the socket for a successor.
func (s *socket) key() string { return s.name + " " + s.address }

// fromFile makes a listener of a file, and closes the file.
func fromFile(file *os.File) (net.Listener, error) {
	defer file.Close()
	return net.FileListener(file)
}

// descriptor is one of the socket's own, which the caller closes.
func (s *socket) descriptor() (fd int, err error) {
	conn, ok := s.Listener.(syscall.Conn)
	if !ok {
		return 0, fmt.Errorf("a %T has no descriptor", s.Listener)
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	// Not by File, which may make the socket blocking for all who share it.
	controlErr := raw.Control(func(own uintptr) {
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		if fd, err = syscall.Dup(int(own)); err == nil {
			syscall.CloseOnExec(fd)
		}
	})
	return fd, errors.Join(controlErr, err)
}

// keepPath says whether closing the listener leaves its path, if it has one.
// That of a socket of systemd's always stays.
func (s *socket) keepPath(keep bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep = keep
}

// Close closes the listener. A signal may close it while it is handed over.
func (s *socket) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if unix, ok := s.Listener.(*net.UnixListener); ok {
		unix.SetUnlinkOnClose(!s.keep && !strings.HasPrefix(s.address, "systemd:"))
	}
	return s.Listener.Close()
}

// firstActivated is the descriptor with which systemd begins.
const firstActivated = 3

// activated is a socket that systemd opened for this process.
func activated(name string) (net.Listener, error) {
	if os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return nil, errors.New("systemd gave this process no sockets: start it by a service that has a socket unit")
	}
	names := strings.Split(os.Getenv("LISTEN_FDNAMES"), ":")
	count, err := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	if err != nil {
		return nil, fmt.Errorf("LISTEN_FDS is %q, which is no number", os.Getenv("LISTEN_FDS"))
	}
	for i := range min(count, len(names)) {
		if names[i] == name {
			syscall.CloseOnExec(firstActivated + i)
			return fromFile(os.NewFile(uintptr(firstActivated+i), name))
		}
	}
	return nil, fmt.Errorf("systemd gave sockets named %q: set FileDescriptorName=%s in the socket unit", names, name)
}
