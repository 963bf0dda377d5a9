// Command slipway-edge is the reverse proxy that holds the routes of services.
// Its subcommands status and restore work on the machine itself, when Slipway
// and Temporal do not.
package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/drivers/slipwayedge"
	"slipway/edge"
)

// Exit statuses, the same as those of the command slipway.
const (
	exitFailed   = 1
	exitUsage    = 2
	exitNoAnswer = 5
)

func main() {
	if err := command().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "slipway-edge:", err)
		os.Exit(exitStatus(err))
	}
}

func exitStatus(err error) int {
	switch slipway.ErrorCode(err) {
	case slipway.CodeInvalid:
		return exitUsage
	case slipway.CodeUnavailable:
		return exitNoAnswer
	default:
		return exitFailed
	}
}

func command() *cobra.Command {
	o := edge.Options{AdminTLS: new(slipway.TLS)}
	cmd := &cobra.Command{
		Use:           "slipway-edge --data DIR --http ADDR --admin unix:PATH|ADDR",
		Short:         "The reverse proxy that holds the routes of services",
		Args:          usage(cobra.NoArgs),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.Data == "" || o.HTTP == "" {
				return slipway.Errorf(slipway.CodeInvalid, "--data and --http are needed: %s", cmd.UseLine())
			}
			if o.HTTPS != "" && o.CertDir == "" && o.Issuer == "" {
				return slipway.Errorf(slipway.CodeInvalid, "--https needs certificates: add --cert-dir, --issuer or both")
			}
			if o.HTTPS == "" && (o.CertDir != "" || o.Issuer != "") {
				return slipway.Errorf(slipway.CodeInvalid, "--cert-dir and --issuer are for --https: add it, or leave them out")
			}
			if o.Issuer != "" && o.Issuer != "acme" && o.Issuer != "internal" && !strings.HasPrefix(o.Issuer, "https://") {
				return slipway.Errorf(slipway.CodeInvalid, "--issuer is %q: write acme, internal, or the https:// URL of an ACME directory", o.Issuer)
			}
			if err := closed(&o); err != nil {
				return err
			}
			if err := edge.Start(o); err != nil {
				return err
			}
			select {} // Caddy ends the process on a signal
		},
	}
	cmd.Flags().StringVar(&o.Data, "data", "", "directory for the table; one edge per directory")
	cmd.Flags().StringVar(&o.HTTP, "http", "", "address to serve requests on, for example :80, or systemd:NAME")
	cmd.Flags().StringVar(&o.Admin, "admin", "", "address of the administration: unix:PATH, systemd:NAME, or with the three files of mutual TLS HOST:PORT")
	cmd.Flags().StringVar(&o.AdminTLS.Cert, "admin-tls-cert", "", "file with the certificate of the administration")
	cmd.Flags().StringVar(&o.AdminTLS.Key, "admin-tls-key", "", "file with its key")
	cmd.Flags().StringVar(&o.AdminTLS.CA, "admin-client-ca", "", "file with the CA that signs those who may administer")
	cmd.Flags().BoolVar(&o.Takeover, "takeover", false, "take the place of the edge that runs on the data directory, if one does")
	cmd.Flags().DurationVar(&o.Linger, "linger", time.Minute, "how long connections may stay open here after another edge has taken over")
	cmd.Flags().StringVar(&o.PreviewKey, "preview-key", "", "file with the key that signs previews of releases that are not live yet")
	cmd.Flags().StringVar(&o.HTTPS, "https", "", "address to serve requests over TLS on, too, for example :443, or systemd:NAME")
	cmd.Flags().StringVar(&o.CertDir, "cert-dir", "", "for --https: directory with HOST.crt and HOST.key, read again when they change")
	cmd.Flags().StringVar(&o.Issuer, "issuer", "", "for --https: where other certificates come from, for the hosts of services only: acme, the https:// URL of an ACME directory, or internal")
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return slipway.Errorf(slipway.CodeInvalid, "%w", err)
	})
	cmd.CompletionOptions.DisableDefaultCmd = true
	cmd.AddCommand(statusCommand(), restoreCommand(), previewCommand(), leaveCommand(), stayCommand())
	return cmd
}

// closed sees to it that nobody but those who may can reach the
// administration.
func closed(o *edge.Options) error {
	files := *o.AdminTLS
	all, none := files.CA != "" && files.Cert != "" && files.Key != "", files == slipway.TLS{}
	onSocket := o.Admin == "" || strings.HasPrefix(o.Admin, "unix:")
	switch {
	case onSocket && !none:
		return slipway.Errorf(slipway.CodeInvalid, "--admin is %q: certificates are for an administration over TCP: write HOST:PORT, or leave them out", o.Admin)
	case !none && !all, none && !onSocket && !strings.HasPrefix(o.Admin, "systemd:"):
		return slipway.Errorf(slipway.CodeInvalid, "--admin is %q: over TCP the administration is served with mutual TLS only, with --admin-tls-cert, --admin-tls-key and --admin-client-ca, all three; or write unix:PATH", o.Admin)
	}
	if onSocket {
		path, err := slipwayedge.Socket(o.Admin)
		if err != nil {
			return err
		}
		o.Admin = "unix:" + path
	}
	if none {
		o.AdminTLS = nil
	}
	return nil
}

// usage marks what is wrong with arguments as wrong usage.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return slipway.Errorf(slipway.CodeInvalid, "%w: %s", err, cmd.UseLine())
		}
		return nil
	}
}
