package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"slipway"
)

func (p *program) logout() *cobra.Command {
	return &cobra.Command{
		Use:   "logout",
		Short: "End the sign-in to the server",
		Long: `Logout ends the sign-in on the server, so that no copy of it is good any more, and
removes from this machine what login has kept.`,
		Args: cobra.NoArgs,
		RunE: p.verb(func(ctx context.Context, _ []string) error {
			url, err := serverURL()
			if err != nil {
				return err
			}
			kept, err := readCredentials()
			if err != nil {
				return err
			}
			session, was := kept.Servers[url]
			text := "nobody is signed in to " + url
			if was {
				text = "signed out of " + url
				delete(kept.Servers, url)
				if err := kept.write(); err != nil {
					return err
				}
				p.endSession(ctx, url, session)
			}
			return p.out.result(struct {
				Server    string `json:"server"`
				SignedOut bool   `json:"signed_out"`
			}{url, was}, text)
		}),
	}
}

// endSession tells the server. Here it is over already, so what goes wrong is
// only a hint.
func (p *program) endSession(ctx context.Context, url string, session credential) {
	server, err := p.connect(url, session.Token)
	if err == nil {
		err = server.Logout(ctx)
	}
	if err != nil && slipway.ErrorCode(err) != slipway.CodeUnauthenticated {
		p.out.hint(fmt.Sprintf("the server was not told (%v): a copy of the sign-in would be good until %s", err, clock(session.ExpiresAt)))
	}
}
