package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/spec"
)

// schema says how a file is written, for editors.
func (p *program) schema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema service|fleet",
		Short: "Print the JSON Schema of service.yaml or fleet.yaml, for editors",
		Long: `Prints the JSON Schema of service.yaml or fleet.yaml, so that an editor completes
keys, explains them, and marks what is wrong. It knows what this version of
slipway knows of each key; what holds between keys it does not know, so
slipway plan may still refuse a file that an editor finds no fault with.`,
		Args: cobra.ExactArgs(1),
		RunE: p.verb(func(_ context.Context, args []string) error {
			kinds := map[string]func() *spec.Schema{"service": spec.ServiceSchema, "fleet": spec.FleetSchema}
			of, ok := kinds[args[0]]
			if !ok {
				return slipway.Errorf(slipway.CodeInvalid, "there is no schema of %q: write service or fleet", args[0])
			}
			schema := of()
			text, err := json.MarshalIndent(schema, "", "  ")
			if err != nil {
				return fmt.Errorf("write the schema: %w", err)
			}
			return p.out.result(schema, string(text))
		}),
	}
}
