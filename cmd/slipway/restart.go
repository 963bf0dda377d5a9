package main

import (
	"context"

	"github.com/spf13/cobra"

	"slipway"
)

func (p *program) restart() *cobra.Command {
	var reason string
	var wait bool
	cmd := &cobra.Command{
		Use:   "restart PROJECT/SERVICE --reason TEXT [--wait]",
		Short: "Release once more exactly what is live",
		Long: `Restart releases once more exactly what is live: the same image with the same
settings, in new containers, proven and switched to as in any release, without
gates and without a hold. Prints the id of the release.`,
		Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who read the history")
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until the new containers serve")
	_ = cmd.MarkFlagRequired("reason")
	cmd.RunE = p.verb(func(ctx context.Context, args []string) error {
		service, err := slipway.ParseServiceID(args[0])
		if err != nil {
			return err
		}
		if err := needReason(reason); err != nil {
			return err
		}
		server, err := p.server()
		if err != nil {
			return err
		}
		id, err := server.Restart(ctx, service, reason)
		if err != nil {
			return err
		}
		if !wait {
			p.out.hint("slipway watch " + id.String() + " follows it")
			return p.out.result(restarted{ID: id.String()}, id.String())
		}
		release, err := p.follow(ctx, server, id, serves)
		if err != nil {
			return err
		}
		return p.conclude(release)
	})
	return cmd
}

// A restarted is the release of a restart, as JSON.
type restarted struct {
	ID string `json:"id"`
}
