package main

import (
	"context"

	"github.com/spf13/cobra"

	"slipway"
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
	cmd.RunE = p.verb(func(ctx context.Context, args []string) error {
		if err := needReason(reason); err != nil {
			return err
		}
		return p.decide(ctx, args[0], gate, slipway.Reject, reason)
	})
	return cmd
}
