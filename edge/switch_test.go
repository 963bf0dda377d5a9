package edge_test

import (
	"context"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"slipway"
)

func TestUnknownRouteIs404AndNothingLiveIs503(t *testing.T) {
	p := newProcess(t)
	if status, _, err := p.get("/"); err != nil || status != http.StatusNotFound {
		t.Errorf("unknown route: %d, %v", status, err)
	}
	p.stage(1, 0)
	if status, _, err := p.get("/"); err != nil || status != http.StatusServiceUnavailable {
		t.Errorf("nothing live: %d, %v", status, err)
	}
	p.commit(1, 0)
	if status, body, err := p.get("/"); err != nil || status != http.StatusOK || body != release(1) {
		t.Errorf("live: %d %q, %v", status, body, err)
	}
	if err := p.client.Remove(t.Context(), app, 1); err != nil {
		t.Fatal(err)
	}
	if status, _, err := p.get("/"); err != nil || status != http.StatusNotFound {
		t.Errorf("removed: %d, %v", status, err)
	}
}

// What was begun before a switch ends after it: a WebSocket and a slow request
// stay with blue until they end, or until blue is unstaged.
func TestOpenConnectionsOutliveTheSwitchUntilUnstage(t *testing.T) {
	p := newProcess(t)
	p.stage(1, 0)
	p.commit(1, 0)
	conn, _, err := websocket.Dial(t.Context(), "ws://"+p.http+"/ws", &websocket.DialOptions{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	slow := make(chan string)
	go func() {
		_, body, err := p.get("/?work=300ms")
		if err != nil {
			body = err.Error()
		}
		slow <- body
	}()
	eventually(t, "both are in flight", func() bool { return p.inFlight() == 2 })
	p.stage(2, 1)
	p.commit(2, 1)
	if _, body, err := p.get("/"); err != nil || body != release(2) {
		t.Errorf("after the switch %q answers, %v", body, err)
	}
	if body := <-slow; body != release(1) {
		t.Errorf("the slow request got %q", body)
	}
	if n, err := p.client.Drain(t.Context(), drainOf(50*time.Millisecond)); err != nil || n != 1 {
		t.Errorf("%d in flight, want the WebSocket; %v", n, err)
	}
	if reply, err := say(t.Context(), conn, "still there?"); err != nil || reply != release(1)+" still there?" {
		t.Errorf("the WebSocket answers %q, %v", reply, err)
	}
	if _, err := p.client.Unstage(t.Context(), app, release(1)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	if _, _, err := conn.Read(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("the WebSocket was not cut: %v", err)
	}
}

func say(ctx context.Context, conn *websocket.Conn, text string) (string, error) {
	if err := conn.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		return "", err
	}
	_, reply, err := conn.Read(ctx)
	return string(reply), err
}

// inFlight is how much is in flight for release 1.
func (p *process) inFlight() int {
	p.t.Helper()
	inFlight, err := p.client.Drain(p.t.Context(), drainOf(0))
	if err != nil {
		p.t.Fatal(err)
	}
	return inFlight
}

func TestDrainReturnsWhenTheLastRequestEnds(t *testing.T) {
	p := newProcess(t)
	p.stage(1, 0)
	p.commit(1, 0)
	go func() { _, _, _ = p.get("/?work=200ms") }()
	eventually(t, "it is in flight", func() bool { return p.inFlight() == 1 })
	start := time.Now()
	n, err := p.client.Drain(t.Context(), drainOf(time.Minute))
	if took := time.Since(start); err != nil || n != 0 || took > 30*time.Second {
		t.Errorf("%d in flight after %s, %v", n, took, err)
	}
}

// On SIGTERM what is under way is answered before the process ends, and
// nobody waits for a drain.
func TestStoppedEdgeAnswersWhatIsUnderWay(t *testing.T) {
	p := newProcess(t)
	p.stage(1, 0)
	p.commit(1, 0)
	answer := make(chan string)
	go func() {
		_, body, err := p.get("/?work=500ms")
		if err != nil {
			body = err.Error()
		}
		answer <- body
	}()
	eventually(t, "it is in flight", func() bool { return p.inFlight() == 1 })
	drained := make(chan error)
	go func() {
		_, err := p.client.Drain(t.Context(), drainOf(time.Minute))
		drained <- err
	}()
	p.end(syscall.SIGTERM)
	if body := <-answer; body != release(1) {
		t.Errorf("the request got %q", body)
	}
	if err := <-drained; err != nil && slipway.ErrorCode(err) != slipway.CodeUnavailable {
		t.Error(err)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit status %d", code)
	}
	p.start()
	if _, body, err := p.get("/"); err != nil || body != release(1) {
		t.Errorf("started again, %q answers, %v", body, err)
	}
}

func TestMetricsAreServed(t *testing.T) {
	p := newProcess(t)
	p.stage(1, 0)
	p.commit(1, 0)
	if _, _, err := p.get("/"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the request is counted", func() bool {
		text := p.metrics()
		return strings.Contains(text, `slipway_edge_requests_total{code="2xx",project="shop",release="shop.app.1",service="app"} 1`) &&
			strings.Contains(text, `slipway_edge_disk_write_seconds_count 2`)
	})
}

// drainOf asks what is in flight for release 1.
func drainOf(timeout time.Duration) slipway.DrainRequest {
	return slipway.DrainRequest{ServiceID: app, Release: release(1), Timeout: timeout}
}
