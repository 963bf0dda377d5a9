package main

import (
	"context"

	"github.com/spf13/cobra"

	"slipway"
)

func (p *program) watch() *cobra.Command {
	return &cobra.Command{
		Use:   "watch ID",
		Short: "Follow a release until it has ended",
		Long: `Watch follows a release until it has ended: while the version before it is held,
it has not. The exit status says how it ended, as with release --wait.`,
		Args: cobra.ExactArgs(1),
		RunE: p.verb(func(ctx context.Context, args []string) error {
			id, err := slipway.ParseReleaseID(args[0])
			if err != nil {
				return err
			}
			server, err := p.server()
			if err != nil {
				return err
			}
			release, err := p.follow(ctx, server, id, func(slipway.Release) bool { return false })
			if err != nil {
				return err
			}
			return p.conclude(release)
		}),
	}
}
