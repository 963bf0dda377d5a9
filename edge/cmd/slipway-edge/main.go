// Command slipway-edge is the reverse proxy that holds the routes of services.
// Its subcommands status and restore work on the machine itself, when Slipway
// and Temporal do not.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/drivers/slipwayedge"
	"slipway/edge"
)

// Exit statuses, the same as those of the command slipway.
const (
	exitFailed   = 1
	exitUsage    = 2
	exitNoAnswer = 5
)

func main() {
	if err := command().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "slipway-edge:", err)
		os.Exit(exitStatus(err))
	}
}

func exitStatus(err error) int {
	switch slipway.ErrorCode(err) {
	case slipway.CodeInvalid:
		return exitUsage
	case slipway.CodeUnavailable:
		return exitNoAnswer
	default:
		return exitFailed
	}
}

func command() *cobra.Command {
	var o edge.Options
	var admin string
	cmd := &cobra.Command{
		Use:           "slipway-edge --data DIR --http ADDR --admin unix:PATH",
		Short:         "The reverse proxy that holds the routes of services",
		Args:          usage(cobra.NoArgs),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(*cobra.Command, []string) (err error) {
			if o.Data == "" || o.HTTP == "" {
				return slipway.Errorf(slipway.CodeInvalid, "--data and --http are needed: slipway-edge --data DIR --http ADDR --admin unix:PATH")
			}
			if o.Socket, err = slipwayedge.Socket(admin); err != nil {
				return err
			}
			if err := edge.Start(o); err != nil {
				return err
			}
			select {} // Caddy ends the process on a signal
		},
	}
	cmd.Flags().StringVar(&o.Data, "data", "", "directory for the table; one edge per directory")
	cmd.Flags().StringVar(&o.HTTP, "http", "", "address to serve requests on, for example :80")
	cmd.PersistentFlags().StringVar(&admin, "admin", "", "address of the administration, unix:PATH")
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return slipway.Errorf(slipway.CodeInvalid, "%w", err)
	})
	cmd.CompletionOptions.DisableDefaultCmd = true
	cmd.AddCommand(statusCommand(&admin), restoreCommand(&admin))
	return cmd
}

// usage marks what is wrong with arguments as wrong usage.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return slipway.Errorf(slipway.CodeInvalid, "%w: %s", err, cmd.UseLine())
		}
		return nil
	}
}
