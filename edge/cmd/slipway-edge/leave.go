package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/edge/disk"
)

func leaveCommand() *cobra.Command {
	var data, reason string
	cmd := &cobra.Command{
		Use:   "leave --data DIR --reason TEXT",
		Short: "Tell the balancer in front to send this edge no more requests",
		Long: "Tell the balancer in front to send this edge no more requests: its health check fails until slipway-edge stay,\n" +
			"also after a restart. What arrives all the same is served.",
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if data == "" || reason == "" {
				return slipway.Errorf(slipway.CodeInvalid, "--data and --reason are needed: %s", cmd.UseLine())
			}
			who, err := person()
			if err != nil {
				return err
			}
			if err := disk.Leave(data, who+": "+reason); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "the health check fails from now on; slipway-edge stay takes it back")
			return nil
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "directory of the edge; required")
	cmd.Flags().StringVar(&reason, "reason", "", "why; required")
	return cmd
}

func stayCommand() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:   "stay --data DIR",
		Short: "Take a leave back",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if data == "" {
				return slipway.Errorf(slipway.CodeInvalid, "--data is needed: %s", cmd.UseLine())
			}
			return disk.Stay(data)
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "directory of the edge; required")
	return cmd
}
