package e2e

import (
	"context"
	"sync"
	"testing"

	"slipway/e2e/system"
)

// shared is a system that tests share, started by the first one.
var shared struct {
	once   sync.Once
	system *system.System
	err    error
}

// start returns the system that the tests of this package share; each uses a
// service of its own. One that disturbs others does not run beside them, or has a
// system of its own. TestMain ends it.
func start(t testing.TB) *system.System {
	t.Helper()
	shared.once.Do(func() {
		shared.system, shared.err = system.Start(context.Background(), system.Options{})
		if shared.err == nil {
			shared.err = shared.system.SignIn(context.Background(), "ann")
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.system
}

// closeShared ends what start began.
func closeShared() error {
	if shared.system == nil {
		return nil
	}
	return shared.system.Close()
}

// own returns a system for one test, which ends with it. ann is signed in.
func own(t testing.TB, options system.Options) *system.System {
	t.Helper()
	s, err := system.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.SignIn(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	return s
}
