package edge_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"slipway"
	"slipway/drivers/slipwayedge"
)

// A process is an edge of its own, with its data directory.
type process struct {
	t      testing.TB
	data   string
	http   string // host:port
	socket string
	client *slipwayedge.Client

	cmd    *exec.Cmd
	output *bytes.Buffer // read it only when the process has ended
}

// newProcess starts an edge that ends with the test.
func newProcess(t testing.TB) *process {
	t.Helper()
	dir := t.TempDir()
	p := &process{t: t, data: filepath.Join(dir, "data"), http: freeAddress(t), socket: filepath.Join(dir, "admin.sock"), output: new(bytes.Buffer)}
	client, err := slipwayedge.New(slipway.Edge{Name: "e1", Admin: "unix:" + p.socket})
	if err != nil {
		t.Fatal(err)
	}
	p.client = client
	p.start()
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
	cmd := exec.Command(os.Args[0], p.data, p.http, p.socket)
	cmd.Env = append(os.Environ(), asEdge+"=1")
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // do not outlive a crashed test
	return cmd
}

// end sends a signal and waits for the end.
func (p *process) end(signal syscall.Signal) {
	if p.cmd.ProcessState != nil {
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
