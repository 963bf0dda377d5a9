package main

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slipway"
)

func (p *program) token() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token create|list|revoke",
		Short: "Make, list and revoke tokens for machines",
		Long: `A token lets a machine do, as SLIPWAY_TOKEN, what its role may in one project, and
never more than whoever made it may at that time. It decides no gates.`,
	}
	return group(cmd, p.tokenCreate(), p.tokenList(), p.tokenRevoke())
}

func (p *program) tokenCreate() *cobra.Command {
	var name, project, role, expires string
	var fleet bool
	cmd := &cobra.Command{
		Use:   "create (--project P | --fleet) --role viewer|releaser|operator --expires 30d [--name N]",
		Short: "Make a token, and print it this once",
		Args:  cobra.NoArgs,
	}
	cmd.Flags().StringVar(&project, "project", "", "where it counts")
	cmd.Flags().BoolVar(&fleet, "fleet", false, "it counts in the whole fleet")
	cmd.Flags().StringVar(&role, "role", "", "viewer, releaser or operator")
	cmd.Flags().StringVar(&expires, "expires", "", "how long it is good: 30d, 12h")
	cmd.Flags().StringVar(&name, "name", "", "what it is called in releases")
	_ = cmd.MarkFlagRequired("role")
	_ = cmd.MarkFlagRequired("expires")
	cmd.MarkFlagsOneRequired("project", "fleet")
	cmd.MarkFlagsMutuallyExclusive("project", "fleet")
	cmd.RunE = p.verb(func(ctx context.Context, _ []string) error {
		lasts, err := lifetime(expires)
		if err != nil {
			return err
		}
		if !slices.Contains(slipway.TokenRoles, slipway.Role(role)) {
			return slipway.Errorf(slipway.CodeInvalid, "--role %q is none that a token can have: write viewer, releaser or operator", role)
		}
		server, err := p.server()
		if err != nil {
			return err
		}
		made, err := server.CreateToken(ctx, name, project, slipway.Role(role), lasts)
		if err != nil {
			return err
		}
		p.out.note(made.By() + " is good until " + clock(made.ExpiresAt) + "; it is not shown again")
		return p.out.result(made, made.Secret)
	})
	return cmd
}

// lifetime is a duration in days, or as the files have it.
func lifetime(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n < 10_000 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	var d slipway.Duration
	if d.UnmarshalText([]byte(text)) != nil {
		return 0, slipway.Errorf(slipway.CodeInvalid, "--expires %q is not a time: write for example 30d or 12h", text)
	}
	return d.Std(), nil
}

func (p *program) tokenList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the tokens that you made, or may revoke",
		Args:  cobra.NoArgs,
		RunE: p.verb(func(ctx context.Context, _ []string) error {
			server, err := p.server()
			if err != nil {
				return err
			}
			tokens, err := server.Tokens(ctx)
			if err != nil {
				return err
			}
			text := "there are no tokens"
			if len(tokens) > 0 {
				rows := [][]string{{"ID", "NAME", "PROJECT", "ROLE", "MADE BY", "CREATED", "EXPIRES"}}
				for _, t := range tokens {
					where := t.Project
					if where == "" {
						where = "(all)"
					}
					rows = append(rows, []string{t.ID, t.Name, where, string(t.Role), t.Maker, clock(t.CreatedAt), clock(t.ExpiresAt)})
				}
				text = table(rows)
			}
			return p.out.result(struct {
				Tokens []slipway.Token `json:"tokens"`
			}{tokens}, text)
		}),
	}
}

func (p *program) tokenRevoke() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID",
		Short: "End a token, at once",
		Args:  cobra.ExactArgs(1),
		RunE: p.verb(func(ctx context.Context, args []string) error {
			server, err := p.server()
			if err != nil {
				return err
			}
			if err := server.RevokeToken(ctx, args[0]); err != nil {
				return err
			}
			return p.out.result(struct {
				ID string `json:"id"`
			}{args[0]}, "token "+args[0]+" is revoked")
		}),
	}
}
