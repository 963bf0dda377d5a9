package registry

import (
	"context"
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"slipway"
)

// reportEvery is how often a copy calls progress at most.
const reportEvery = 200 * time.Millisecond

// Copy brings the image, all of its index if it has one, from one registry to
// the other, tags it there, and then reads the chain of digests back. What is
// there already is not sent again, which makes a repeated copy quick. It calls
// progress, one call at a time, as bytes arrive, and keeps to the pace, which may
// be nil.
//
// Errors: CodeNotFound when the source does not have all of the image (any
// more); CodeInvalid when something is not what its digest says; CodeForbidden,
// CodeTooMany, CodeUnavailable.
func (s *Set) Copy(ctx context.Context, from, to string, image slipway.Image, pace Pace, progress func(slipway.Progress)) error {
	source, err := s.get(from)
	if err != nil {
		return err
	}
	target, err := s.get(to)
	if err != nil {
		return err
	}
	ctx = paced(ctx, pace)
	doing := fmt.Sprintf("copy %s from registry %s to %s", printed(image.Repository, image.Tag), from, to)
	if there, err := target.tagged(ctx, image); err != nil {
		return fail(ctx, doing, err)
	} else if !there {
		if err := transfer(ctx, source, target, image, progress); err != nil {
			return fail(ctx, doing, err)
		}
	}
	return fail(ctx, doing, target.verify(ctx, image))
}

// tagged reports whether the registry has the image under its tag. A registry
// accepts a manifest after all that it refers to.
func (r *registry) tagged(ctx context.Context, image slipway.Image) (bool, error) {
	repo, err := r.repository(image.Repository)
	if err != nil {
		return false, err
	}
	ref, err := reference(repo, image.Tag)
	if err != nil {
		return false, err
	}
	found, err := r.puller.Head(ctx, ref)
	if err != nil {
		if code(err) == slipway.CodeNotFound {
			return false, nil
		}
		return false, err
	}
	return found.Digest.String() == image.Digest, nil
}

// transfer sends what the target lacks, and the tag last.
func transfer(ctx context.Context, source, target *registry, image slipway.Image, progress func(slipway.Progress)) error {
	repo, err := source.repository(image.Repository)
	if err != nil {
		return err
	}
	found, err := source.puller.Get(ctx, repo.Digest(image.Digest))
	if err != nil {
		return err
	}
	ref, err := reference(target.name.Repo(image.Repository), image.Tag)
	if err != nil {
		return err
	}
	updates := make(chan v1.Update, 16)
	options := append(target.options(), remote.WithContext(ctx), remote.WithProgress(updates))
	var write func() error
	if found.MediaType.IsIndex() {
		index, err := found.ImageIndex()
		if err != nil {
			return err
		}
		write = func() error { return remote.WriteIndex(ref, index, options...) }
	} else {
		single, err := found.Image()
		if err != nil {
			return err
		}
		write = func() error { return remote.Write(ref, single, options...) }
	}
	written := make(chan error, 1)
	go func() { written <- write() }()
	last := report(updates, progress) // until write closes the channel
	if err := <-written; err != nil {
		return err
	}
	if last.Total > 0 { // the library may miss the last bytes of a layer in its count
		progress(slipway.Progress{Done: last.Total, Total: last.Total})
	}
	return nil
}

// report passes updates on, and returns the last one.
func report(updates <-chan v1.Update, progress func(slipway.Progress)) slipway.Progress {
	var last slipway.Progress
	var reported time.Time
	for update := range updates {
		if update.Error != nil {
			continue // write returns it
		}
		last = slipway.Progress{Done: update.Complete, Total: update.Total}
		if time.Since(reported) >= reportEvery {
			reported = time.Now()
			progress(last)
		}
	}
	return last
}
