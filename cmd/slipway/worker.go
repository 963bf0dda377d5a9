package main

import (
	"context"

	"github.com/spf13/cobra"

	"slipway/worker"
)

// worker runs activities and workflows against a Temporal cluster.
func (p *program) worker() *cobra.Command {
	var s station
	var agent worker.Agent
	cmd := &cobra.Command{
		Use:   "worker --fleet FILE",
		Short: "Run a worker against a Temporal cluster",
		Long: `Runs workflows and activities against the Temporal cluster that TEMPORAL_ADDRESS
names (and TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_…, as Temporal's
own tools read them), until it is asked to end.

With --host it is the agent of that host, which has agent: true in the fleet
file: it works on the Docker Engine of the machine it runs on, and on nothing
else. No port of the host needs to be open.`,
		Args: cobra.NoArgs,
		RunE: p.verb(func(ctx context.Context, _ []string) error {
			part := "slipway-worker"
			if agent.Host != "" {
				part, s.guest = "slipway-agent", true
			}
			d, c, err := s.connect(ctx, part)
			if err != nil {
				return err
			}
			defer c.Close()
			if agent.Host != "" {
				return d.WorkOn(ctx, c, agent)
			}
			return d.Work(ctx, c, nil)
		}),
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&agent.Host, "host", "", "be the agent of this `host`, which this machine is")
	cmd.Flags().StringVar(&agent.Docker, "docker", "unix:///var/run/docker.sock", "with --host: where its Docker Engine answers")
	return cmd
}
