package main

import (
	"context"

	"github.com/spf13/cobra"

	"slipway"
)

func (p *program) abort() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "abort ID [--reason TEXT]",
		Short: "End a release that does not serve yet, and undo what it did",
		Args:  cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who read the history")
	cmd.RunE = p.verb(func(ctx context.Context, args []string) error {
		id, err := slipway.ParseReleaseID(args[0])
		if err != nil {
			return err
		}
		server, err := p.server()
		if err != nil {
			return err
		}
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
