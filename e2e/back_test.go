package e2e

import (
	"context"
	"sync"
	"testing"
	"time"

	"slipway/e2e/system"
)

// backEverywhere goes back, and returns how long it took from the command until
// every edge answered with a version.
func backEverywhere(t testing.TB, s *system.System, name, want string) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	begun := time.Now()
	var edges sync.WaitGroup
	for _, url := range edgeURLs(s) {
		edges.Go(func() {
			for ctx.Err() == nil {
				if version, err := system.Ask(ctx, url, name); err == nil && version == want {
					return
				}
			}
		})
	}
	result, err := s.CLI(ctx, "ann", "rollback", "search/"+name, "--reason", "everything is slow")
	if err != nil || result.Status != 0 {
		t.Fatalf("slipway rollback: status %d, %v: %s", result.Status, err, result.Stderr)
	}
	edges.Wait()
	if ctx.Err() != nil {
		t.Fatalf("%s does not serve again on every edge\n%s", want, s.Standalone.Log())
	}
	return time.Since(begun)
}
