package main

import (
	"context"

	"github.com/spf13/cobra"

	"slipway"
)

func (p *program) accept() *cobra.Command {
	return &cobra.Command{
		Use:   "accept ID",
		Short: "End the hold of a release: what served before is retired now",
		Args:  cobra.ExactArgs(1),
		RunE: p.verb(func(ctx context.Context, args []string) error {
			id, err := slipway.ParseReleaseID(args[0])
			if err != nil {
				return err
			}
			server, err := p.server()
			if err != nil {
				return err
			}
			if err := server.Accept(ctx, id); err != nil {
				return err
			}
			return p.out.result(subject{ID: id.String()}, id.String()+" is accepted; what served before it is being retired")
		}),
	}
}
