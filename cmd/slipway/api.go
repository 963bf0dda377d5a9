package main

import (
	"context"
	"net"

	"github.com/spf13/cobra"

	"slipway"
)

// api serves the API and the console against a Temporal cluster.
func (p *program) api() *cobra.Command {
	var (
		s      station
		listen string
	)
	cmd := &cobra.Command{
		Use:   "api --fleet FILE",
		Short: "Serve the API and the console against a Temporal cluster",
		Long: `Serves the API and the console against the Temporal cluster that
TEMPORAL_ADDRESS names (and TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_…,
as Temporal's own tools read them), until it is asked to end.`,
		Args: cobra.NoArgs,
		RunE: p.verb(func(ctx context.Context, _ []string) error {
			listener, err := net.Listen("tcp", listen)
			if err != nil {
				return slipway.Errorf(slipway.CodeConflict, "cannot listen on %s: %w; choose another address with --listen", listen, err)
			}
			defer listener.Close() // Serve closes it too; that is no error
			d, c, err := s.connect(ctx, "slipway-api")
			if err != nil {
				return err
			}
			defer c.Close()
			return d.Serve(ctx, c, listener, nil)
		}),
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8400", "address of the API and the console")
	return cmd
}
