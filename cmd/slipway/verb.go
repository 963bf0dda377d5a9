package main

import (
	"context"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

// verb is the body of a command: from here on, what goes wrong is no longer
// wrong usage.
func (p *program) verb(run func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		p.working = true
		return run(cmd.Context(), args)
	}
}

// onRelease is the body of a command whose one argument is a release's id.
func (p *program) onRelease(run func(context.Context, *client.Client, slipway.ReleaseID) error) func(*cobra.Command, []string) error {
	return p.verb(func(ctx context.Context, args []string) error {
		id, err := slipway.ParseReleaseID(args[0])
		if err != nil {
			return err
		}
		server, err := p.server()
		if err != nil {
			return err
		}
		return run(ctx, server, id)
	})
}
