package main

import (
	"context"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

func (p *program) watch() *cobra.Command {
	return &cobra.Command{
		Use:   "watch ID",
		Short: "Follow a release until it has ended",
		Long: `Watch follows a release until it has ended: while the version before it is held,
it has not. The exit status says how it ended, as with release --wait.`,
		Args: cobra.ExactArgs(1),
		RunE: p.onRelease(func(ctx context.Context, server *client.Client, id slipway.ReleaseID) error {
			release, err := p.follow(ctx, server, id, func(slipway.Release) bool { return false })
			if err != nil {
				return err
			}
			return p.conclude(release)
		}),
	}
}
