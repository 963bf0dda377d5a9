package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
	"slipway/spec"
)

func (p *program) release() *cobra.Command {
	var order client.Order
	var file string
	var wait bool
	cmd := &cobra.Command{
		Use:   "release -f service.yaml --tag TAG [--wait] [--force] [--break-glass] [--reason TEXT]",
		Short: "Bring a version of a service live",
		Long: `Release asks the server to bring a version of a service live, and prints the
id of the release. With --wait it returns when the new version serves, or when
the release has ended otherwise.`,
		Args: cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVarP(&file, "file", "f", "", "the service file; - is standard input")
	flags.StringVar(&order.Tag, "tag", "", "the image's tag, or its digest sha256:…")
	flags.BoolVar(&wait, "wait", false, "wait until the new version serves, or the release has ended otherwise")
	flags.BoolVar(&order.Force, "force", false, "release even if exactly this serves already")
	flags.BoolVar(&order.BreakGlass, "break-glass", false, "switch in spite of windows and freezes, once a second person says slipway break-glass; needs --reason")
	flags.StringVar(&order.Reason, "reason", "", "why, for those who read the history")
	_ = cmd.MarkFlagRequired("file")
	_ = cmd.MarkFlagRequired("tag")
	cmd.RunE = p.verb(func(ctx context.Context, _ []string) error {
		if !slipway.ValidTag(order.Tag) {
			return slipway.Errorf(slipway.CodeInvalid, "%q is not a tag: write one as in the registry, for example v2, or a digest sha256:…", order.Tag)
		}
		if order.BreakGlass {
			if err := needReason(order.Reason); err != nil {
				return err
			}
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
		id, release, err := server.Submit(ctx, order)
		if err != nil {
			return err
		}
		if !wait {
			p.out.hint("slipway watch " + id.String() + " follows it")
			return p.out.result(release, id.String())
		}
		release, err = p.follow(ctx, server, id, serves)
		if err != nil {
			return err
		}
		return p.conclude(release)
	})
	return cmd
}

// readServiceFile reads a service file and makes sure that it is right, so
// that what is wrong is said with its line before anything is sent.
func (p *program) readServiceFile(path string) (string, error) {
	name, read := path, func() ([]byte, error) { return os.ReadFile(path) }
	if path == "-" {
		name, read = "standard input", func() ([]byte, error) { return io.ReadAll(p.stdin) }
	}
	text, err := read()
	if err != nil {
		return "", slipway.Errorf(slipway.CodeInvalid, "read service file: %w", err)
	}
	if _, err := spec.ParseService(name, text); err != nil {
		return "", err
	}
	return string(text), nil
}

// serves reports whether the new version has the traffic, and keeps it as far
// as anyone can tell by now; or whether nothing goes on without a person.
func serves(release slipway.Release) bool {
	return release.Phase == slipway.Holding || release.Phase == slipway.Stuck
}

// conclude says how a release that was followed stands.
func (p *program) conclude(release slipway.Release) error {
	text := summary(release)
	if p.out.color {
		text = colored(release, text)
	}
	if release.Phase == slipway.Holding {
		p.out.hint(fmt.Sprintf("slipway rollback %s/%s --reason TEXT goes back at once", release.Project, release.Service))
	}
	if err := p.out.result(release, text); err != nil {
		return err
	}
	return judge(release)
}
