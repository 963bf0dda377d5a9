package main

import (
	"context"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

func (p *program) lock() *cobra.Command {
	return p.lockVerb(&cobra.Command{
		Use:   "lock PROJECT/SERVICE --reason TEXT",
		Short: "Keep new releases of a service away; going back stays possible",
	}, (*client.Client).Lock, " is locked: no release of it starts until slipway unlock")
}

func (p *program) unlock() *cobra.Command {
	return p.lockVerb(&cobra.Command{
		Use:   "unlock PROJECT/SERVICE --reason TEXT",
		Short: "Let releases of a service start again",
	}, (*client.Client).Unlock, " is unlocked")
}

func (p *program) lockVerb(cmd *cobra.Command, turn func(*client.Client, context.Context, slipway.ServiceID, string) error, done string) *cobra.Command {
	var reason string
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who want to release")
	_ = cmd.MarkFlagRequired("reason")
	cmd.RunE = p.verb(func(ctx context.Context, args []string) error {
		service, err := slipway.ParseServiceID(args[0])
		if err != nil {
			return err
		}
		if err := needReason(reason); err != nil {
			return err
		}
		server, err := p.server()
		if err != nil {
			return err
		}
		if err := turn(server, ctx, service, reason); err != nil {
			return err
		}
		return p.out.result(service, service.String()+done)
	})
	return cmd
}
