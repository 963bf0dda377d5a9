package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

// verb is the body of a command: from here on, what goes wrong is no longer
// wrong usage.
func (p *program) verb(run func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		p.working = true
		return run(cmd.Context(), args)
	}
}

// group is a command that only holds others. Without one of them, or with one
// that is not there, it is wrong usage.
func group(cmd *cobra.Command, verbs ...*cobra.Command) *cobra.Command {
	cmd.Args = cobra.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		names := make([]string, len(verbs))
		for i, verb := range verbs {
			names[i] = verb.Name()
		}
		return slipway.Errorf(slipway.CodeInvalid, "%s does nothing by itself: add one of %s", cmd.CommandPath(), strings.Join(names, ", "))
	}
	for _, verb := range verbs {
		verb.DisableFlagsInUseLine = true // each says them itself
	}
	cmd.AddCommand(verbs...)
	return cmd
}

// onRelease is the body of a command whose one argument is a release's id.
func (p *program) onRelease(run func(context.Context, *client.Client, slipway.ReleaseID) error) func(*cobra.Command, []string) error {
	return p.verb(func(ctx context.Context, args []string) error {
		id, err := slipway.ParseReleaseID(args[0])
		if err != nil {
			return err
		}
		server, err := p.server()
		if err != nil {
			return err
		}
		return run(ctx, server, id)
	})
}
