package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"slipway"
)

func restoreCommand() *cobra.Command {
	var there address
	var to, reason string
	cmd := &cobra.Command{
		Use:   "restore PROJECT/SERVICE --reason TEXT [--to RELEASE] --admin unix:PATH|https://HOST:PORT",
		Short: "Send a service's traffic back to a release that this edge still knows",
		Long: "Send a service's traffic back to a release that this edge still knows, without Slipway or Temporal.\n" +
			"Slipway notices, keeps what was chosen, and puts who and why into its audit log.",
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := slipway.ParseServiceID(args[0])
			if err != nil {
				return err
			}
			if reason == "" {
				return slipway.Errorf(slipway.CodeInvalid, "--reason is needed: say why, for those who read it later")
			}
			who, err := person()
			if err != nil {
				return err
			}
			client, err := there.client()
			if err != nil {
				return err
			}
			before, err := client.Route(cmd.Context(), id)
			if err != nil {
				return err
			}
			if to == "" {
				// Asked twice, or by two people at once, "the previous one" would
				// lead there and back again.
				if strings.HasPrefix(before.By, "operator:") {
					return slipway.Errorf(slipway.CodeConflict, "%s was sent to %s by %s already (%s): name the release that you want with --to", id, before.Active, before.By, before.Reason)
				}
				to = before.Previous
			}
			after, err := client.Override(cmd.Context(), slipway.OverrideRequest{
				ServiceID: id, Release: to, By: "operator:" + who, Reason: reason,
			})
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s serves, before it was %s (generation %d)\n", id, after.Active, dash(before.Active), after.Generation)
			return nil
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "release to go back to (default: the previous one)")
	cmd.Flags().StringVar(&reason, "reason", "", "why; required")
	there.flags(cmd)
	return cmd
}
