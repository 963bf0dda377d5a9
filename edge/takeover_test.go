package edge_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"slipway"
	"slipway/edge"
	"slipway/edge/handover"
)

// takeOver starts another edge in the place of the one that runs, waits until
// it has taken over, and returns the one that ran.
func (p *process) takeOver() (before *exec.Cmd) {
	p.t.Helper()
	after := *p
	after.changes = append(slices.Clone(after.changes), func(o *edge.Options) { o.Takeover = true })
	cmd := after.command(p.output)
	cmd.Stdout = nil
	out, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	before, p.cmd = p.cmd, cmd
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || strings.TrimSpace(line) != started {
		p.t.Fatalf("the new edge says %q, %v", line, err)
	}
	p.t.Cleanup(func() { p.cmd.Process.Kill() })
	// A write on a connection that is kept to the one before is refused once, for
	// the client to repeat. This one changes nothing.
	eventually(p.t, "the new edge writes", func() bool {
		_, err := p.client.Unstage(p.t.Context(), app, release(99))
		return err == nil
	})
	return before
}

// A newer binary takes over again and again, and switches come in between,
// while requests and WebSockets go through the edge. Nothing is refused, cut, or
// answered by the version before: a kept connection to a process that has been
// replaced sees the switch, too.
func TestTakeoverLosesNothing(t *testing.T) {
	p := newProcess(t)
	const blue, green = 1, 2
	p.stage(blue, 0)
	p.commit(blue, 0)
	p.stage(green, 1)
	history := &history{live: func(n int64) string { return release(blue + int(n%2)) }}
	traffic := newTraffic("http://"+p.http, 300, history)
	ctx, stop := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	sending.Go(func() { traffic.run(ctx, t) })
	defer sending.Wait()
	defer stop()

	eventually(t, "WebSockets are open", func() bool { return p.inFlight() >= traffic.sockets })
	var replaced []*exec.Cmd
	var took []time.Duration
	generation := uint64(1)
	pause := time.NewTicker(300 * time.Millisecond)
	defer pause.Stop()
	for range 3 {
		<-pause.C
		start := time.Now()
		replaced = append(replaced, p.takeOver())
		took = append(took, time.Since(start).Round(time.Millisecond))
		if got := p.table()[app.Key()]; got.Active != release(blue) || got.Generation != generation {
			t.Errorf("taken over with %s at generation %d, want %s at %d", got.Active, got.Generation, release(blue), generation)
		}
		if n := p.inFlight(); n < traffic.sockets {
			t.Errorf("%d in flight, want the %d WebSockets of the process before among them", n, traffic.sockets)
		}
		<-pause.C
		timed(t, history, func() error {
			_, err := p.client.Commit(t.Context(), slipway.CommitRequest{ServiceID: app, Release: release(green), Generation: generation, By: release(green)})
			return err
		})
		<-pause.C
		timed(t, history, func() error {
			_, err := p.client.Restore(t.Context(), slipway.RestoreRequest{ServiceID: app, Release: release(blue), Generation: generation, By: release(green)})
			return err
		})
		generation += 2
	}
	stop()
	sending.Wait()
	traffic.kept.CloseIdleConnections()
	for i, failure := range traffic.failures {
		t.Errorf("failed: %s", failure)
		if i == 9 {
			break
		}
	}
	for _, cmd := range replaced {
		if err := cmd.Wait(); err != nil {
			t.Errorf("a replaced edge ended with %v", err)
		}
	}
	if n := p.inFlight(); n != 0 {
		t.Errorf("in the end %d are in flight", n)
	}
	t.Logf("%d requests, %d failed; %d messages on %d WebSockets, %d cut; taken over after %v", traffic.requests, len(traffic.failures), traffic.messages, traffic.sockets, traffic.cut, took)
}

