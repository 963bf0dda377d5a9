package edge

import (
	"net"
	"sync"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2"
)

func init() {
	caddy.RegisterModule(&Door{})
}

// A Door is a Caddy listener wrapper that can be shut to new connections while
// those that came in go on, and knows how many those are.
type Door struct{ doors *doors }

// CaddyModule names the wrapper.
func (*Door) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "caddy.listeners.slipway", New: func() caddy.Module { return new(Door) }}
}

// Provision finds the App, to whose doors it adds.
func (d *Door) Provision(ctx caddy.Context) error {
	app, err := theApp(ctx)
	if err != nil {
		return err
	}
	d.doors = &app.doors
	return nil
}

// WrapListener makes a door of a listener.
func (d *Door) WrapListener(listener net.Listener) net.Listener { return d.doors.add(listener) }

// doors are all that the edge has.
type doors struct {
	open atomic.Int64 // connections that came in and are open
	mu   sync.Mutex
	all  []*door
}

func (d *doors) add(listener net.Listener) net.Listener {
	one := &door{Listener: listener, open: &d.open}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, one)
	return one
}

// shut accepts no more.
func (d *doors) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, one := range d.all {
		_ = one.Close() // no more comes in, whatever it says
	}
}

type door struct {
	net.Listener
	open  *atomic.Int64
	close sync.Once
	err   error
}

// Accept lets one in.
func (d *door) Accept() (net.Conn, error) {
	conn, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn, nil
	}
	d.open.Add(1)
	return &guest{TCPConn: tcp, open: d.open}, nil
}

// Close shuts the door; it may be shut already.
func (d *door) Close() error {
	d.close.Do(func() { d.err = d.Listener.Close() })
	return d.err
}

// A guest is a connection that is counted. All that a TCP connection can do
// besides it can do, too.
type guest struct {
	*net.TCPConn
	open *atomic.Int64
	left sync.Once
}

// Close ends the connection.
func (g *guest) Close() error {
	g.left.Do(func() { g.open.Add(-1) })
	return g.TCPConn.Close()
}

var (
	_ caddy.Provisioner     = (*Door)(nil)
	_ caddy.ListenerWrapper = (*Door)(nil)
)
