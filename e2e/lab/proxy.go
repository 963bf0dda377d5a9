package lab

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// A Proxy stands between Slipway and what it speaks HTTP to: a Docker Engine, a
// registry, an edge. What comes through it can be made to go wrong, at exactly
// the request that a test is about.
type Proxy struct {
	server  *http.Server
	address string // host:port, or the path of a socket

	mu     sync.Mutex
	faults []*Fault
}

// A Fault is what becomes of the requests that it matches, for as long as it
// is armed.
type Fault struct {
	Match func(*http.Request) bool
	// Do answers the request. It may let it pass by calling next.
	Do func(w http.ResponseWriter, r *http.Request, next http.Handler)
}

// TCPProxy starts a proxy on a free loopback port before an address.
func TCPProxy(upstream string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return newProxy(listener, "tcp", upstream), nil
}

// SocketProxy starts a proxy on a socket in a directory before another socket.
func SocketProxy(dir, name, upstream string) (*Proxy, error) {
	listener, err := net.Listen("unix", filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	return newProxy(listener, "unix", upstream), nil
}

func newProxy(listener net.Listener, network, upstream string) *Proxy {
	quiet := slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // that things go wrong is the point
	p := &Proxy{address: listener.Addr().String()}
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", r.In.Host // a registry's links lead back here
			if r.Out.URL.Host == "" {
				r.Out.URL.Host = "upstream"
			}
			r.Out.Host = r.In.Host
		},
		Transport: &http.Transport{
			// Each request has a connection of its own: one that is kept would
			// outlive a restart of what is behind.
			DisableKeepAlives:  true,
			DisableCompression: true,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, upstream)
			},
		},
		FlushInterval: -1, // progress is to arrive as it is made
		ErrorLog:      quiet,
		// Whoever asks is to see a broken connection, as without us.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	p.server = &http.Server{
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          quiet,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if fault := p.fault(r); fault != nil {
				fault.Do(w, r, forward)
				return
			}
			forward.ServeHTTP(w, r)
		}),
	}
	go func() { _ = p.server.Serve(listener) }() // it ends with Close
	return p
}

// Address is where the proxy listens: host:port, or the path of its socket.
func (p *Proxy) Address() string { return p.address }

// Arm lets the fault happen from now on. It returns what ends that.
func (p *Proxy) Arm(f Fault) (disarm func()) {
	fault := &f
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, fault)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.faults = slices.DeleteFunc(p.faults, func(have *Fault) bool { return have == fault })
	}
}

func (p *Proxy) fault(r *http.Request) *Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.faults {
		if f.Match(r) {
			return f
		}
	}
	return nil
}

// Close ends the proxy and every connection through it.
func (p *Proxy) Close() error { return p.server.Close() }

// Broken is a fault that breaks the connection, as a dead server does.
func Broken(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }

// Hung is a fault that never answers.
func Hung(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// Lost carries the request out and never answers it: what the caller is left
// with when the connection, or the caller, breaks at the wrong moment. It calls
// done in between.
func Lost(r *http.Request, next http.Handler, done func()) {
	next.ServeHTTP(&discarded{header: http.Header{}}, r.WithContext(context.WithoutCancel(r.Context())))
	done()
	panic(http.ErrAbortHandler)
}

// discarded is an answer that nobody gets.
type discarded struct{ header http.Header }

func (d *discarded) Header() http.Header         { return d.header }
func (d *discarded) Write(b []byte) (int, error) { return len(b), nil }
func (d *discarded) WriteHeader(int)             {}

// Cut passes the first so many bytes of the answer, and then breaks the
// connection.
func Cut(w http.ResponseWriter, r *http.Request, next http.Handler, bytesThrough int) {
	next.ServeHTTP(&cut{ResponseWriter: w, left: bytesThrough}, r)
}

type cut struct {
	http.ResponseWriter
	left int
}

func (c *cut) Write(b []byte) (int, error) {
	if len(b) <= c.left {
		c.left -= len(b)
		return c.ResponseWriter.Write(b)
	}
	_, _ = c.ResponseWriter.Write(b[:c.left])
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}

// Refused is a fault that answers with a status, some headers and a text.
func Refused(status int, text string, header ...string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.Copy(w, bytes.NewBufferString(fmt.Sprintln(text)))
	}
}
