package activities

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"slipway"
)

// PullInput says which image a host is to have.
type PullInput struct {
	Host     string        `json:"host"`
	Registry string        `json:"registry"`
	Image    slipway.Image `json:"image"`

	Patience slipway.Duration `json:"patience,omitempty"` // as in HostInput
	Reach    slipway.Duration `json:"reach,omitempty"`    // how long the registry may be silent to the host; 0: until the activity's own deadline
	Release  string           `json:"release"`
	Warrant  *slipway.Warrant `json:"warrant,omitempty"`
}

// PullResult is the image as the host's image store has it.
type PullResult struct {
	ImageID string `json:"image_id"`
}

// PullImage makes the image present on the host and checks that what is there
// is what was verified, for a release that was ordered. Idempotent: it names
// the image by digest, and layers that are there already are not fetched again.
func (a *Host) PullImage(ctx context.Context, in PullInput) (PullResult, error) {
	if err := a.mayPull(in); err != nil {
		return PullResult{}, Failure(err)
	}
	engine, err := a.Engines.Engine(in.Host)
	if err != nil {
		return PullResult{}, Failure(err)
	}
	ref, auth, err := a.Registries.PullRef(ctx, in.Registry, in.Image)
	if err != nil {
		return PullResult{}, Failure(err)
	}
	id, err := answering(ctx, engine, in.Host, in.Patience, func(ctx context.Context) (string, error) {
		return pull(ctx, engine, in, ref, auth)
	})
	if err != nil {
		return PullResult{}, Failure(err)
	}
	if !in.Image.Runs(id) {
		return PullResult{}, Failure(notVerified(in.Host, in.Image, id))
	}
	return PullResult{ImageID: id}, nil
}

// pull fetches an image. When the registry has not sent the host anything for
// the length of in.Reach, the error is of CodeUnreachable, which nobody tries
// again: it is for the caller to go on without the host. What was begun and then
// broke off fails as it is.
func pull(ctx context.Context, engine Engine, in PullInput, ref string, auth slipway.RegistryAuth) (string, error) {
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	giveUp := time.AfterFunc(in.Reach.Std(), func() {
		if in.Reach > 0 {
			stop()
		}
	})
	defer giveUp.Stop()
	var last error
	for {
		heard := false
		id, err := engine.Pull(waiting, ref, auth, func(p slipway.Progress) {
			heard = true
			giveUp.Stop()
			p.Host = in.Host
			activity.RecordHeartbeat(ctx, p)
		})
		switch {
		case err == nil, ctx.Err() != nil, in.Reach == 0, heard:
			return id, err
		case waiting.Err() == nil && slipway.ErrorCode(err) != slipway.CodeUnavailable:
			return id, err
		case waiting.Err() == nil:
			last = err
		}
		select {
		case <-time.After(retryInterval):
		case <-waiting.Done():
			text := fmt.Sprintf("host %s: registry %s has not answered it for %s", in.Host, in.Registry, in.Reach)
			if last != nil {
				text += ": " + last.Error()
			}
			return "", slipway.Errorf(slipway.CodeUnreachable, "%s", text)
		}
	}
}

func (a *Host) mayPull(in PullInput) error {
	g, err := a.past(in.Warrant, in.Release)
	if err != nil {
		return err
	}
	if err := a.image(in.Warrant, &g, in.Image); err != nil {
		return err
	}
	return a.registry(g, in.Registry, slipway.ProductionRegistry)
}

func notVerified(host string, image slipway.Image, id string) error {
	return slipway.Errorf(slipway.CodeInvalid, "host %s has image %s where %s (config %s) was verified: somebody else's image is in its place",
		host, slipway.ShortDigest(id), slipway.ShortDigest(image.Digest), slipway.ShortDigest(image.Config))
}
