package e2e

import (
	"context"
	"errors"
	"sync"
	"testing"

	"slipway/e2e/system"
)

// common is a system that tests share, started by the first one.
type common struct {
	options system.Options
	people  []string // who are signed in
	once    sync.Once
	system  *system.System
	err     error
}

var (
	shared  = &common{people: []string{"ann"}}
	proxied = &common{people: []string{"ann", "bob"}, options: system.Options{Proxied: true}}
)

// start returns the system that the tests of this package share; each uses a
// service of its own. TestMain ends it.
func start(t testing.TB) *system.System {
	t.Helper()
	return shared.start(t)
}

// startProxied returns one more, in which everything that Slipway speaks to can
// be made to fail.
func startProxied(t testing.TB) *system.System {
	t.Helper()
	return proxied.start(t)
}

func (c *common) start(t testing.TB) *system.System {
	t.Helper()
	c.once.Do(func() {
		c.system, c.err = system.Start(context.Background(), c.options)
		for _, user := range c.people {
			if c.err == nil {
				c.err = c.system.SignIn(context.Background(), user)
			}
		}
	})
	if c.err != nil {
		t.Fatal(c.err)
	}
	return c.system
}

// closeShared ends what start and startProxied began.
func closeShared() error {
	var errs []error
	for _, c := range []*common{shared, proxied} {
		if c.system != nil {
			errs = append(errs, c.system.Close())
		}
	}
	return errors.Join(errs...)
}
