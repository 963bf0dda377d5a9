// Package docker drives one Docker Engine over its API: it pulls images by
// digest, runs containers at addresses that stay, and says how they ended.
//
// Each call costs as few round trips as the API allows, ends when its context
// does, and classifies what went wrong: an engine that does not answer is
// CodeUnavailable and names its host, so that a hung dockerd delays nothing but
// itself. Calls may be repeated: what was done already is found and kept.
//
// Containers run with the log driver that the engine is set to. Its
// non-blocking mode would not help a service that logs while dockerd hangs:
// the buffer of that mode is inside dockerd, and what fills up is the pipe in
// front of it.
package docker

import (
	"context"
	"net/netip"

	"github.com/docker/docker/client"
)

// An Engine is one Docker Engine. Its methods may be called at the same time.
type Engine struct {
	host   string
	client *client.Client

	// placing is held from looking at which addresses are taken until a container
	// that takes one exists. It is a channel because waiting for it must end with
	// the context: its holder may be stuck in a hung engine.
	placing  chan struct{}
	subnet   netip.Prefix // of the bridge network, once it is known
	lastIP   netip.Addr   // the address given out last
	lastPort int          // the host port given out last
}

// Close gives up idle connections.
func (e *Engine) Close() error { return e.client.Close() }

// lock waits for placing, as long as ctx lasts.
func (e *Engine) lock(ctx context.Context) error {
	select {
	case e.placing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *Engine) unlock() { <-e.placing }
