package edge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"slipway"
	"slipway/drivers/slipwayedge"
	"slipway/edge"
)

// A process is an edge of its own, with its data directory.
type process struct {
	t      testing.TB
	data   string
	http   string // host:port
	socket string
	client *slipwayedge.Client
	// changes are made to what it is started with.
	changes  []func(*edge.Options)
	activate func(*exec.Cmd) // adds sockets, as systemd does

	cmd    *exec.Cmd
	output *output
}

// An output is what the edges of a test write, which may be two at a time.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(line []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(line)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// newProcess starts an edge that ends with the test.
func newProcess(t testing.TB) *process {
	t.Helper()
	p := prepare(t)
	p.start()
	return p
}

// prepare names what an edge of the test will have.
func prepare(t testing.TB) *process {
	t.Helper()
	dir := t.TempDir()
	p := &process{t: t, data: filepath.Join(dir, "data"), http: freeAddress(t), socket: filepath.Join(dir, "admin.sock"), output: new(output)}
	client, err := slipwayedge.New(slipway.Edge{Name: "e1", Admin: "unix:" + p.socket})
	if err != nil {
		t.Fatal(err)
	}
	p.client = client
	t.Cleanup(func() {
		p.end(syscall.SIGKILL)
		if t.Failed() {
			t.Logf("the edge wrote:\n%s", p.output.String())
		}
	})
	return p
}

// start starts the edge and waits until it serves.
func (p *process) start() {
	p.t.Helper()
	p.startTo(p.output)
}

// startTo starts an edge that logs to output.
func (p *process) startTo(output io.Writer) {
	p.t.Helper()
	p.cmd = p.command(output)
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	eventually(p.t, "the edge serves", func() bool {
		conn, err := net.Dial("tcp", p.http)
		if err != nil {
			return false
		}
		conn.Close()
		_, err = p.client.Table(p.t.Context())
		return err == nil
	})
}

// command is the edge as a command that writes to output.
func (p *process) command(output io.Writer) *exec.Cmd {
	options, err := json.Marshal(p.options())
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], string(options))
	cmd.Env = append(os.Environ(), asEdge+"=1")
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // do not outlive a crashed test
	if p.activate != nil {
		p.activate(cmd)
	}
	return cmd
}

func (p *process) options() edge.Options {
	o := edge.Options{Data: p.data, HTTP: p.http, Admin: "unix:" + p.socket, Linger: time.Minute}
	for _, change := range p.changes {
		change(&o)
	}
	return o
}

// end sends a signal and waits for the end.
func (p *process) end(signal syscall.Signal) {
	if p.cmd == nil || p.cmd.ProcessState != nil {
		return
	}
	p.cmd.Process.Signal(signal)
	p.cmd.Wait()
}

func (p *process) table() slipway.Table {
	p.t.Helper()
	table, err := p.client.Table(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return table
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// eventually polls until the condition holds.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-ctx.Done():
			t.Fatalf("after 15 s it is still not so that %s", what)
		case <-tick.C:
		}
	}
}
