package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"slipway/e2e/system"
)

// collected is what a collector of copies of the audit log has.
type collected struct {
	mu    sync.Mutex
	lines map[string]int // how often each has come
}

// collect has the audit log copied from now on, from its first line.
func collect(t *testing.T, s *system.System) *collected {
	t.Helper()
	c := &collected{lines: map[string]int{}}
	server := httptest.NewServer(c)
	before := readFile(t, s.FleetFile())
	more := fmt.Sprintf("audit_copies: [{name: store, url: %q}]\n", server.URL)
	if err := os.WriteFile(s.FleetFile(), append(bytes.Clone(before), more...), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.WriteFile(s.FleetFile(), before, 0o600); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	return c
}

// ServeHTTP takes lines.
func (c *collected) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for line := range bytes.Lines(body) {
		c.lines[string(line)]++
	}
}

// wantAllCollected wants every line that is in the files of the audit log to
// arrive.
func wantAllCollected(t *testing.T, s *system.System, c *collected) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.Dir, "standalone", "audit", "*", "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var want [][]byte
	for _, file := range files {
		for line := range bytes.Lines(readFile(t, file)) {
			want = append(want, line)
		}
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); ; <-tick.C {
		missing, again := 0, 0
		c.mu.Lock()
		for _, line := range want {
			if n := c.lines[string(line)]; n == 0 {
				missing++
			} else {
				again += n - 1
			}
		}
		c.mu.Unlock()
		if missing == 0 {
			t.Logf("all %d lines of the audit log were copied, %d of them twice", len(want), again)
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("of %d lines of the audit log %d were not copied", len(want), missing)
		}
	}
}
