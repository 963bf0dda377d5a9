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
	}
}

func (s *server) decide(ctx context.Context, in *decideInput) (*struct{}, error) {
	id, err := s.release(ctx, in.ID, slipway.RightView)
	if err != nil {
		return nil, err
	}
	release, err := s.Releases.Release(ctx, id)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(release.Gates, func(g slipway.GateState) bool { return g.Name == in.Body.Gate })
	if i < 0 {
		return nil, slipway.Errorf(slipway.CodeNotFound, "%s has no gate %q; %s", id, in.Body.Gate, gateNames(release.Gates))
	}
	if requestOf(ctx).session.Token != nil {
		return nil, slipway.Errorf(slipway.CodeForbidden, "a token decides nothing: gates ask people")
	}
	if err := s.renew(ctx); err != nil {
		return nil, err
	}
	who := requestOf(ctx).session
	if gate := release.Gates[i]; !s.mayDecide(ctx, id.Project, gate.Approvers) {
		return nil, slipway.Errorf(slipway.CodeForbidden, "%s may not decide gate %s: it asks %s", who.User, gate.Name, asked(gate.Approvers))
	}
	return nil, s.Releases.Decide(ctx, id, slipway.Decision{
		Gate:     in.Body.Gate,
		Verdict:  slipway.Verdict(in.Body.Decision),
		Reason:   in.Body.Reason,
		By:       who.User,
		Groups:   s.counting(who.Groups, id.Project, release.Gates[i].Approvers),
		Digest:   cmp.Or(in.Body.Digest, release.Digest),
		Settings: cmp.Or(in.Body.Settings, release.Settings),
		At:       s.Now().UTC(),
	}, in.key(ctx))
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
