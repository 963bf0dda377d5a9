package main

import (
	"context"

	"github.com/spf13/cobra"
)

// worker runs activities and workflows against a Temporal cluster.
func (p *program) worker() *cobra.Command {
	var s station
	cmd := &cobra.Command{
		Use:   "worker --fleet FILE",
		Short: "Run a worker against a Temporal cluster",
		Long: `Runs workflows and activities against the Temporal cluster that TEMPORAL_ADDRESS
names (and TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_…, as Temporal's
own tools read them), until it is asked to end.`,
		Args: cobra.NoArgs,
		RunE: p.verb(func(ctx context.Context, _ []string) error {
			d, c, err := s.connect(ctx, "slipway-worker")
			if err != nil {
				return err
			}
			defer c.Close()
			return d.Work(ctx, c)
		}),
	}
	s.flags(cmd)
	return cmd
}
