package api

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"slipway"
)

type decideInput struct {
	ReleasePath
	Idempotency
	Body struct {
		Gate     string `json:"gate"`
		Decision string `json:"decision" enum:"approve,reject"`
		Reason   string `json:"reason,omitempty" maxLength:"1000" doc:"a rejection says why"`
		Digest   string `json:"digest,omitempty" doc:"of the release as it was seen; the decision is void if it has another one. Default: the one it has"`
		Settings string `json:"settings,omitempty" doc:"as digest"`
		Plan     string `json:"plan,omitempty" doc:"as digest"`
	}
}

// decide passes a decision on.
func (s *server) decide(ctx context.Context, in *decideInput) (*struct{}, error) {
	id, decision, err := s.decision(ctx, in)
	if err != nil {
		return nil, err
	}
	return nil, s.Releases.Decide(ctx, id, decision, in.key(ctx))
}

type signedOutput struct{ Body slipway.Decision }

// signed gives a decision to whoever makes it, who passes it on by other means:
// as the payload of the signal decide of Temporal.
func (s *server) signed(ctx context.Context, in *decideInput) (*signedOutput, error) {
	_, decision, err := s.decision(ctx, in)
	if err != nil {
		return nil, err
	}
	return &signedOutput{decision}, nil
}

// decision is the signed decision of whoever is signed in, if they may make it.
func (s *server) decision(ctx context.Context, in *decideInput) (slipway.ReleaseID, slipway.Decision, error) {
	none := slipway.Decision{}
	id, err := s.release(ctx, in.ID, slipway.RightView)
	if err != nil {
		return id, none, err
	}
	release, err := s.Releases.Release(ctx, id)
	if err != nil {
		return id, none, err
	}
	i := slices.IndexFunc(release.Gates, func(g slipway.GateState) bool { return g.Name == in.Body.Gate })
	if i < 0 {
		return id, none, slipway.Errorf(slipway.CodeNotFound, "%s has no gate %q; %s", id, in.Body.Gate, gateNames(release.Gates))
	}
	if in.Body.Plan != "" && in.Body.Plan != release.Plan {
		return id, none, slipway.Errorf(slipway.CodeConflict, "the decision is about another plan, of hosts, edges and registries, than %s has: look at it again", id)
	}
	if requestOf(ctx).session.Token != nil {
		return id, none, slipway.Errorf(slipway.CodeForbidden, "a token decides nothing: gates ask people")
	}
	if err := s.renew(ctx); err != nil {
		return id, none, err
	}
	who := requestOf(ctx).session
	gate := release.Gates[i]
	if !s.mayDecide(ctx, id.Project, gate.Approvers) {
		return id, none, slipway.Errorf(slipway.CodeForbidden, "%s may not decide gate %s: it asks %s", who.User, gate.Name, asked(gate.Approvers))
	}
	decision := slipway.Decision{
		Gate:     in.Body.Gate,
		Verdict:  slipway.Verdict(in.Body.Decision),
		Reason:   in.Body.Reason,
		By:       who.User,
		Groups:   s.counting(who.Groups, id.Project, gate.Approvers),
		Digest:   cmp.Or(in.Body.Digest, release.Digest),
		Settings: cmp.Or(in.Body.Settings, release.Settings),
		At:       s.Now().UTC(),
	}
	again := slices.ContainsFunc(gate.Decisions, func(d slipway.Decision) bool { return d.By == who.User }) // the answer to the first was lost: the release knows
	if gate.State != slipway.GateOpen && !again && release.Phase != slipway.Ended {                         // what it is about is still to be seen, or was decided by others
		return id, none, slipway.Errorf(slipway.CodeConflict, "gate %s of %s is %s, not open", gate.Name, id, gate.State)
	}
	if err := s.signDecision(id, release, &decision); err != nil {
		return id, none, err
	}
	return id, decision, nil
}

// renew reads the groups of whoever is signed in again, however lately that was
// done: who has just left a group decides nothing.
func (s *server) renew(ctx context.Context) error {
	session := &requestOf(ctx).session
	now, err := s.people.findNow(ctx, session.person)
	if err == nil {
		session.Groups = append([]string{}, now.Groups...)
	}
	return err
}

// mayDecide reports whether whoever is signed in is one of those that a gate
// asks: those with a role, which must be able to decide in the project, or
// those of a group, whose right comes from the gate alone.
func (s *server) mayDecide(ctx context.Context, project string, approvers slipway.Approvers) bool {
	groups := requestOf(ctx).session.Groups
	if approvers.Group != "" {
		return slices.Contains(groups, approvers.Group)
	}
	return s.may(ctx, project, slipway.RightDecide) && s.Fleet().InRole(groups, project, approvers.Role)
}

// counting are the groups that may have made somebody an approver. Others, of
// which there may be thousands, do not belong in a history.
func (s *server) counting(groups []string, project string, approvers slipway.Approvers) []string {
	counting := s.Fleet().Counting(groups, project)
	if group := approvers.Group; slices.Contains(groups, group) && !slices.Contains(counting, group) {
		counting = append(counting, group)
	}
	return counting
}

func asked(a slipway.Approvers) string {
	if a.Group != "" {
		return "the group " + a.Group
	}
	return "the role " + string(a.Role)
}

func gateNames(gates []slipway.GateState) string {
	if len(gates) == 0 {
		return "it has none"
	}
	names := make([]string, len(gates))
	for i, g := range gates {
		names[i] = g.Name
	}
	return "it has " + strings.Join(names, ", ")
}
