package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"slipway"
)

// Central holds the activities that do not belong to one host: registries and
// edges.
type Central struct {
	Registries Registries
	Edges      Edges
	Releases   Releases
}

// Edges finds the administration of an edge by name.
type Edges interface {
	// Edge returns an error of CodeNotFound for an edge that is not in the fleet.
	Edge(name string) (EdgeAdmin, error)
}

// Releases is what can be known of releases from outside them.
type Releases interface {
	// AwaitEnd returns when the release's workflow is closed, however it was
	// closed, with what it returned; ok is false if it returned nothing, because
	// it was terminated or failed.
	AwaitEnd(ctx context.Context, id slipway.ReleaseID) (release slipway.Release, ok bool, err error)
}

// VerifyInput says which image is asked for.
type VerifyInput struct {
	Registry   string `json:"registry"`
	Repository string `json:"repository"`
	Tag        string `json:"tag"`
	Platform   string `json:"platform"`
}

// VerifyImage resolves the tag to a digest, once for the whole release. It
// changes nothing; asked again, it may find that the tag has moved, which is
// why a release asks once and keeps the answer.
func (a *Central) VerifyImage(ctx context.Context, in VerifyInput) (slipway.Image, error) {
	image, err := a.Registries.Resolve(ctx, in.Registry, in.Repository, in.Tag, in.Platform)
	return image, Failure(err)
}

// ReplicateInput says which image goes where.
type ReplicateInput struct {
	From  string        `json:"from"`
	To    string        `json:"to"`
	Image slipway.Image `json:"image"`
}

// ReplicateImage copies the image from one registry to another and compares
// the digests there. Idempotent: content is addressed by digest, and what is
// there already is not sent again.
func (a *Central) ReplicateImage(ctx context.Context, in ReplicateInput) error {
	return Failure(a.Registries.Copy(ctx, in.From, in.To, in.Image, func(p slipway.Progress) {
		activity.RecordHeartbeat(ctx, p)
	}))
}

// AwaitResult is how a release's workflow ended.
type AwaitResult struct {
	Release slipway.Release `json:"release"`
	OK      bool            `json:"ok"` // false: it was terminated, or failed
}

// AwaitRelease returns when a release's workflow is closed. A lane that has
// continued as new does not hear the close of the children of its earlier runs.
// It changes nothing.
func (a *Central) AwaitRelease(ctx context.Context, in slipway.ReleaseID) (AwaitResult, error) {
	release, ok, err := a.Releases.AwaitEnd(ctx, in)
	return AwaitResult{Release: release, OK: ok}, Failure(err)
}
