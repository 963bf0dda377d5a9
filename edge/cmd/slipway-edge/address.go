package main

import (
	"github.com/spf13/cobra"

	"slipway"
	"slipway/drivers/slipwayedge"
)

// An address is where a subcommand finds the edge.
type address struct {
	admin string
	tls   slipway.TLS
}

func (a *address) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.admin, "admin", "", "address of the administration, unix:PATH or https://HOST:PORT")
	cmd.Flags().StringVar(&a.tls.CA, "ca", "", "for https: file with the CA of the edge's certificate")
	cmd.Flags().StringVar(&a.tls.Cert, "cert", "", "for https: file with your certificate")
	cmd.Flags().StringVar(&a.tls.Key, "key", "", "for https: file with its key")
}

func (a *address) client() (*slipwayedge.Client, error) {
	return slipwayedge.New(slipway.Edge{Name: "here", Admin: a.admin, TLS: &a.tls})
}
