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
		Short: "End the hold of a release, or let one that is stuck go on",
		Long: `Accept ends the hold of a release: what served before is retired now.

A release that is stuck after its point of no return goes on from where it
failed; one that serves everywhere stays, and what served before it is retired.
One of which a group of hosts went back alone tries that group once more.`,
		Args: cobra.ExactArgs(1),
		RunE: p.onRelease(func(ctx context.Context, server *client.Client, id slipway.ReleaseID) error {
			if err := server.Accept(ctx, id); err != nil {
				return err
			}
			return p.out.result(subject{ID: id.String()}, id.String()+" is accepted")
		}),
	}
}
