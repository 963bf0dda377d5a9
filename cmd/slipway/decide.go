package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

// decide passes a verdict on, about the one open gate unless one is named. It
// says what the verdict is about, and the verdict counts for nothing else. If it
// is not to be delivered, it is only signed, and printed as the payload of
// Temporal's signal decide.
func (p *program) decide(ctx context.Context, server *client.Client, id slipway.ReleaseID, gate string, verdict slipway.Verdict, reason string, deliver bool) error {
	seen, err := server.ReleaseToDecide(ctx, id)
	if err != nil {
		return err
	}
	if gate == "" {
		if gate, err = openGate(seen); err != nil {
			return err
		}
	}
	decision := client.Decision{Gate: gate, Verdict: verdict, Reason: reason, Digest: seen.Digest, Settings: seen.Settings, Plan: seen.Plan}
	if !deliver {
		signed, err := server.SignDecision(ctx, id, decision)
		if err != nil {
			return err
		}
		text, err := json.Marshal(signed)
		if err != nil {
			return fmt.Errorf("write the decision: %w", err)
		}
		return p.out.result(signed, string(text))
	}
	if err := server.Decide(ctx, id, decision); err != nil {
		return err
	}
	done := map[slipway.Verdict]string{slipway.Approve: "approved", slipway.Reject: "rejected"}[verdict]
	return p.out.result(struct {
		subject
		Gate     string          `json:"gate"`
		Decision slipway.Verdict `json:"decision"`
		Tag      string          `json:"tag"`
		Digest   string          `json:"digest"`
		Settings string          `json:"settings"`
	}{subject{id.String()}, gate, verdict, seen.Tag, seen.Digest, seen.Settings},
		printable(fmt.Sprintf("%s %s at gate %s: %s (%s) with settings %.12s, asked for by %s",
			done, id, gate, seen.Tag, slipway.ShortDigest(seen.Digest), seen.Settings, seen.RequestedBy)))
}

// openGate is the one gate that waits for people.
func openGate(release slipway.Release) (string, error) {
	var open []string
	for _, g := range release.Gates {
		if g.State == slipway.GateOpen {
			open = append(open, g.Name)
		}
	}
	switch len(open) {
	case 0:
		return "", slipway.Errorf(slipway.CodeConflict, "%s has no open gate: it is %s", release.ID, stands(release))
	case 1:
		return open[0], nil
	default:
		return "", slipway.Errorf(slipway.CodeInvalid, "%s has several open gates: name one with --gate: %s", release.ID, strings.Join(open, ", "))
	}
}
