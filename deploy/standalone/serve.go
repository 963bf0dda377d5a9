package main

import (
	"context"
	"net"
	"net/http"

	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"slipway/daemon"
)

// serve runs worker and API until ctx ends, or one of them fails. The API
// starts last, so that it is ready when what it is asked for is taken up at
// once, and stops first, so that nothing new is asked for while the worker ends.
func serve(ctx context.Context, d *daemon.Daemon, c client.Client, listener net.Listener, ui http.Handler, ready func()) error {
	group, ctx := errgroup.WithContext(ctx)
	working, stopWorking := context.WithCancel(context.WithoutCancel(ctx))
	started := make(chan struct{})
	group.Go(func() error { return d.Work(working, c, func() { close(started) }) })
	group.Go(func() error {
		defer stopWorking()
		select {
		case <-started:
		case <-ctx.Done():
			return nil
		}
		ready()
		return d.Serve(ctx, c, listener, ui)
	})
	return group.Wait()
}
