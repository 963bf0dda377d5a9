package daemon

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// behaviour is how a collector is.
type behaviour int

const (
	well  behaviour = iota
	down            // it answers 503
	hung            // it reads, and never answers
	small           // it takes no more than 30 lines at a time
)

// store is a collector that is asked over HTTP.
type store struct {
	*httptest.Server
	mu       sync.Mutex
	is       behaviour
	requests int
	kept     []string
}

func newStore(t *testing.T) *store {
	t.Helper()
	s := &store{}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *store) Close() {
	s.CloseClientConnections()
	s.Server.Close()
}

// ServeHTTP takes lines.
func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body) // only then does a server notice that a client has gone
	s.mu.Lock()
	s.requests++
	is := s.is
	s.mu.Unlock()
	var lines []string
	for in := bufio.NewScanner(bytes.NewReader(body)); in.Scan(); {
		lines = append(lines, in.Text())
	}
	switch {
	case err != nil || is == down:
		w.WriteHeader(http.StatusServiceUnavailable)
	case is == hung:
		<-r.Context().Done()
	case is == small && len(lines) > 30:
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	default:
		s.mu.Lock()
		s.kept = append(s.kept, lines...)
		s.mu.Unlock()
	}
}

func (s *store) become(is behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.is = is
}

func (s *store) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

func (s *store) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.kept)
}
