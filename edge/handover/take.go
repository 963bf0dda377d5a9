package handover

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/rpc"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"slipway"
)

// A Predecessor is the process that this one takes over from. All methods may
// be called on nil: there was none.
type Predecessor struct {
	files map[string]*os.File
	conn  *net.UnixConn
	calls atomic.Pointer[rpc.Client] // nil until Confirm, and when it has ended
}

// Take asks the edge that listens on the socket at path for its files; nil if
// none does. Until Confirm it goes on serving, and does so for good if this
// process ends.
func Take(path string) (*Predecessor, error) {
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("take over: %w", err)
	}
	p := &Predecessor{conn: conn}
	if p.files, err = receive(conn); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("take over: %w", err)
	}
	return p, nil
}

func receive(conn *net.UnixConn) (map[string]*os.File, error) {
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	text, control := make([]byte, 4096), make([]byte, 1024)
	n, controls, _, _, err := conn.ReadMsgUnix(text, control)
	if err != nil {
		return nil, err
	}
	var names []string
	if err := json.Unmarshal(text[:n], &names); err != nil {
		return nil, fmt.Errorf("%q is not what an edge says: %w", text[:n], err)
	}
	messages, err := syscall.ParseSocketControlMessage(control[:controls])
	if err != nil {
		return nil, err
	}
	files := map[string]*os.File{}
	for _, message := range messages {
		descriptors, err := syscall.ParseUnixRights(&message)
		if err != nil {
			return nil, err
		}
		for _, fd := range descriptors {
			syscall.CloseOnExec(fd)
			if len(files) < len(names) {
				name := names[len(files)]
				files[name] = os.NewFile(uintptr(fd), name)
			}
		}
	}
	if len(files) != len(names) {
		return nil, fmt.Errorf("%d files came instead of %q", len(files), names)
	}
	return files, nil
}

// File is the file of that name, the caller's from now on; nil if there is
// none.
func (p *Predecessor) File(name string) *os.File {
	if p == nil {
		return nil
	}
	file := p.files[name]
	delete(p.files, name)
	return file
}

// Abandon leaves everything to the predecessor.
func (p *Predecessor) Abandon() {
	if p == nil {
		return
	}
	for _, file := range p.files {
		file.Close()
	}
	_ = p.conn.Close()
}

// Confirm tells the predecessor that this process serves. When it returns nil,
// this process alone accepts connections and may write.
func (p *Predecessor) Confirm() error {
	if p == nil {
		return nil
	}
	for _, file := range p.files { // of which this process has no use
		file.Close()
	}
	_, err := io.WriteString(p.conn, serving)
	if err == nil {
		err = expect(p.conn, yours)
	}
	if err != nil {
		_ = p.conn.Close()
		return fmt.Errorf("the running edge does not leave: %w", err)
	}
	if err := p.conn.SetDeadline(time.Time{}); err != nil {
		return err
	}
	p.calls.Store(rpc.NewClient(p.conn))
	return nil
}

// obedience is how long a predecessor may take to follow a switch.
const obedience = 2 * time.Second

// Follow makes requests on connections that the predecessor still has go where
// t says. A predecessor that does not do so in time is let go: it ends when it
// sees that.
func (p *Predecessor) Follow(t slipway.Table) {
	if p == nil {
		return
	}
	calls := p.calls.Load()
	if calls == nil {
		return
	}
	call := calls.Go(service+".Follow", t, new(bool), make(chan *rpc.Call, 1))
	select {
	case <-call.Done:
		if call.Error == nil {
			return
		}
	case <-time.After(obedience):
	}
	p.calls.Store(nil)
	_ = calls.Close()
}

// Drain returns how much is in flight for a release in the predecessor, when
// that is nothing, or req.Timeout has passed, or the predecessor has ended.
func (p *Predecessor) Drain(req slipway.DrainRequest) (inFlight int) {
	if p == nil {
		return 0
	}
	calls := p.calls.Load()
	if calls == nil || calls.Call(service+".Drain", req, &inFlight) != nil {
		return 0
	}
	return inFlight
}
