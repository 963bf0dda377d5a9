package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway"
)

// phase moves the release on, where everybody sees it: query, search
// attribute, details in the Temporal UI, metric.
func (r *release) phase(ctx workflow.Context, p slipway.Phase) {
	if r.state.Phase == p {
		return
	}
	now := workflow.Now(ctx)
	if r.state.Phase != slipway.Queued {
		workflow.GetMetricsHandler(ctx).
			WithTags(map[string]string{"phase": string(r.state.Phase)}).
			Timer("slipway_release_phase_latency").Record(now.Sub(r.phaseSince))
	}
	r.state.Phase, r.phaseSince = p, now
	attributes := workflow.GetTypedSearchAttributes(ctx)
	if shown, _ := attributes.GetKeyword(PhaseKey); shown != string(p) {
		updates := []temporal.SearchAttributeUpdate{PhaseKey.ValueSet(string(p))}
		if r.state.Outcome != nil {
			updates = append(updates, OutcomeKey.ValueSet(string(*r.state.Outcome)))
		}
		if shown, _ := attributes.GetKeyword(DigestKey); shown == "" && r.state.Digest != "" {
			updates = append(updates, DigestKey.ValueSet(r.state.Digest))
		}
		_ = workflow.UpsertTypedSearchAttributes(ctx, updates...)
	}
	r.details(ctx)
}

// seen is the release as people are shown it.
func (r *release) seen() slipway.Release {
	state := r.state
	if r.shown != "" && state.Phase == slipway.Holding {
		state.Phase = r.shown
	}
	return state
}

// count adds the release to the metrics, once it has ended.
func (r *release) count(ctx workflow.Context, outcome slipway.Outcome) {
	workflow.GetMetricsHandler(ctx).WithTags(map[string]string{
		"project": r.state.Project, "service": r.state.Service, "outcome": string(outcome),
	}).Counter("slipway_releases").Inc(1)
}

// details is what the Temporal UI shows on the release's page.
func (r *release) details(ctx workflow.Context) {
	var b strings.Builder
	s := &r.state
	fmt.Fprintf(&b, "**%s/%s** `%s`", s.Project, s.Service, s.Tag)
	if s.Digest != "" {
		fmt.Fprintf(&b, " (`%s`)", slipway.ShortDigest(s.Digest))
	}
	fmt.Fprintf(&b, ": **%s**", s.Phase)
	if s.Outcome != nil {
		fmt.Fprintf(&b, ", **%s**", *s.Outcome)
	}
	fmt.Fprintf(&b, "\n\nAsked for by %s.", s.RequestedBy)
	if s.Blue != "" {
		fmt.Fprintf(&b, " Blue is `%s`.", s.Blue)
	}
	if s.Reason != "" {
		fmt.Fprintf(&b, "\n\n> %s", strings.ReplaceAll(s.Reason, "\n", "\n> "))
	}
	if s.Stuck != nil {
		fmt.Fprintf(&b, "\n\nIt is **stuck** since %s: a person says whether it goes on or back.", s.Stuck.Since.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	if s.HoldUntil != nil {
		fmt.Fprintf(&b, "\n\nBlue is held until %s; going back is possible: **%t**.", s.HoldUntil.UTC().Format("2006-01-02 15:04:05 UTC"), s.RollbackReady)
	}
	if s.Waits != nil {
		fmt.Fprintf(&b, "\n\nIt **waits**: %s.", strings.ReplaceAll(s.Waits.String(), "\n", " "))
	}
	for _, p := range s.Passes {
		fmt.Fprintf(&b, "\n\n**Break-glass** by %s: %s.", p.By, strings.ReplaceAll(p.Reason, "\n", " "))
	}
	for _, left := range s.Behind {
		fmt.Fprintf(&b, "\n\n**%s** is behind since %s.", left, left.Since.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	for i, g := range s.Groups {
		fmt.Fprintf(&b, "\n\nGroup %d of %d (%s): %s.", i+1, len(s.Groups), strings.Join(g.Hosts, ", "), s.GroupText(i))
	}
	if s.SwitchedAt != nil && len(s.Edges) > 1 {
		fmt.Fprintf(&b, "\n\nThe edges switched within %s.", s.SwitchSkew)
	}
	b.WriteString("\n\n| host | phase | container | image | |\n|---|---|---|---|---|\n")
	for _, host := range s.Hosts {
		for _, h := range host.Containers() {
			fmt.Fprintf(&b, "| %s | %s | `%s` | `%s` | %s |\n", h.Name, h.Phase, h.Container, slipway.ShortDigest(h.Image), h.Error)
		}
	}
	b.WriteString("\n| edge | serves | generation | |\n|---|---|---|---|\n")
	for _, e := range s.Edges {
		fmt.Fprintf(&b, "| %s | `%s` | %d | %s |\n", e.Name, e.Active, e.Generation, e.Error)
	}
	for _, g := range s.Gates {
		fmt.Fprintf(&b, "\nGate **%s**: %s, %d of %d.", g.Name, g.State, approvals(g), g.Approvers.Quorum)
	}
	workflow.SetCurrentDetails(ctx, b.String())
}
