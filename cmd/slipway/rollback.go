package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

func (p *program) rollback() *cobra.Command {
	var reason string
	var to int
	var wait bool
	cmd := &cobra.Command{
		Use:   "rollback PROJECT/SERVICE --reason TEXT [--to N] [--wait]",
		Short: "Go back to what served before",
		Long: `Rollback goes back to what served before. While that is held, going back is only
a switch: the release that holds it is undone. Otherwise what served before is
released again, without gates. Prints the id of the release that goes back.`,
		Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who read the history")
	cmd.Flags().IntVar(&to, "to", 0, "the number of the release to go back to; default: what served before")
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until the old version serves again")
	_ = cmd.MarkFlagRequired("reason")
	cmd.RunE = p.verb(func(ctx context.Context, args []string) error {
		service, err := slipway.ParseServiceID(args[0])
		if err != nil {
			return err
		}
		if err := needReason(reason); err != nil {
			return err
		}
		if to < 0 || to == 0 && cmd.Flags().Changed("to") {
			return slipway.Errorf(slipway.CodeInvalid, "--to %d is not the number of a release: write the 17 of search.query-api.17", to)
		}
		server, err := p.server()
		if err != nil {
			return err
		}
		begun := time.Now()
		id, held, err := server.Rollback(ctx, service, to, reason)
		switch {
		case err != nil:
			return err
		case !wait:
			p.out.hint("slipway watch " + id.String() + " follows it")
			return p.out.result(way{ID: id.String(), Held: held}, id.String())
		case held:
			return p.awaitUndone(ctx, server, id, begun)
		}
		release, err := p.follow(ctx, server, id, serves)
		if err != nil {
			return err
		}
		return p.conclude(release)
	})
	return cmd
}

// A way is the way back, as JSON.
type way struct {
	ID   string `json:"id"`
	Held bool   `json:"held"` // the release itself is undone; otherwise it is a new one
}

// awaitUndone waits until what served before serves again on every edge, which
// is what was asked for, and so a success. Taking the release's own containers
// away goes on by itself, and may take as long as a host needs to answer.
func (p *program) awaitUndone(ctx context.Context, server *client.Client, id slipway.ReleaseID, begun time.Time) error {
	release, err := p.follow(ctx, server, id, func(r slipway.Release) bool {
		return r.Phase == slipway.Undoing && restored(r)
	})
	if err != nil {
		return err
	}
	if o := release.Outcome; o != nil && *o != slipway.RolledBack && *o != slipway.Aborted { // aborted: it served in some groups only
		return p.notBack(release)
	}
	return p.out.result(release, printable(fmt.Sprintf("%s serves %s again after %s", id.ServiceID, release.Blue, seconds(time.Since(begun)))))
}

// notBack says that a release ended otherwise than by going back.
func (p *program) notBack(release slipway.Release) error {
	if err := p.conclude(release); err != nil {
		return err
	}
	return verdict(exitFailed) // it is live: its hold was over before
}

// restored reports whether all edges serve what they served before.
func restored(r slipway.Release) bool {
	for _, e := range r.Edges {
		if e.Active != r.Blue {
			return false
		}
	}
	return len(r.Edges) > 0
}

// needReason refuses a reason that says nothing.
func needReason(reason string) error {
	if printable(reason) == "" {
		return slipway.Errorf(slipway.CodeInvalid, "--reason is empty: say why, for those who read the history")
	}
	return nil
}