// Whatever becomes of one that wants to take over, the edge that runs goes on
// as if nobody had asked, and writes, too.
func TestFailedTakeoverLeavesTheEdgeAsItWas(t *testing.T) {
	p := newProcess(t)
	p.stage(1, 0)
	p.commit(1, 0)
	for name, attempt := range map[string]func(t *testing.T){
		"it leaves with the listeners in its hands": func(t *testing.T) {
			taken, err := handover.Take(filepath.Join(p.data, "takeover.sock"))
			if err != nil || taken.File("lock") == nil {
				t.Fatalf("%v, %v", taken, err)
			}
			taken.Abandon()
		},
		"it says nothing": func(t *testing.T) {
			conn, err := net.Dial("unix", filepath.Join(p.data, "takeover.sock"))
			if err != nil {
				t.Fatal(err)
			}
			conn.Close()
		},
		"its address is taken": func(t *testing.T) {
			other, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			after := *p
			after.changes = append(slices.Clone(after.changes), func(o *edge.Options) { o.Takeover, o.HTTP = true, other.Addr().String() })
			refusesToStart(t, &after, "address already in use")
		},
		"it is killed": func(t *testing.T) {
			after := *p
			after.changes = append(slices.Clone(after.changes), func(o *edge.Options) { o.Takeover = true })
			cmd := after.command(nil)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			cmd.Process.Signal(syscall.SIGKILL) // before it has got far
			cmd.Wait()
		},
	} {
		t.Run(name, func(t *testing.T) {
			attempt(t)
			before := p.table()[app.Key()]
			p.stage(2, before.Generation)
			p.commit(2, before.Generation)
			p.commit(1, before.Generation+1)
			if status, body, err := p.get("/"); err != nil || status != 200 || body != release(1) {
				t.Errorf("%d %q %v", status, body, err)
			}
		})
	}
	before := p.takeOver()
	http.DefaultClient.CloseIdleConnections() // for which the one before would linger
	if err := before.Wait(); err != nil {
		t.Error(err)
	}
	if _, body, err := p.get("/"); err != nil || body != release(1) {
		t.Errorf("%q %v", body, err)
	}
}

// An edge that is told to end while another takes over leaves the socket of the
// administration where it is: the other may serve there already. Nobody is in
// the way of the next start if it did not.
func TestAnEdgeThatEndsWhileItIsTakenOverLeavesItsSocket(t *testing.T) {
	p := newProcess(t)
	taken, err := handover.Take(filepath.Join(p.data, "takeover.sock"))
	if err != nil || taken == nil {
		t.Fatalf("%v, %v", taken, err)
	}
	p.end(syscall.SIGTERM)
	conn, err := net.Dial("unix", p.socket)
	if err != nil {
		t.Fatalf("nobody reaches the one that took over: %v", err)
	}
	conn.Close()
	taken.Abandon()
	p.start()
}

// An edge that is told to end before it has taken over leaves that socket, too:
// the one before, here the test, goes on with it.
func TestAnEdgeThatEndsBeforeItHasTakenOverLeavesTheSocket(t *testing.T) {
	p := prepare(t)
	if err := os.Mkdir(p.data, 0o700); err != nil {
		t.Fatal(err)
	}
	offered := map[string]string{"admin": p.socket, "takeover": filepath.Join(p.data, "takeover.sock")}
	var names []string
	var descriptors []int
	var heir *net.UnixListener
	for name, path := range offered {
		listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		file, err := listener.File()
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if name == "takeover" {
			heir = listener
		}
		names, descriptors = append(names, name+" unix:"+path), append(descriptors, int(file.Fd()))
	}
	p.changes = append(p.changes, func(o *edge.Options) { o.Takeover = true })
	p.cmd = p.command(p.output)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = heir.SetDeadline(time.Now().Add(20 * time.Second))
	conn, err := heir.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	text, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.WriteMsgUnix(text, syscall.UnixRights(descriptors...), nil); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if said, err := bufio.NewReader(conn).ReadString('\n'); err != nil || said != "serving\n" {
		t.Fatalf("it says %q, %v", said, err)
	}
	p.end(syscall.SIGTERM)
	reached, err := net.Dial("unix", p.socket)
	if err != nil {
		t.Fatalf("nobody reaches the one that goes on: %v", err)
	}
	reached.Close()
}

// The one that was replaced still has a WebSocket when the new one dies. It
// holds nothing that the next start needs, and ends: nobody tells it of
// switches any more.
func TestEdgeStartsAgainWhereOneThatTookOverDied(t *testing.T) {
	p := newProcess(t)
	p.stage(1, 0)
	p.commit(1, 0)
	conn, _, err := websocket.Dial(t.Context(), "ws://"+p.http+"/ws", &websocket.DialOptions{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	before := p.takeOver()
	p.end(syscall.SIGKILL)
	p.start()
	p.stage(2, 1)
	p.commit(2, 1)
	if _, body, err := p.get("/"); err != nil || body != release(2) {
		t.Errorf("%q, %v", body, err)
	}
	if err := before.Wait(); err != nil {
		t.Errorf("the replaced edge ended with %v", err)
	}
}

// A service unit may say --takeover always: where nothing runs it means nothing.
func TestTakeoverOfNothingIsAStart(t *testing.T) {
	p := newProcess(t)
	p.stage(1, 0)
	p.commit(1, 0)
	p.end(syscall.SIGKILL)
	p.changes = append(slices.Clone(p.changes), func(o *edge.Options) { o.Takeover = true })
	p.start()
	if _, body, err := p.get("/"); err != nil || body != release(1) {
		t.Errorf("%q %v", body, err)
	}
}
