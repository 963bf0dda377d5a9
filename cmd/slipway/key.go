package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/drivers/signing"
)

// key says how fleet files list the key of a process, which may not have
// started yet.
func (p *program) key() *cobra.Command {
	var data, use string
	cmd := &cobra.Command{
		Use:   "key --data DIR [--use api|worker]",
		Short: "Say how a fleet file lists the signing key of a process",
		Long: `Says how signing.keys of a fleet file lists the key of the process that keeps
its data in DIR, and makes the key if there is none yet. An API needs the use
api, a worker or an agent worker, standalone both.`,
		Args: cobra.NoArgs,
		RunE: p.verb(func(context.Context, []string) error {
			uses := []slipway.KeyUse{slipway.APIKey, slipway.WorkerKey}
			switch slipway.KeyUse(use) {
			case "":
			case slipway.APIKey, slipway.WorkerKey:
				uses = []slipway.KeyUse{slipway.KeyUse(use)}
			default:
				return slipway.Errorf(slipway.CodeInvalid, "--use is %q: write api or worker, or leave it out for both", use)
			}
			if err := os.MkdirAll(data, 0o700); err != nil {
				return fmt.Errorf("make data directory: %w", err)
			}
			keys, err := signing.Open(filepath.Join(data, "signing.key"), func() *slipway.Fleet { return &slipway.Fleet{} }, false, time.Now)
			if err != nil {
				return err
			}
			var lines []string
			for _, u := range uses {
				lines = append(lines, "- "+keys.Line(u))
			}
			return p.out.result(struct {
				ID    string   `json:"id"`
				Lines []string `json:"lines"`
			}{keys.ID(), lines}, strings.Join(lines, "\n"))
		}),
	}
	cmd.Flags().StringVar(&data, "data", "/var/lib/slipway", "the `directory` of what that process keeps")
	cmd.Flags().StringVar(&use, "use", "", "what it signs: api or worker; default: both")
	return cmd
}
