package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"go.temporal.io/sdk/client"

	"slipway"
	"slipway/daemon"
	"slipway/deploy/standalone/agents"
	"slipway/deploy/standalone/embedded"
	"slipway/starter"
	"slipway/workflows"
)

const (
	// retention is how long the history of an ended release can be read.
	retention = 90 * 24 * time.Hour

	// levelStep is what lies between two levels of slog.
	levelStep = slog.LevelError - slog.LevelWarn

	// startTimeout bounds how long the parts may take to come up.
	startTimeout = time.Minute
)

// runAll starts the parts in the order in which they need one another, says
// when they are ready, and stops them in the opposite order when ctx ends. What
// is in the way of a start is found out before anything is started.
func runAll(ctx context.Context, o options, stdout io.Writer) (err error) {
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return slipway.Errorf(slipway.CodeConflict,
			"cannot listen on %s: %w; stop what listens there, or choose another address with --listen", o.listen, err)
	}
	defer listener.Close() // serve closes it too; that is no error

	d, err := daemon.New(daemon.Config{Fleet: o.fleet, Data: o.data, Part: "slipway-standalone", Alone: true, Version: version, Log: slog.Default()})
	if err != nil {
		return err
	}
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	temporal, err := embedded.Start(starting, embedded.Options{
		DataDir:   o.data,
		Listen:    o.temporalListen,
		Namespace: workflows.Namespace,
		Logger:    slog.Default().With("component", "temporal"),
		// Temporal warns of what is of no concern here.
		LogLevel: min(o.logLevel+2*levelStep, slog.LevelError),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, temporal.Stop()) }()

	c, err := client.DialContext(starting, d.Temporal(client.Options{HostPort: temporal.Address(), Namespace: workflows.Namespace}))
	if err != nil {
		return fmt.Errorf("connect to the embedded Temporal: %w", err)
	}
	defer c.Close()
	if err := starter.EnsureNamespace(starting, c, workflows.Namespace, retention); err != nil {
		return err
	}
	at := temporal.Address()
	if o.agentsListen != "" {
		door, closed := agents.Open(agents.Options{
			Listen: o.agentsListen, TLS: o.agentsTLS, Temporal: temporal.Address(), Namespace: workflows.Namespace,
			Log: slog.Default().With("component", "agents"),
		})
		if closed != nil {
			return closed
		}
		defer func() { err = errors.Join(err, door.Close()) }()
		at += ", agents " + door.Address()
	}
	d.Follow(ctx)
	return serve(ctx, d, c, listener, temporal.UIHandler(), func() {
		fmt.Fprintf(stdout, "slipway-standalone %s is ready: API and console http://%s, Temporal http://%[2]s%s/ and %s\n",
			version, listener.Addr(), embedded.UIPath, at)
	})
}
