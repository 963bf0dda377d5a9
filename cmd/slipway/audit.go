package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

// audit lists what people and machines did.
func (p *program) audit() *cobra.Command {
	var (
		filter client.AuditFilter
		since  time.Duration
		limit  int
		lines  bool
	)
	cmd := &cobra.Command{
		Use:   "audit [--project NAME] [--service P/S] [--user NAME] [--action A] [--request ID] [--since 24h] [--limit N] [--lines]",
		Short: "List what people and machines did, the latest first",
		Long: `Lists the audit log of the server's machine, the latest entry first: of all
projects that you may view, and for operators of the whole fleet all of it.
An intent is what was about to be done, with the same request as its outcome.`,
		Args: cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVar(&filter.Project, "project", "", "only this project")
	flags.StringVar(&filter.Service, "service", "", "only this service, as PROJECT/SERVICE")
	flags.StringVar(&filter.User, "user", "", "only what this user did")
	flags.StringVar(&filter.Action, "action", "", "only this action, such as release.submit, or with a dot at its end all that begin so")
	flags.StringVar(&filter.Request, "request", "", "only this request: its intent and its outcome")
	flags.DurationVar(&since, "since", 0, "only the last 24h, or another time")
	flags.IntVar(&limit, "limit", 50, "how many at most")
	flags.BoolVar(&lines, "lines", false, "all of them, without a limit, as one line of JSON each")
	cmd.MarkFlagsMutuallyExclusive("lines", "limit")
	cmd.RunE = p.verb(func(ctx context.Context, _ []string) error {
		if err := checkAudit(filter, since, limit); err != nil {
			return err
		}
		if lines && p.out.json {
			return slipway.Errorf(slipway.CodeInvalid, "--lines is many JSON values, and -o json is one: leave one of them out")
		}
		if since > 0 {
			filter.Since = time.Now().Add(-since)
		}
		server, err := p.server()
		if err != nil {
			return err
		}
		if lines {
			encoder := json.NewEncoder(p.out.stdout)
			encoder.SetEscapeHTML(false)
			return server.Audit(ctx, filter, 0, func(e slipway.AuditEntry) error { return encoder.Encode(e) })
		}
		entries := []slipway.AuditEntry{}
		err = server.Audit(ctx, filter, limit, func(e slipway.AuditEntry) error {
			entries = append(entries, e)
			return nil
		})
		if err != nil {
			return err
		}
		return p.out.result(struct {
			Entries []slipway.AuditEntry `json:"entries"`
		}{entries}, done(entries))
	})
	cmd.AddCommand(p.auditVerify())
	return cmd
}

func checkAudit(f client.AuditFilter, since time.Duration, limit int) error {
	if f.Project != "" && !slipway.ValidName(f.Project) {
		return slipway.Errorf(slipway.CodeInvalid, "--project %q is not the name of a project", f.Project)
	}
	if f.Service != "" {
		if _, err := slipway.ParseServiceID(f.Service); err != nil {
			return err
		}
	}
	if since < 0 {
		return slipway.Errorf(slipway.CodeInvalid, "--since %s is in the future: write for example 24h", since)
	}
	if limit < 1 {
		return slipway.Errorf(slipway.CodeInvalid, "--limit %d is too few: write 1 or more", limit)
	}
	return nil
}

func done(entries []slipway.AuditEntry) string {
	if len(entries) == 0 {
		return "there are no entries"
	}
	rows := [][]string{{"TIME", "WHO", "ACTION", "ON", "RESULT", "WHY"}}
	for _, e := range entries {
		rows = append(rows, []string{clock(e.Time), dash(e.User), e.Action, dash(target(e)), came(e), dash(e.Reason)})
	}
	return table(rows)
}

// target is what an entry is on.
func target(e slipway.AuditEntry) string {
	on := e.Project
	switch {
	case e.Release != "":
		on = e.Release
	case e.Service != "":
		on = e.Project + "/" + e.Service
	}
	if e.Gate != "" {
		on += " gate " + e.Gate
	}
	if e.Edge != "" {
		on += " edge " + e.Edge
	}
	return on
}

// came is what has come of it.
func came(e slipway.AuditEntry) string {
	switch {
	case e.Kind == slipway.AuditIntent:
		return "begun"
	case e.Detail != "" && e.Code != slipway.AuditOK:
		return string(e.Code) + ": " + e.Detail
	}
	return string(e.Code)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
