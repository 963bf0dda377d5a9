package handover

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/rpc"
	"syscall"
	"time"

	"slipway"
)

// An Owner is the edge in this process.
type Owner interface {
	// Offer names what passes, as descriptors that stay the owner's, and holds
	// up writes until keep or leave is called.
	Offer() (files map[string]int, keep, leave func())
	// Follow makes the table of the successor its own.
	Follow(t slipway.Table)
	// Count waits like a drain, and returns what is in flight.
	Count(req slipway.DrainRequest) int
	// Linger is called after leave, and returns when nothing is open any more
	// or has been for too long, or when gone is closed: the successor has ended.
	Linger(gone <-chan struct{})
}

const serving, yours = "serving\n", "yours\n"

// patience is how long a successor may take until it serves. Writes wait
// meanwhile.
const patience = 30 * time.Second

// Serve offers the edge to each process that asks, one after the other, and
// returns when one has taken it over and the owner has lingered, or when the
// listener, which is on a Unix socket, is closed.
func Serve(listener net.Listener, owner Owner, log *slog.Logger) (handedOver bool) {
	for {
		accepted, err := listener.Accept()
		if err != nil {
			return false
		}
		conn, ok := accepted.(*net.UnixConn)
		if !ok {
			accepted.Close()
			continue
		}
		if err := pass(conn, owner); err != nil {
			_ = conn.Close()
			log.Warn("takeover failed, this process goes on", "error", err)
			continue
		}
		log.Info("taken over by another process")
		listener.Close()
		follow(conn, owner)
		return true
	}
}

// pass hands the files over; on an error the owner has kept everything.
func pass(conn *net.UnixConn, owner Owner) error {
	files, keep, leave := owner.Offer()
	if err := offer(conn, files); err != nil {
		keep()
		return err
	}
	leave()
	return nil
}

func offer(conn *net.UnixConn, files map[string]int) error {
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	var names []string
	var descriptors []int
	for name, fd := range files {
		names, descriptors = append(names, name), append(descriptors, fd)
	}
	text, err := json.Marshal(names)
	if err != nil {
		return err
	}
	if _, _, err := conn.WriteMsgUnix(text, syscall.UnixRights(descriptors...), nil); err != nil {
		return fmt.Errorf("hand over listeners: %w", err)
	}
	if err := expect(conn, serving); err != nil {
		return fmt.Errorf("wait until the new process serves: %w", err)
	}
	if _, err := io.WriteString(conn, yours); err != nil {
		return fmt.Errorf("leave to the new process: %w", err)
	}
	return conn.SetDeadline(time.Time{})
}

func expect(conn io.Reader, word string) error {
	got := make([]byte, len(word))
	if _, err := io.ReadFull(conn, got); err != nil {
		return err
	}
	if string(got) != word {
		return fmt.Errorf("%q came instead of %q", got, word)
	}
	return nil
}

// follow does what the successor says until the owner is done.
func follow(conn *net.UnixConn, owner Owner) {
	server := rpc.NewServer()
	if err := server.RegisterName(service, &predecessor{owner}); err != nil {
		panic(err) // the methods below are not what package rpc wants
	}
	gone := make(chan struct{})
	go func() {
		server.ServeConn(conn)
		close(gone)
	}()
	owner.Linger(gone)
}

const service = "Predecessor"

// predecessor is what the successor can call.
type predecessor struct{ owner Owner }

// Follow takes over a table.
func (p *predecessor) Follow(t slipway.Table, _ *bool) error {
	p.owner.Follow(t)
	return nil
}

// Drain counts what is in flight.
func (p *predecessor) Drain(req slipway.DrainRequest, inFlight *int) error {
	*inFlight = p.owner.Count(req)
	return nil
}
