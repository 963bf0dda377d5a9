package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

func (p *program) host() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "host cordon|drain|uncordon|join|remove HOST --reason TEXT",
		Short: "Take care of a host: cordon, drain, uncordon, join, remove",
	}
	return group(cmd, p.cordon(), p.drain(), p.uncordon(), p.joinHost(), p.removeHost())
}

func (p *program) cordon() *cobra.Command {
	return p.hostVerb(&cobra.Command{
		Use:   "cordon HOST --reason TEXT",
		Short: "Keep new releases off a host; what runs there goes on",
	}, func(ctx context.Context, server *client.Client, host, reason string) error {
		if err := server.Cordon(ctx, host, reason); err != nil {
			return err
		}
		return p.aboutHost(ctx, server, host, "host "+host+" is cordoned: releases leave it out until slipway host uncordon")
	})
}

func (p *program) drain() *cobra.Command {
	return p.hostVerb(&cobra.Command{
		Use:   "drain HOST --reason TEXT",
		Short: "Empty a host, for a reboot or an upgrade",
		Long: `Drain cordons a host and takes every service off it: edges send their requests
to other hosts, those that are under way finish, and then the containers there
go. It returns when nothing is left. Where a service cannot leave (no other host
serves it, a release of it is on its way, or the version before is held), it
says which and what to do, and nothing is done at all.
If it is interrupted, the draining goes on; the same command follows it again.`,
	}, func(ctx context.Context, server *client.Client, host, reason string) error {
		if err := server.Drain(ctx, host, reason); err != nil {
			return err
		}
		if err := p.awaitEmpty(ctx, server, host); err != nil {
			return err
		}
		return p.aboutHost(ctx, server, host, "host "+host+" is drained: no service of Slipway runs there until slipway host uncordon")
	})
}

func (p *program) uncordon() *cobra.Command {
	return p.hostVerb(&cobra.Command{
		Use:   "uncordon HOST --reason TEXT",
		Short: "Let a host be used again; what is behind there is brought up to date",
	}, func(ctx context.Context, server *client.Client, host, reason string) error {
		if err := server.Uncordon(ctx, host, reason); err != nil {
			return err
		}
		return p.out.result(slipway.HostCare{Left: []slipway.Remaining{}}, "host "+host+" is uncordoned: each service is brought up to date there before it serves; slipway services shows what is behind; one that was removed comes back with slipway host join")
	})
}

func (p *program) hostVerb(cmd *cobra.Command, do func(ctx context.Context, server *client.Client, host, reason string) error) *cobra.Command {
	var reason string
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who look for it")
	_ = cmd.MarkFlagRequired("reason")
	cmd.RunE = p.verb(func(ctx context.Context, args []string) error {
		if !slipway.ValidName(args[0]) {
			return slipway.Errorf(slipway.CodeInvalid, "%q is not the name of a host", args[0])
		}
		if err := needReason(reason); err != nil {
			return err
		}
		server, err := p.server()
		if err != nil {
			return err
		}
		return do(ctx, server, args[0], reason)
	})
	return cmd
}

// careEvery is how often it is asked what is left on a host.
const careEvery = 500 * time.Millisecond

// awaitEmpty waits until no service runs on a host that is being drained, and
// tells what is left whenever that changes.
func (p *program) awaitEmpty(ctx context.Context, server *client.Client, host string) error {
	for told := ""; ; {
		care, err := server.HostCare(ctx, host)
		switch {
		case err != nil:
			return err
		case len(care.Left) == 0:
			return nil
		case care.Cordon == nil || !care.Cordon.Drain:
			return slipway.Errorf(slipway.CodeConflict, "host %s is not to be drained any more: somebody has uncordoned it", host)
		}
		if now := remaining(care.Left); now != told {
			p.out.note("still on " + host + ": " + now)
			told = now
		}
		select {
		case <-time.After(careEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func remaining(left []slipway.Remaining) string {
	var out []string
	for _, r := range left {
		text := r.Release
		if r.Stuck != "" {
			text += fmt.Sprintf(" (%s)", r.Stuck)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func (p *program) aboutHost(ctx context.Context, server *client.Client, host, text string) error {
	if !p.out.json {
		return p.out.result(nil, text)
	}
	care, err := server.HostCare(ctx, host)
	if err != nil {
		return err
	}
	return p.out.result(care, text)
}
