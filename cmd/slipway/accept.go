package main

import (
	"context"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

func (p *program) accept() *cobra.Command {
	return &cobra.Command{
		Use:   "accept ID",
		Short: "End the hold of a release: what served before is retired now",
		Args:  cobra.ExactArgs(1),
		RunE: p.onRelease(func(ctx context.Context, server *client.Client, id slipway.ReleaseID) error {
			if err := server.Accept(ctx, id); err != nil {
				return err
			}
			return p.out.result(subject{ID: id.String()}, id.String()+" is accepted; what served before it is being retired")
		}),
	}
}
