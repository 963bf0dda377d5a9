package main

import (
	"context"

	"github.com/spf13/cobra"

	"slipway"
)

func (p *program) history() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "history PROJECT/SERVICE [--limit N]",
		Short: "List the releases of a service, the latest first",
		Args:  cobra.ExactArgs(1),
	}
	cmd.Flags().IntVar(&limit, "limit", 20, "how many at most")
	cmd.RunE = p.verb(func(ctx context.Context, args []string) error {
		id, err := slipway.ParseServiceID(args[0])
		if err != nil {
			return err
		}
		if limit < 1 {
			return slipway.Errorf(slipway.CodeInvalid, "--limit %d is too few: write 1 or more", limit)
		}
		server, err := p.server()
		if err != nil {
			return err
		}
		releases, err := server.Releases(ctx, id, limit)
		if err != nil {
			return err
		}
		return p.out.result(struct {
			Releases []slipway.Release `json:"releases"`
		}{releases}, past(id, releases))
	})
	return cmd
}

func past(id slipway.ServiceID, releases []slipway.Release) string {
	if len(releases) == 0 {
		return id.String() + " has no releases"
	}
	rows := [][]string{{"RELEASE", "KIND", "TAG", "DIGEST", "STANDS", "BY", "STARTED", "ENDED"}}
	for _, r := range releases {
		rows = append(rows, []string{
			r.ID, string(r.Kind), r.Tag, slipway.ShortDigest(r.Digest), stands(r), r.RequestedBy, clock(r.StartedAt), clockOf(r.EndedAt),
		})
	}
	return table(rows)
}
