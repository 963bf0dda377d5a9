package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

func (p *program) preflight() *cobra.Command {
	var look client.Look
	var file string
	cmd := &cobra.Command{
		Use:   "preflight [-f service.yaml --tag TAG] [--host HOST]",
		Short: "Say how hosts are, and whether a release would be refused for it",
		Long: `Preflight looks at hosts as a release does before it changes anything: at those of
a service, or at all of the fleet. The exit status is 1 where a release would be
refused for what was found.`,
		Args: cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVarP(&file, "file", "f", "", "the service file; - is standard input")
	flags.StringVar(&look.Tag, "tag", "", "the image's tag, or its digest sha256:…")
	flags.StringVar(&look.Host, "host", "", "only this host")
	cmd.MarkFlagsRequiredTogether("file", "tag")
	cmd.RunE = p.verb(func(ctx context.Context, _ []string) error {
		if file != "" {
			if !slipway.ValidTag(look.Tag) {
				return slipway.Errorf(slipway.CodeInvalid, "%q is not a tag: write one as in the registry, for example v2, or a digest sha256:…", look.Tag)
			}
			text, err := p.readServiceFile(file)
			if err != nil {
				return err
			}
			look.ServiceFile = text
		}
		server, err := p.server()
		if err != nil {
			return err
		}
		report, err := server.Preflight(ctx, look)
		if err != nil {
			return err
		}
		if err := p.out.result(report, findings(report)); err != nil || report.Fit {
			return err
		}
		return verdict(exitFailed)
	})
	return cmd
}

// findings are a preflight as people read it.
func findings(report slipway.PreflightReport) string {
	var b strings.Builder
	rows := [][]string{{"HOST", "DOCKER", "API", "KERNEL", "STORAGE", "CGROUP", "LIVE RESTORE", "ANSWERED", "DISK FREE"}}
	for _, h := range report.Hosts {
		f := h.Facts
		if h.Error != "" {
			rows = append(rows, []string{h.Name, "no answer"})
			continue
		}
		restore, free := "no", "not known"
		if f.LiveRestore {
			restore = "yes"
		}
		if f.Disk != nil {
			free = slipway.BytesText(f.Disk.Free)
		}
		rows = append(rows, []string{
			h.Name, f.Version, f.API, f.Kernel, f.StorageDriver, f.Cgroup, restore,
			f.Answered.Std().Round(100 * time.Microsecond).String(), free,
		})
	}
	b.WriteString(table(rows))
	for i, f := range report.Findings {
		if i == 0 {
			b.WriteString("\n")
		}
		b.WriteString(string(f.Severity) + ": " + indent(printable(f.String())) + "\n")
	}
	return b.String()
}
