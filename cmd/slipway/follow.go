package main

import (
	"context"
	"errors"
	"fmt"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

// A view shows a release while it goes on.
type view interface {
	show(slipway.Release)
	close()
}

// follow shows a release as it goes on, until enough says so or it has ended.
func (p *program) follow(ctx context.Context, server *client.Client, id slipway.ReleaseID, enough func(slipway.Release) bool) (slipway.Release, error) {
	var release slipway.Release
	view := p.out.view()
	err := server.Watch(ctx, id, func(now slipway.Release) bool {
		release = now
		view.show(now)
		return enough(now)
	})
	view.close()
	if errors.Is(err, context.Canceled) {
		err = fmt.Errorf("%w; %s goes on by itself: slipway watch %s", errInterrupted, id, id)
	}
	return release, err
}

// view is the one that standard error can show.
func (o *output) view() view {
	if !o.moving {
		return &lines{out: o.stderr}
	}
	o.live = newBars(o.stderr, func() { o.live = nil })
	return o.live
}
