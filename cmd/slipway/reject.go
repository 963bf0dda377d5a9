package main

import (
	"context"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

func (p *program) reject() *cobra.Command {
	var gate, reason string
	cmd := &cobra.Command{
		Use:   "reject ID [--gate NAME] --reason TEXT",
		Short: "Reject a release at a gate",
		Args:  cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&gate, "gate", "", "the gate; default: the one that is open")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who read the history")
	_ = cmd.MarkFlagRequired("reason")
	cmd.RunE = p.onRelease(func(ctx context.Context, server *client.Client, id slipway.ReleaseID) error {
		if err := needReason(reason); err != nil {
			return err
		}
		return p.decide(ctx, server, id, gate, slipway.Reject, reason, true)
	})
	return cmd
}
