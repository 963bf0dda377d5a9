package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

func (p *program) login() *cobra.Command {
	var user string
	var fromStdin bool
	cmd := &cobra.Command{
		Use:   "login --user NAME [--password-stdin]",
		Short: "Sign in to the server",
		Args:  cobra.NoArgs,
	}
	cmd.Flags().StringVar(&user, "user", "", "who you are in the directory")
	cmd.Flags().BoolVar(&fromStdin, "password-stdin", false, "read the password from standard input instead of asking")
	_ = cmd.MarkFlagRequired("user")
	cmd.RunE = p.verb(func(ctx context.Context, _ []string) error {
		server, err := serverURL()
		if err != nil {
			return err
		}
		kept, err := readCredentials()
		if err != nil {
			return err
		}
		at, err := p.connect(server, "")
		if err != nil {
			return err
		}
		if inClear(server) {
			p.out.hint("the password and the sign-in travel to " + server + " in clear text, for everybody on the way to read: use https")
		}
		password, err := p.password(ctx, user, server, fromStdin)
		if err != nil {
			return err
		}
		session, err := at.Login(ctx, user, password)
		if err != nil {
			return err
		}
		kept.Servers[server] = credential{User: session.User, Token: session.Token, ExpiresAt: session.ExpiresAt}
		if err := kept.write(); err != nil {
			return err
		}
		if os.Getenv("SLIPWAY_TOKEN") != "" {
			p.out.hint("SLIPWAY_TOKEN is set and goes before this sign-in; unset it to use this one")
		}
		return p.out.result(newSignIn(server, session), signedIn(server, session))
	})
	return cmd
}

// inClear reports whether others can read what is sent to a server.
func inClear(server string) bool {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "http" || u.Hostname() == "localhost" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return ip == nil || !ip.IsLoopback()
}

// signIn is a session without its token, which is nobody's to read.
type signIn struct {
	Server    string    `json:"server"`
	User      string    `json:"user"`
	Groups    []string  `json:"groups"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

func newSignIn(url string, s client.Session) signIn {
	return signIn{Server: url, User: s.User, Groups: append([]string{}, s.Groups...), ExpiresAt: s.ExpiresAt}
}

func signedIn(url string, s client.Session) string {
	text := fmt.Sprintf("signed in to %s as %s", url, printable(s.User))
	if !s.ExpiresAt.IsZero() {
		text += " until " + clock(s.ExpiresAt)
	}
	return text
}

// errNoPassword is wrong usage: there is nobody to ask.
var errNoPassword = slipway.Errorf(slipway.CodeInvalid, "there is no terminal to ask for the password: write --password-stdin")
