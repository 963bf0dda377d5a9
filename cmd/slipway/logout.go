package main

import (
	"context"

	"github.com/spf13/cobra"
)

func (p *program) logout() *cobra.Command {
	return &cobra.Command{
		Use:   "logout",
		Short: "Forget the sign-in to the server",
		Long: `Logout removes from this machine what login has kept for the server. The server
keeps nothing of a sign-in that it could forget: a copy of the token made before
is good until it expires.`,
		Args: cobra.NoArgs,
		RunE: p.verb(func(context.Context, []string) error {
			url, err := serverURL()
			if err != nil {
				return err
			}
			kept, err := readCredentials()
			if err != nil {
				return err
			}
			_, was := kept.Servers[url]
			text := "nobody is signed in to " + url
			if was {
				text = "signed out of " + url
				delete(kept.Servers, url)
				if err := kept.write(); err != nil {
					return err
				}
			}
			return p.out.result(struct {
				Server    string `json:"server"`
				SignedOut bool   `json:"signed_out"`
			}{url, was}, text)
		}),
	}
}
