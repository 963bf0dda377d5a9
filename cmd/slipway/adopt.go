package main

import (
	"context"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

func (p *program) adopt() *cobra.Command {
	var order client.Adoption
	var file string
	cmd := &cobra.Command{
		Use:   "adopt -f service.yaml --container NAME [--host HOST] [--retire] [--reason TEXT]",
		Short: "Put a container that serves already behind the edge",
		Long: `Adopt puts a container that serves already, started by hand or by Compose, behind
the edge as release 0 of a service. Nothing about the container is changed: it
is looked at, asked for its health where the edge would reach it, and then gets
the route. The next release starts beside it, and may go back to it while it is
held. When it is retired it is left running without traffic; with --retire it is
stopped and removed.`,
		Args: cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVarP(&file, "file", "f", "", "the service file; - is standard input")
	flags.StringVar(&order.Container, "container", "", "the name of the container")
	flags.StringVar(&order.Host, "host", "", "where it runs; default: the only host of the service")
	flags.BoolVar(&order.Retire, "retire", false, "stop and remove the container when a release has taken its place")
	flags.StringVar(&order.Reason, "reason", "", "why, for those who read the history")
	_ = cmd.MarkFlagRequired("file")
	_ = cmd.MarkFlagRequired("container")
	cmd.RunE = p.verb(func(ctx context.Context, _ []string) error {
		if order.Container == "" {
			return slipway.Errorf(slipway.CodeInvalid, "--container is empty: write the name that docker ps shows")
		}
		text, err := p.readServiceFile(file)
		if err != nil {
			return err
		}
		order.ServiceFile = text
		server, err := p.server()
		if err != nil {
			return err
		}
		id, err := server.Adopt(ctx, order)
		if err != nil {
			return err
		}
		release, err := p.follow(ctx, server, id, serves)
		if err != nil {
			return err
		}
		return p.conclude(release)
	})
	return cmd
}
