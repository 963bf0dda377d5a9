package main

import (
	"context"

	"github.com/spf13/cobra"

	"slipway"
)

func (p *program) remove() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "remove PROJECT/SERVICE [--reason TEXT]",
		Short: "Take a service away: its route, then its containers",
		Long: `Remove takes a service away. No edge sends it anything any more, requests that
are under way finish, the edges forget it, and then its containers go. It
returns when that is done, or says what does not answer and is still to go.
Volumes stay. The numbers of its releases go on: it may be released again, and
slipway rollback releases again what was removed.`,
		Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who look for it")
	cmd.RunE = p.verb(func(ctx context.Context, args []string) error {
		service, err := slipway.ParseServiceID(args[0])
		if err != nil {
			return err
		}
		if cmd.Flags().Changed("reason") {
			if err := needReason(reason); err != nil {
				return err
			}
		}
		server, err := p.server()
		if err != nil {
			return err
		}
		id, err := server.Remove(ctx, service, reason)
		if err != nil {
			return err
		}
		release, err := p.follow(ctx, server, id, serves)
		if err != nil {
			return err
		}
		return p.conclude(release)
	})
	return cmd
}
