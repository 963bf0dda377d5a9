package e2e

import (
	"context"
	"sync"
	"testing"

	"slipway/e2e/system"
)

var (
	shared     *system.System
	sharedOnce sync.Once
	errShared  error
)

// start returns the system that the tests of this package share; each uses a
// service of its own. TestMain ends it.
func start(t testing.TB) *system.System {
	t.Helper()
	sharedOnce.Do(func() {
		shared, errShared = system.Start(context.Background(), system.Options{})
		if errShared == nil {
			errShared = shared.SignIn(context.Background(), "ann")
		}
	})
	if errShared != nil {
		t.Fatal(errShared)
	}
	return shared
}

// closeShared ends what start began.
func closeShared() error {
	if shared == nil {
		return nil
	}
	return shared.Close()
}
