package main

import (
	"context"
	"runtime"

	"github.com/spf13/cobra"
)

func (p *program) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which version of slipway this is",
		Args:  cobra.NoArgs,
		RunE: p.verb(func(context.Context, []string) error {
			return p.out.result(struct {
				Version string `json:"version"`
				Go      string `json:"go"`
			}{version, runtime.Version()}, "slipway "+version+" ("+runtime.Version()+")")
		}),
	}
}
