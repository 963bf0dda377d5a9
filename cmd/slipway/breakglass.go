package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

func (p *program) breakGlass() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "break-glass ID --reason TEXT",
		Short: "Have a release switch in spite of a window or a freeze, with a second person",
		Long: `Break-glass lets a release switch, as it is at this moment, although a window is
shut or a freeze is on. It takes two people, each with this command: one of them
may decide on releases of the project and has not asked for this one. Who asks
for it with slipway release --break-glass is the first of them. What they said
is shown with the release for ever, and counts for four hours. Gates are not
passed by it, nor a stopped line.`,
		Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why it cannot wait")
	_ = cmd.MarkFlagRequired("reason")
	cmd.RunE = p.onRelease(func(ctx context.Context, server *client.Client, id slipway.ReleaseID) error {
		if err := needReason(reason); err != nil {
			return err
		}
		seen, err := server.ReleaseToDecide(ctx, id)
		if err != nil {
			return err
		}
		if err := server.BreakGlass(ctx, id, client.Pass{Reason: reason, Digest: seen.Digest, Settings: seen.Settings}); err != nil {
			return err
		}
		release, err := server.Release(ctx, id)
		if err != nil {
			return err
		}
		text := fmt.Sprintf("the glass is broken for %s: %s (%s) switches in spite of windows and freezes", id, release.Tag, slipway.ShortDigest(release.Digest))
		if !release.Passed() {
			text = fmt.Sprintf("%s waits for one more person to break the glass: one of the two may decide on it, and has not asked for it", id)
		}
		return p.out.result(release, printable(text))
	})
	return cmd
}
