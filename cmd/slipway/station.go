package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"slipway"
	"slipway/daemon"
	"slipway/starter"
	"slipway/workflows"
)

// retention is how long the history of an ended release can be read, in a
// namespace that has to be made.
const retention = 90 * 24 * time.Hour

// A station is one of Slipway's parts against a Temporal cluster.
type station struct {
	fleet, data string
	guest       bool // may not prepare Temporal, and need not
}

func (s *station) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.fleet, "fleet", "", "the fleet.yaml `file`")
	cmd.Flags().StringVar(&s.data, "data", "/var/lib/slipway", "the `directory` of what this process keeps")
	_ = cmd.MarkFlagRequired("fleet") // it exists: the line above made it
}

// connect reads the fleet file and connects to Temporal. What is wrong with
// either is said before anything is started.
func (s *station) connect(ctx context.Context, part string) (*daemon.Daemon, client.Client, error) {
	if os.Getenv("TEMPORAL_ADDRESS") == "" {
		return nil, nil, slipway.Errorf(slipway.CodeInvalid, "TEMPORAL_ADDRESS is not set: name the Temporal cluster as host:port, or run slipway-standalone, which has one in it")
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	d, err := daemon.New(daemon.Config{Fleet: s.fleet, Data: s.data, Part: part, Version: version, Log: log})
	if err != nil {
		return nil, nil, err
	}
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, nil, slipway.Errorf(slipway.CodeInvalid, "read the settings of Temporal: %w", err)
	}
	if options.Namespace == "" || options.Namespace == client.DefaultNamespace {
		options.Namespace = workflows.Namespace
	}
	c, err := client.DialContext(ctx, d.Temporal(options))
	if err != nil {
		return nil, nil, slipway.Errorf(slipway.CodeUnavailable, "connect to Temporal at %s: %w", options.HostPort, err)
	}
	if !s.guest {
		if err := starter.EnsureNamespace(ctx, c, options.Namespace, retention); err != nil {
			c.Close()
			return nil, nil, fmt.Errorf("prepare Temporal: %w", err)
		}
	}
	d.Follow(ctx)
	log.Info("Part started", "part", part, "temporal", options.HostPort, "namespace", options.Namespace, "version", version)
	return d, c, nil
}
