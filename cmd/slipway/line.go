package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

func (p *program) line() *cobra.Command {
	var project string
	cmd := &cobra.Command{
		Use:   "line [--project NAME]",
		Short: "Stop the line: hold all releases at once, and let them go on",
		Long: `Line says what is stopped. With stop, every release of a project, or of all,
stands still at its next safe point: before green starts, before the next group
of hosts, before the switch; and new ones wait in their queues. What is held
stays held. Going back, and aborting, are possible all the while. With resume
all go on.`,
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&project, "project", "", "only what holds this one")
	cmd.RunE = p.verb(func(ctx context.Context, _ []string) error {
		if err := validProject(project); err != nil {
			return err
		}
		server, err := p.server()
		if err != nil {
			return err
		}
		stops, err := server.Stops(ctx, project)
		if err != nil {
			return err
		}
		return p.out.result(struct {
			Stops []slipway.Stop `json:"stops"`
		}{stops}, stopsText(stops))
	})
	cmd.AddCommand(
		p.lineVerb(&cobra.Command{
			Use:   "stop [--project NAME] --reason TEXT",
			Short: "Hold all releases of a project, or of all, where they may stand",
		}, (*client.Client).StopLine, "is stopped: releases stand still at their next safe point until slipway line resume; going back is possible"),
		p.lineVerb(&cobra.Command{
			Use:   "resume [--project NAME] --reason TEXT",
			Short: "Let releases go on",
		}, (*client.Client).ResumeLine, "goes on"),
	)
	for _, verb := range cmd.Commands() {
		verb.DisableFlagsInUseLine = true // each says them itself
	}
	return cmd
}

func (p *program) lineVerb(cmd *cobra.Command, do func(*client.Client, context.Context, string, string) error, done string) *cobra.Command {
	var project, reason string
	cmd.Args = cobra.NoArgs
	cmd.Flags().StringVar(&project, "project", "", "only that of this project; default: that of all")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who wait")
	_ = cmd.MarkFlagRequired("reason")
	cmd.RunE = p.verb(func(ctx context.Context, _ []string) error {
		if err := validProject(project); err != nil {
			return err
		}
		if err := needReason(reason); err != nil {
			return err
		}
		server, err := p.server()
		if err != nil {
			return err
		}
		if err := do(server, ctx, project, reason); err != nil {
			return err
		}
		what := "the line of all projects "
		if project != "" {
			what = "the line of " + project + " "
		}
		return p.out.result(struct {
			Project string `json:"project"`
			Reason  string `json:"reason"`
		}{project, reason}, what+done)
	})
	return cmd
}

func validProject(name string) error {
	if name != "" && !slipway.ValidName(name) {
		return slipway.Errorf(slipway.CodeInvalid, "--project %q is not the name of a project", name)
	}
	return nil
}

func stopsText(stops []slipway.Stop) string {
	if len(stops) == 0 {
		return "the line runs: nothing is stopped"
	}
	var b strings.Builder
	for _, s := range stops {
		b.WriteString(printable(s.String()) + ", at " + clock(s.At) + "\n")
	}
	return b.String()
}
