package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

func (p *program) joinHost() *cobra.Command {
	return p.hostVerb(&cobra.Command{
		Use:   "join HOST --reason TEXT",
		Short: "Bring what is live to a host that is new in the fleet",
		Long: `Join brings the live version of every service that is meant to run on the host
there: pulled, started, proven, and only then do edges send it traffic. Edges that
are on the host, or lead to it, and have not served a service yet are pointed at
what is live. It returns when all of them are there. A service that is in the
middle of a release, or holds the version before, joins when that is over.
If it is interrupted, the joining goes on; the same command follows it again.`,
	}, func(ctx context.Context, server *client.Client, host, reason string) error {
		joins, err := p.awaitJoined(ctx, server, host, reason)
		if err != nil {
			return err
		}
		if len(joins.Services) == 0 {
			return p.out.result(joins, "nothing that is live is meant for host "+host+": releases that are take it in by themselves")
		}
		var refused []string
		for _, j := range joins.Services {
			if j.State == slipway.JoinRefused {
				refused = append(refused, j.Service.String()+": "+j.Reason)
			}
		}
		if len(refused) > 0 {
			return slipway.Errorf(slipway.CodeConflict, "host %s could not join: %s", host, strings.Join(refused, "; "))
		}
		return p.out.result(joins, "host "+host+" is part of all that is meant for it")
	})
}

// awaitJoined waits until a host is part of each service, or cannot be, and tells
// of each as it changes. What was asked of a release that has gone meanwhile is
// asked again.
func (p *program) awaitJoined(ctx context.Context, server *client.Client, host, reason string) (slipway.HostJoin, error) {
	joins, err := server.Join(ctx, host, reason)
	for told := map[slipway.ServiceID]string{}; err == nil; {
		pending, unasked := false, false
		for _, j := range joins.Services {
			pending = pending || j.State != slipway.JoinDone && j.State != slipway.JoinRefused
			unasked = unasked || j.State == slipway.JoinUnasked
			if now := joinText(j); told[j.Service] != now {
				told[j.Service] = now
				p.out.note(now)
			}
		}
		if !pending {
			break
		}
		select {
		case <-time.After(careEvery):
		case <-ctx.Done():
			return joins, ctx.Err()
		}
		if unasked {
			joins, err = server.Join(ctx, host, reason)
		} else {
			joins, err = server.HostJoin(ctx, host)
		}
	}
	return joins, err
}

// joinText says how far a host is part of a service.
func joinText(j slipway.Joined) string {
	switch j.State {
	case slipway.JoinDone:
		return j.Service.String() + ": " + j.Release + " is there"
	case slipway.JoinBegun, slipway.JoinWaits, slipway.JoinRefused:
		return j.Service.String() + ": " + string(j.State) + ": " + j.Reason
	case slipway.JoinUnasked:
	}
	return j.Service.String() + ": asked"
}

func (p *program) removeHost() *cobra.Command {
	var gone bool
	cmd := p.hostVerb(&cobra.Command{
		Use:   "remove HOST --reason TEXT [--gone]",
		Short: "Take a host out for good, before it leaves the fleet file",
		Long: `Remove drains a host for good. Edges send it nothing any more, what is under way
finishes, its containers go; edges on it, and those that lead to no other host,
serve nothing any more (take them out of the balancer first). What is live forgets
it all, and releases leave it out. Then take the host, and those edges, out of the
fleet file. As with drain, nothing is done at all where a service cannot leave.
With --gone nothing is asked of the host and its edges: for a machine that is dead
and never comes back. Containers that are still on it are not removed.
If it is interrupted, the removal goes on; the same command follows it again.`,
	}, func(ctx context.Context, server *client.Client, host, reason string) error {
		if err := server.RemoveHost(ctx, host, reason, gone); err != nil {
			return err
		}
		if err := p.awaitEmpty(ctx, server, host); err != nil {
			return err
		}
		return p.aboutHost(ctx, server, host, "host "+host+" is removed: nothing of Slipway counts on it; now take it out of the fleet file")
	})
	cmd.Flags().BoolVar(&gone, "gone", false, "it is dead and never comes back: ask nothing of it")
	return cmd
}
