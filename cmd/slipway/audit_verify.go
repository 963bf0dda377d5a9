package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/drivers/audit"
)

// auditVerify reads the files of the audit log on the machine where they are.
func (p *program) auditVerify() *cobra.Command {
	var (
		dir     string
		offline bool
		all     bool
	)
	cmd := &cobra.Command{
		Use:   "verify [--dir DIR] [--all] [--offline]",
		Short: "Find what was changed in the audit log's files on this machine",
		Long: `Reads the files of the audit log on this machine and says where a line was
changed, removed, inserted or moved. That the end of a log was not cut off, and
the whole not written anew, is known from its anchor: what the server (SLIPWAY_URL)
says that Temporal keeps of it, for which you need to be an operator of the whole
fleet. That a whole chain is gone is noticed only on its own machine, or with
--all, for a directory into which the logs of all machines were copied.

Exit status: 0 nothing was changed; 1 something was; as of any other command
where nothing was found, but the anchor could not be had (4, 5) and was not waived
with --offline.`,
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&dir, "dir", "/var/lib/slipway/audit", "the `directory` of the log: audit in the one that --data named")
	cmd.Flags().BoolVar(&all, "all", false, "the logs of all machines are in the directory: none that the anchor knows may be missing")
	cmd.Flags().BoolVar(&offline, "offline", false, "without the anchor: a log that was cut off is not found")
	cmd.MarkFlagsMutuallyExclusive("all", "offline")
	cmd.RunE = p.verb(func(ctx context.Context, _ []string) error {
		var result struct {
			audit.Report
			Anchor string `json:"anchor"` // compared, or why not
		}
		var anchor *slipway.AuditAnchor
		known, noAnchor := p.anchor(ctx, offline)
		switch {
		case offline:
			result.Anchor = "not compared: --offline"
		case noAnchor != nil:
			result.Anchor = "not compared: " + noAnchor.Error()
		default:
			anchor, result.Anchor = &known, "compared"
		}
		if all {
			if anchor == nil {
				return slipway.Errorf(slipway.CodeUnavailable, "--all needs the anchor, which is %s", result.Anchor)
			}
			if err := bringTogether(anchor, dir); err != nil {
				return err
			}
		}
		var err error
		if result.Report, err = audit.Verify(dir, anchor); err != nil {
			return err
		}
		if err := p.out.result(result, verified(result.Report, anchor != nil)); err != nil {
			return err
		}
		if anchor == nil {
			p.out.note("the ends of the chains are " + result.Anchor)
		}
		switch {
		case len(result.Findings) > 0:
			return verdict(exitFailed)
		case noAnchor != nil: // nobody takes what was not looked at for unchanged
			return verdict(exitStatus(noAnchor))
		}
		return nil
	})
	return cmd
}

func (p *program) anchor(ctx context.Context, offline bool) (slipway.AuditAnchor, error) {
	if offline {
		return slipway.AuditAnchor{}, nil
	}
	server, err := p.server()
	if err != nil {
		return slipway.AuditAnchor{}, err
	}
	return server.AuditAnchor(ctx)
}

// bringTogether has an anchor say that all chains are in the directory.
func bringTogether(anchor *slipway.AuditAnchor, dir string) error {
	place, err := audit.Place(dir)
	for i := range anchor.Heads {
		anchor.Heads[i].Place = place
	}
	return err
}

func verified(r audit.Report, anchored bool) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintln(&b, f)
	}
	for _, c := range r.Chains {
		fmt.Fprintf(&b, "%s: %d entries in %d files", c.Chain, c.Entries, c.Files)
		switch {
		case anchored && c.Anchored == 0:
			b.WriteString(", none of them anchored")
		case anchored:
			fmt.Fprintf(&b, ", anchored up to entry %d", c.Anchored)
		}
		b.WriteString("\n")
	}
	switch {
	case len(r.Findings) > 0:
		fmt.Fprintf(&b, "%d findings: this is not what was written\n", len(r.Findings))
	case len(r.Chains) == 0:
		b.WriteString("there is no audit log here\n")
	case !anchored:
		b.WriteString("nothing was changed, as far as the files themselves tell\n")
	default:
		b.WriteString("nothing was changed\n")
	}
	return b.String()
}
