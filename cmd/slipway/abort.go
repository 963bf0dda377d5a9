package main

import (
	"context"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

func (p *program) abort() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "abort ID [--reason TEXT]",
		Short: "End a release that does not serve yet, and undo what it did",
		Args:  cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who read the history")
	cmd.RunE = p.onRelease(func(ctx context.Context, server *client.Client, id slipway.ReleaseID) error {
		if err := server.Abort(ctx, id, reason); err != nil {
			return err
		}
		p.out.hint("slipway watch " + id.String() + " follows the undoing")
		return p.out.result(subject{ID: id.String()}, id.String()+" is being aborted")
	})
	return cmd
}

// A subject is the release that a command was about, as JSON.
type subject struct {
	ID string `json:"id"`
}
