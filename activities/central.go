package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"slipway"
)

// Central holds the activities that do not belong to one host: registries and
// edges.
type Central struct {
	Authority
	Registries Registries
	Edges      Edges
	Releases   Releases
	Endings    Endings
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

	// Lanes lists the services that have a lane. One that has just begun may be
	// missing for a second.
	Lanes(ctx context.Context, project string) ([]slipway.ServiceID, error)
}

// VerifyInput says which image is asked for.
type VerifyInput struct {
	Registry   string `json:"registry"`
	Repository string `json:"repository"`
	Tag        string `json:"tag"`
	Platform   string `json:"platform"`

	For   *Claim `json:"for,omitempty"`   // the release that it is for; nil: nobody acts on the answer
	Fleet string `json:"fleet,omitempty"` // hash of the fleet file that the plan was made with; empty: it is not compared
}

// VerifyResult is the image as it was found.
type VerifyResult struct {
	slipway.Image
	OtherFleet string `json:"other_fleet,omitempty"` // hash of the fleet file of this worker, where that is another one
}

// A Claim is a release that says it was ordered.
type Claim struct {
	Release     string              `json:"release"`
	Kind        slipway.ReleaseKind `json:"kind"`
	Settings    string              `json:"settings"` // Service.SettingsHash
	Plan        string              `json:"plan"`     // Plan.Identity
	RequestedBy string              `json:"requested_by"`
	Warrant     slipway.Warrant     `json:"warrant"`
}

// VerifyImage resolves the tag to a digest, once for the whole release. For a
// release, it first makes sure that this was ordered, and signs the answer, so
// that nobody on the way can put another image in its place. It changes nothing;
// asked again, it may find that the tag has moved, which is why a release asks
// once and keeps the answer.
func (a *Central) VerifyImage(ctx context.Context, in VerifyInput) (VerifyResult, error) {
	var g grant
	if in.For != nil {
		var err error
		if g, err = a.ordered(in); err != nil {
			return VerifyResult{}, Failure(err)
		}
	}
	image, err := a.Registries.Resolve(ctx, in.Registry, in.Repository, in.Tag, in.Platform)
	if err == nil && in.For != nil {
		image.Signature, err = a.Signatures.Seal(
			slipway.ImageStatement{Order: g.order, Digest: image.Digest, Image: image.Identity()}, slipway.WitnessLasts)
	}
	return VerifyResult{Image: image, OtherFleet: a.otherFleet(ctx, in.Fleet)}, Failure(err)
}

// otherFleet is the hash of the fleet file of this worker, if the API had
// another one. It may have been changed just then; where it stays so, people are
// shown one fleet, and releases act on another.
func (a *Central) otherFleet(ctx context.Context, ofAPI string) string {
	own := a.Fleet().Hash
	if ofAPI == "" || ofAPI == own {
		return ""
	}
	activity.GetLogger(ctx).Warn("Fleet file is another than that of the API", "hash", own, "of_api", ofAPI)
	return own
}

// ordered holds a release to its order, before it begins.
func (a *Central) ordered(in VerifyInput) (grant, error) {
	g, err := a.present(&in.For.Warrant, in.For.Release)
	if err != nil {
		return g, err
	}
	if err := g.of(in.For.Settings); err != nil {
		return g, err
	}
	if c := in.For; in.Repository != g.Image || in.Tag != g.Tag || c.Plan != g.Plan || c.Kind != g.Kind || c.RequestedBy != g.RequestedBy {
		return g, refused(g.release, slipway.Errorf(slipway.CodeForbidden, "it says that %s ordered a %s of %s:%s on plan %.12s, but %s ordered a %s of %s:%s on %.12s: somebody has changed it since",
			c.RequestedBy, c.Kind, in.Repository, in.Tag, c.Plan, g.RequestedBy, g.Kind, g.Image, g.Tag, g.Plan))
	}
	return g, a.registry(g, in.Registry, slipway.SourceRegistry)
}

// ReplicateInput says which image goes where.
type ReplicateInput struct {
	From  string        `json:"from"`
	To    string        `json:"to"`
	Image slipway.Image `json:"image"`

	Release string           `json:"release"`
	Warrant *slipway.Warrant `json:"warrant,omitempty"`
}

// ReplicateImage copies the image from one registry to another and compares
// the digests there. Idempotent: content is addressed by digest, and what is
// there already is not sent again.
func (a *Central) ReplicateImage(ctx context.Context, in ReplicateInput) error {
	if err := a.mayCopy(in); err != nil {
		return Failure(err)
	}
	id, err := slipway.ParseReleaseID(in.Release)
	if err != nil {
		return Failure(err)
	}
	return Failure(a.Registries.Copy(ctx, id.Project, in.From, in.To, in.Image, func(p slipway.Progress) {
		activity.RecordHeartbeat(ctx, p)
	}))
}

// mayCopy wants an order for what is to get into the production registry.
func (a *Central) mayCopy(in ReplicateInput) error {
	g, err := a.past(in.Warrant, in.Release)
	if err != nil {
		return err
	}
	if err := a.image(in.Warrant, &g, in.Image); err != nil {
		return err
	}
	if in.Image.Tag != g.Tag { // it is what the copy is called
		return refused(g.release, slipway.Errorf(slipway.CodeForbidden, "it is to be copied as %s, but %s ordered %s", in.Image.Tag, g.RequestedBy, g.Tag))
	}
	if err := a.registry(g, in.From, slipway.SourceRegistry); err != nil {
		return err
	}
	return a.registry(g, in.To, slipway.ProductionRegistry)
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

// ListLanes lists the services that have a lane. It changes nothing.
func (a *Central) ListLanes(ctx context.Context, _ struct{}) ([]slipway.ServiceID, error) {
	lanes, err := a.Releases.Lanes(ctx, "")
	return lanes, Failure(err)
}

// ReadQuotas is what the fleet file of this worker lets a project have under
// way. It changes nothing.
func (a *Central) ReadQuotas(_ context.Context, project string) (slipway.Quotas, error) {
	p, _ := a.Fleet().Project(project)
	return p.Quotas, nil
}
