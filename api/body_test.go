package api_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

func TestWhatTakesLongerThanItsBodyIsNotBrokenOff(t *testing.T) {
	virtually(t, func(t *testing.T, s *site) {
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
			virtually(t, func(t *testing.T, s *site) {
				conn, err := s.Listener.(*wire).dial(t.Context(), "", "")
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
