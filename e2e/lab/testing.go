package lab

import (
	"context"
	"io"
	"testing"
	"time"
)

// startTimeout is how long a part may take to start in a test.
const startTimeout = time.Minute

// TestEngine is StartEngine for one test, which fails if there is no engine.
func TestEngine(t testing.TB) *Engine { return forTest(t, StartEngine) }

// TestEngineFor is StartEngineFor for one test, which fails if there is no
// engine.
func TestEngineFor(t testing.TB, way Way) *Engine {
	return forTest(t, func(ctx context.Context) (*Engine, error) { return StartEngineFor(ctx, way) })
}

// TestRegistry is StartRegistry for one test, which fails if there is none.
func TestRegistry(t testing.TB) *Registry { return forTest(t, StartRegistry) }

func forTest[T io.Closer](t testing.TB, start func(context.Context) (T, error)) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	part, err := start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := part.Close(); err != nil {
			t.Error(err)
		}
	})
	return part
}

// TestHosts is StartHosts for one test, which fails if there are none.
func TestHosts(t testing.TB, options HostsOptions) *Hosts {
	return forTest(t, func(ctx context.Context) (*Hosts, error) { return StartHosts(ctx, options) })
}
