package edge_test

import (
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"slipway/edge"
)

// systemd listens, here the test does, and an edge that is stopped and started
// again loses no connection: they wait in the socket.
func TestSocketsOfSystemdOutliveTheEdge(t *testing.T) {
	p := prepare(t)
	requests, err := net.Listen("tcp", p.http)
	if err != nil {
		t.Fatal(err)
	}
	defer requests.Close()
	administration, err := net.ListenUnix("unix", &net.UnixAddr{Name: p.socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer administration.Close()
	p.changes = append(p.changes, func(o *edge.Options) { o.HTTP, o.Admin = "systemd:http", "systemd:admin" })
	p.activate = func(cmd *exec.Cmd) {
		for _, listener := range []interface{ File() (*os.File, error) }{administration, requests.(*net.TCPListener)} {
			file, err := listener.File()
			if err != nil {
				t.Fatal(err)
			}
			cmd.ExtraFiles = append(cmd.ExtraFiles, file)
		}
		cmd.Env = append(cmd.Env, "LISTEN_FDS=2", "LISTEN_FDNAMES=admin:http", asActivated+"=1")
	}
	p.start()
	p.stage(1, 0)
	p.commit(1, 0)
	p.end(syscall.SIGTERM)
	answer := make(chan string)
	go func() {
		_, body, err := p.get("/") // while nobody accepts
		if err != nil {
			body = err.Error()
		}
		answer <- body
	}()
	p.start()
	if body := <-answer; body != release(1) {
		t.Errorf("the request that waited got %q", body)
	}
	p.end(syscall.SIGKILL)
	p.changes = append(p.changes, func(o *edge.Options) { o.HTTP = "systemd:web" })
	refusesToStart(t, p, "FileDescriptorName=web")
	p.activate = nil
	refusesToStart(t, p, "systemd gave this process no sockets")
}
