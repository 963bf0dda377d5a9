package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

func (p *program) status() *cobra.Command {
	return &cobra.Command{
		Use:   "status ID",
		Short: "Say how a release stands",
		Args:  cobra.ExactArgs(1),
		RunE: p.onRelease(func(ctx context.Context, server *client.Client, id slipway.ReleaseID) error {
			release, err := server.Release(ctx, id)
			if err != nil {
				return err
			}
			return p.out.result(release, standing(release))
		}),
	}
}

// standing is all that people want to know of a release.
func standing(r slipway.Release) string {
	rows := [][]string{
		{"release", r.ID},
		{"stands", stands(r)},
		{"asked for", r.Tag + " by " + r.RequestedBy + " at " + clock(r.StartedAt)},
	}
	add := func(name, text string) {
		if text != "" {
			rows = append(rows, []string{name, text})
		}
	}
	add("digest", r.Digest)
	if r.Settings != "" {
		add("settings", fmt.Sprintf("%.12s on plan %.12s", r.Settings, r.Plan))
	}
	for _, d := range r.Differences {
		add("changes", fmt.Sprintf("%s: %s, then %s", d.What, cmp.Or(d.Live, "-"), cmp.Or(d.Then, "-")))
	}
	if r.SwitchedAt != nil {
		text := fmt.Sprintf("%s, after %s", clock(*r.SwitchedAt), seconds(r.SwitchedAt.Sub(r.StartedAt)))
		if len(r.Edges) > 1 {
			text += fmt.Sprintf("; the edges within %s", r.SwitchSkew.Std().Round(100*time.Microsecond))
		}
		add("switched", text)
	}
	if r.Gap > 0 {
		add("gap", "nothing served for "+r.Gap.String())
	}
	if r.EndedAt != nil {
		add("ended", clock(*r.EndedAt))
	}
	if r.Stuck != nil {
		add("stuck", fmt.Sprintf("since %s, while %s", clock(r.Stuck.Since), strings.ReplaceAll(string(r.Stuck.During), "_", " ")))
		add("serving", r.Stuck.Serving)
	}
	add("before it", blueText(r))
	add("under way", r.Progress)
	for i, g := range r.Groups {
		add(fmt.Sprintf("group %d", i+1), strings.Join(g.Hosts, ", ")+": "+r.GroupText(i))
	}
	for _, h := range r.Hosts {
		add("host "+h.Name, strings.TrimSpace(hostText(h)+"  "+slipway.ShortDigest(h.Image)))
	}
	for _, e := range r.Edges {
		text := e.Error
		if text == "" && e.Active != "" {
			text = fmt.Sprintf("serves %s", e.Active)
		}
		add("edge "+e.Name, text)
	}
	for _, f := range r.Findings {
		if f.Severity == slipway.Warn {
			add("mind", f.String())
		}
	}
	for _, b := range r.Behind {
		add("behind", fmt.Sprintf("%s, since %s: %s", b, clock(b.Since), b.Error))
	}
	if p := r.PreDeploy; p != nil {
		add("pre_deploy", preDeployText(*p))
	}
	for _, c := range r.Checks {
		add(c.What, c.Found)
	}
	for _, g := range r.Gates {
		add("gate "+g.Name, gateText(g)+", before "+g.Before)
	}
	if r.Waits != nil {
		add("waits", r.Waits.String())
	}
	if r.BreakGlass {
		add("break-glass", r.RequestedBy+" asked for it so")
	}
	for _, p := range r.Passes {
		add("break-glass", fmt.Sprintf("%s, %s: %s", p.By, clock(p.At), p.Reason))
	}
	add("ignored", r.Ignored)
	if r.CleanupPending {
		add("cleanup", "something is still to be removed from a host that does not answer")
	}
	text := table(rows)
	if r.Reason != "" {
		text += indent(printable("reason: " + r.Reason))
	}
	return text
}

// stands is a release's outcome, or its phase until there is one.
func stands(r slipway.Release) string {
	if r.Outcome != nil {
		return string(*r.Outcome)
	}
	return string(r.Phase)
}

// preDeployText says where the command ran that runs before green, how long it
// took, and where its log is.
func preDeployText(p slipway.PreDeployState) string {
	text := "on " + p.Host
	if p.Took > 0 {
		text += ", took " + p.Took.String()
	}
	if p.Evidence != "" {
		text += ", log in " + p.Evidence
	}
	if p.Tail != "" {
		text += "; it said last: " + p.Tail
	}
	return text
}

func blueText(r slipway.Release) string {
	ready := "going back is not possible right now"
	if r.RollbackReady {
		ready = "going back is possible at once"
	}
	switch {
	case r.Stuck != nil && r.Stuck.During == slipway.Holding:
		return r.Blue + ", kept; " + ready
	case r.HoldUntil == nil:
		return r.Blue
	}
	return fmt.Sprintf("%s, held until %s; %s", r.Blue, clock(*r.HoldUntil), ready)
}
