package main

import (
	"context"

	"github.com/spf13/cobra"

	"slipway"
)

func (p *program) approve() *cobra.Command {
	var gate, reason string
	cmd := &cobra.Command{
		Use:   "approve ID [--gate NAME] [--reason TEXT]",
		Short: "Approve a release at a gate",
		Args:  cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&gate, "gate", "", "the gate; default: the one that is open")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who read the history")
	cmd.RunE = p.verb(func(ctx context.Context, args []string) error {
		return p.decide(ctx, args[0], gate, slipway.Approve, reason)
	})
	return cmd
}
