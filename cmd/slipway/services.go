package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"slipway"
)

func (p *program) services() *cobra.Command {
	var project string
	cmd := &cobra.Command{
		Use:   "services [--project NAME]",
		Short: "List services and what they serve",
		Args:  cobra.NoArgs,
	}
	cmd.Flags().StringVar(&project, "project", "", "only those of this project")
	cmd.RunE = p.verb(func(ctx context.Context, _ []string) error {
		if project != "" && !slipway.ValidName(project) {
			return slipway.Errorf(slipway.CodeInvalid, "--project %q is not the name of a project", project)
		}
		server, err := p.server()
		if err != nil {
			return err
		}
		services, err := server.Services(ctx, project)
		if err != nil {
			return err
		}
		return p.out.result(struct {
			Services []slipway.ServiceStatus `json:"services"`
		}{services}, present(services))
	})
	return cmd
}

func present(services []slipway.ServiceStatus) string {
	if len(services) == 0 {
		return "there are no services"
	}
	rows := [][]string{{"SERVICE", "LIVE", "TAG", "DIGEST", "SINCE", "NOW"}}
	for _, s := range services {
		row := []string{s.String(), "-", "-", "-", "-", doing(s)}
		if s.Live != nil {
			row = []string{s.String(), s.Live.Release, s.Live.Tag, slipway.ShortDigest(s.Live.Digest), clock(s.Live.Since), doing(s)}
		}
		rows = append(rows, row)
	}
	return table(rows)
}

// doing is what goes on with a service.
func doing(s slipway.ServiceStatus) string {
	var parts []string
	if s.Unread != "" {
		parts = append(parts, "not known now: "+s.Unread)
	}
	if s.Running != "" {
		parts = append(parts, s.Running+" is on its way")
	}
	for _, stuck := range s.Stuck {
		parts = append(parts, stuck.Release+" is stuck")
	}
	if s.Held != "" {
		parts = append(parts, s.Held+" holds what served before")
	}
	if len(s.Queue) > 0 {
		parts = append(parts, fmt.Sprintf("%d in the queue", len(s.Queue)))
	}
	for _, b := range s.Behind {
		parts = append(parts, b.String()+" is behind")
	}
	if s.Removal != nil {
		parts = append(parts, s.Removal.String())
	}
	if s.Stop != nil {
		parts = append(parts, s.Stop.String())
	}
	if s.Lock != nil {
		parts = append(parts, s.Lock.String())
	}
	return strings.Join(parts, ", ")
}
