package main

import (
	"context"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

func (p *program) approve() *cobra.Command {
	var gate, reason string
	var signature bool
	cmd := &cobra.Command{
		Use:   "approve ID [--gate NAME] [--reason TEXT] [--signature]",
		Short: "Approve a release at a gate",
		Long: `Approves a release at a gate, as it is at this moment: digest, settings and plan.

With --signature the approval is signed and printed, and nothing else is done.
It is the input of Temporal's signal (or update) decide:

  temporal workflow signal --namespace slipway --workflow-id release/ID \
    --name decide --input "$(slipway approve ID --signature)"`,
		Args: cobra.ExactArgs(1),
	}
	cmd.Flags().BoolVar(&signature, "signature", false, "print the signed approval instead of passing it on")
	cmd.Flags().StringVar(&gate, "gate", "", "the gate; default: the one that is open")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who read the history")
	cmd.RunE = p.onRelease(func(ctx context.Context, server *client.Client, id slipway.ReleaseID) error {
		return p.decide(ctx, server, id, gate, slipway.Approve, reason, !signature)
	})
	return cmd
}
