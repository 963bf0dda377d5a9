package api_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections are in memory, for tests whose time is
// not the world's.
type pipes struct {
	conns  chan net.Conn
	closed context.Context
	close  context.CancelFunc
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed.Done():
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	p.close()
	return nil
}

func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8400} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	p.conns <- there
	return here, nil
}

// newSiteInMemory is a site that is reached without a network.
func newSiteInMemory(t *testing.T) (*site, pipes) {
	t.Helper()
	s := unstarted(t)
	if err := s.Listener.Close(); err != nil {
		t.Fatal(err)
	}
	p := pipes{conns: make(chan net.Conn)}
	p.closed, p.close = context.WithCancel(t.Context())
	s.Listener = p
	s.Start()
	s.Client().Transport.(*http.Transport).DialContext = p.dial
	return s, p
}

func TestWhatTakesLongerThanItsBodyIsNotBrokenOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := newSiteInMemory(t)
		s.workflows.change(func(w *workflows) { w.planning = 30 * time.Second })
		begun := time.Now()
		a := s.as("rita", "POST", "/api/v1/plan", submission())
		if took := time.Since(begun); a.StatusCode != http.StatusOK || took < 30*time.Second {
			t.Errorf("after %s: %d %s", took, a.StatusCode, a.body)
		}
	})
}

func TestABodyThatDoesNotArriveKeepsNoConnection(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/login", "/logout", "/api/v1/login", "/api/v1/logout", "/api/v1/releases", "/nowhere"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, p := newSiteInMemory(t)
				conn, err := p.dial(t.Context(), "", "")
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				begun := time.Now()
				if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: slipway\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nuser=", path); err != nil {
					t.Fatal(err)
				}
				if err := conn.SetReadDeadline(begun.Add(time.Hour)); err != nil {
					t.Fatal(err)
				}
				_, err = io.Copy(io.Discard, conn)
				if took := time.Since(begun); err != nil || took > 10*time.Second {
					t.Errorf("after %s: %v", took, err)
				}
			})
		})
	}
}
