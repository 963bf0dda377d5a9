package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

func (p *program) plan() *cobra.Command {
	var order client.Order
	var file string
	cmd := &cobra.Command{
		Use:   "plan -f service.yaml --tag TAG [--force]",
		Short: "Say what a release would do, and do nothing",
		Long: `Plan says step by step what a release would do now, what it would change of what
serves, and what to mind. It looks at the same things as the release, and fails
where that would be refused.`,
		Args: cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVarP(&file, "file", "f", "", "the service file; - is standard input")
	flags.StringVar(&order.Tag, "tag", "", "the image's tag, or its digest sha256:…")
	flags.BoolVar(&order.Force, "force", false, "as if released with --force")
	_ = cmd.MarkFlagRequired("file")
	_ = cmd.MarkFlagRequired("tag")
	cmd.RunE = p.verb(func(ctx context.Context, _ []string) error {
		if !slipway.ValidTag(order.Tag) {
			return slipway.Errorf(slipway.CodeInvalid, "%q is not a tag: write one as in the registry, for example v2, or a digest sha256:…", order.Tag)
		}
		text, err := p.readServiceFile(file)
		if err != nil {
			return err
		}
		order.ServiceFile = text
		server, err := p.server()
		if err != nil {
			return err
		}
		preview, err := server.Plan(ctx, order)
		if err != nil {
			return err
		}
		return p.out.result(preview, outline(preview))
	})
	return cmd
}

// outline is a plan as people read it.
func outline(preview slipway.Preview) string {
	var b strings.Builder
	image := fmt.Sprintf("%s: %s (%s)", preview.ServiceID, preview.Image.Tag, slipway.ShortDigest(preview.Image.Digest))
	switch {
	case len(preview.Steps) > 0 && preview.Steps[len(preview.Steps)-1].Phase == slipway.Verifying && preview.Live != "" && len(preview.Differences) == 0:
		fmt.Fprintln(&b, printable(image+" serves already, as "+preview.Live+": nothing would be done"))
	case preview.Live == "":
		fmt.Fprintln(&b, printable(image+" would be the first to serve"))
	default:
		fmt.Fprintln(&b, printable(image+" would replace "+preview.Live))
	}
	if len(preview.Differences) > 0 {
		rows := [][]string{{"DIFFERENT", "LIVE", "THEN"}}
		for _, d := range preview.Differences {
			rows = append(rows, []string{d.What, cmp.Or(d.Live, "-"), cmp.Or(d.Then, "-")})
		}
		b.WriteString("\n" + table(rows))
	}
	rows := [][]string{{"", "PHASE", "STEP"}}
	for i, step := range preview.Steps {
		rows = append(rows, []string{strconv.Itoa(i + 1), string(step.Phase), step.Does})
	}
	b.WriteString("\n" + table(rows))
	for i, w := range preview.Warnings {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintln(&b, "mind: "+indent(printable(w)))
	}
	return b.String()
}
