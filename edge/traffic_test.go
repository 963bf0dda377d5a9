package edge_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// Traffic is what people and machines send to a service: so many requests a
// second, whether or not earlier ones have been answered, four in five on
// kept-alive connections, slow ones among them, and WebSockets that stay open.
type traffic struct {
	url     string
	perSec  int
	work    time.Duration // that each request costs the service
	sockets int
	history *history

	kept, fresh *http.Client
	running     sync.WaitGroup

	mu       sync.Mutex
	requests int
	slow     int
	messages int
	failures []string
	cut      int
	took     []time.Duration // of those that are not slow
}

// A history numbers the switches, so that an answer can be checked against
// what was live while its request was under way.
type history struct {
	begun, acknowledged atomic.Int64 // number of the last switch
	live                func(n int64) string
}

// allowed reports whether a request that began when switch from had been
// acknowledged, and ended when no switch after to had begun, may be answered
// by this release.
func (h *history) allowed(release string, from, to int64) bool {
	for n := from; n <= to; n++ {
		if h.live(n) == release {
			return true
		}
	}
	return false
}

func newTraffic(url string, perSec int, history *history) *traffic {
	return &traffic{
		url: url, perSec: perSec, work: 20 * time.Millisecond, sockets: 20, history: history,
		kept:  &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}, Timeout: 30 * time.Second},
		fresh: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second},
	}
}

// run sends until ctx ends, and returns when all that was sent is answered.
func (f *traffic) run(ctx context.Context, t *testing.T) {
	for range f.sockets {
		f.running.Go(func() { f.talk(ctx, t) })
	}
	interval := time.Second / time.Duration(f.perSec)
	start := time.Now()
	for n := 0; ctx.Err() == nil; n++ {
		// Counted from the start, so that what a busy machine delays is caught up.
		select {
		case <-time.After(time.Until(start.Add(time.Duration(n) * interval))):
		case <-ctx.Done():
		}
		client, work := f.kept, f.work
		if n%5 == 4 {
			client = f.fresh
		}
		if n%100 == 50 {
			work = 2 * time.Second
		}
		f.running.Go(func() { f.request(t, client, work) })
	}
	f.running.Wait()
}

func (f *traffic) request(t *testing.T, client *http.Client, work time.Duration) {
	from, start := f.history.acknowledged.Load(), time.Now()
	answer, err := ask(t.Context(), client, fmt.Sprintf("%s/?work=%s", f.url, work))
	took, to := time.Since(start), f.history.begun.Load()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	if work != f.work {
		f.slow++
	} else {
		f.took = append(f.took, took)
	}
	switch {
	case err != nil:
		f.failures = append(f.failures, err.Error())
	case !f.history.allowed(answer, from, to):
		f.failures = append(f.failures, fmt.Sprintf("answered by %s, begun after switch %d was acknowledged, ended before switch %d began", answer, from, to+1))
	}
}

func ask(ctx context.Context, client *http.Client, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	req.Host = host
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %s: %s", res.Status, body)
	}
	return string(body), err
}

// talk holds one WebSocket, says something ten times a second, and expects the
// release that it was opened with to answer until the end.
func (f *traffic) talk(ctx context.Context, t *testing.T) {
	messages := 0
	err := converse(ctx, t.Context(), f.url+"/ws", &messages)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.messages += messages
	if err != nil {
		f.cut++
		f.failures = append(f.failures, "websocket: "+err.Error())
	}
}

func converse(until, ctx context.Context, url string, messages *int) error {
	conn, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{Host: host})
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	first := ""
	for {
		if err := conn.Write(ctx, websocket.MessageText, []byte("hello")); err != nil {
			return err
		}
		_, reply, err := conn.Read(ctx)
		if err != nil {
			return err
		}
		if first == "" {
			first = string(reply)
		}
		if string(reply) != first {
			return fmt.Errorf("answered %q, before %q", reply, first)
		}
		*messages++
		select {
		case <-until.Done():
			return conn.Close(websocket.StatusNormalClosure, "")
		case <-tick.C:
		}
	}
}
