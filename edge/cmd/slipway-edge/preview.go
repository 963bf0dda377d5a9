package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/edge/preview"
)

// longestPreview bounds how long a token that got into the wrong hands is of
// use.
const longestPreview = 24 * time.Hour

func previewCommand() *cobra.Command {
	var file string
	var lasting time.Duration
	cmd := &cobra.Command{
		Use:   "preview-token PROJECT/SERVICE RELEASE --preview-key FILE [--for 10m]",
		Short: "Print the header with which a request reaches a release that is not live yet",
		Example: "  slipway-edge preview-token search/query-api 17 --preview-key /etc/slipway/preview.key\n" +
			`  curl -H "$(slipway-edge preview-token search/query-api 17 --preview-key /etc/slipway/preview.key)" http://query.example.com/`,
		Args: usage(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			service, err := slipway.ParseServiceID(args[0])
			if err != nil {
				return err
			}
			name := args[1]
			if !strings.Contains(name, ".") { // the number alone
				name = service.Key() + "." + name
			}
			release, err := slipway.ParseReleaseID(name)
			if err != nil || release.ServiceID != service {
				return slipway.Errorf(slipway.CodeInvalid, "%q is not a release of %s: write its number, or %s.17", args[1], service, service.Key())
			}
			if file == "" {
				return slipway.Errorf(slipway.CodeInvalid, "--preview-key is needed: the file that the edge was started with")
			}
			if lasting <= 0 || lasting > longestPreview {
				return slipway.Errorf(slipway.CodeInvalid, "--for is %s: write a duration up to %s", lasting, longestPreview)
			}
			key, err := preview.ReadKey(file)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", preview.Header, key.Token(release, time.Now().Add(lasting)))
			return nil
		},
	}
	cmd.Flags().StringVar(&file, "preview-key", "", "file with the key that the edge was started with")
	cmd.Flags().DurationVar(&lasting, "for", 10*time.Minute, "how long the header is good")
	return cmd
}
