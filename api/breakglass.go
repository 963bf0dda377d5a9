package api

import (
	"cmp"
	"context"

	"slipway"
)

type breakGlassInput struct {
	ReleasePath
	Idempotency
	Body struct {
		Reason   string `json:"reason" minLength:"1" maxLength:"1000"`
		Digest   string `json:"digest,omitempty" doc:"of the release as it was seen; the pass is void if it has another one. Default: the one it has"`
		Settings string `json:"settings,omitempty" doc:"as digest"`
	}
}

// breakGlass passes on that whoever is signed in wants a release to switch in
// spite of a window. It takes two, one of whom may decide on what somebody else
// has asked for: workers count, not this.
func (s *server) breakGlass(ctx context.Context, in *breakGlassInput) (*struct{}, error) {
	id, err := s.release(ctx, in.ID, slipway.RightRelease)
	if err != nil {
		return nil, err
	}
	if err := s.mayBreak(ctx, in.Body.Reason); err != nil {
		return nil, err
	}
	if err := s.allow(ctx, id.Project, slipway.RightRelease, "release "+in.ID); err != nil { // by the groups of this moment
		return nil, err
	}
	release, err := s.Releases.Release(ctx, id)
	if err != nil {
		return nil, err
	}
	pass := slipway.Pass{
		By:       requestOf(ctx).session.User,
		Reason:   in.Body.Reason,
		Decides:  s.may(ctx, id.Project, slipway.RightDecide),
		Digest:   cmp.Or(in.Body.Digest, release.Digest),
		Settings: cmp.Or(in.Body.Settings, release.Settings),
		At:       s.Now().UTC(),
	}
	order, seal, err := s.ordered(id, release)
	if err != nil {
		return nil, err
	}
	pass.Signature, err = s.Signatures.Seal(slipway.PassStatement{
		Release: id.String(), Order: seal.ID, By: pass.By, Reason: pass.Reason, Decides: pass.Decides,
		Digest: pass.Digest, Settings: pass.Settings, Plan: order.Plan, RequestedBy: order.RequestedBy,
	}, slipway.PassLasts)
	if err != nil {
		return nil, err
	}
	return nil, s.Releases.BreakGlass(ctx, id, pass, in.key(ctx))
}

// mayBreak returns nil if whoever is signed in is a person, with a reason. Their
// groups are read again.
func (s *server) mayBreak(ctx context.Context, reason string) error {
	switch {
	case requestOf(ctx).session.Token != nil:
		return slipway.Errorf(slipway.CodeForbidden, "a token breaks no glass: that is for people")
	case reason == "":
		return slipway.Errorf(slipway.CodeInvalid, "who breaks the glass says why")
	}
	return s.renew(ctx)
}
