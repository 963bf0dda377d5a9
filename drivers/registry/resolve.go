package registry

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"slipway"
)

// Resolve finds out what a tag, or a digest, of a repository is for a platform
// such as "linux/amd64". It reads the index if there is one, the manifest and
// the config, each once, and checks each against the digest that named it.
//
// Errors: CodeNotFound when there is no such repository, tag, or platform;
// CodeInvalid when what is there is not an image, or not what its digest says;
// CodeForbidden, CodeTooMany, CodeUnavailable.
func (s *Set) Resolve(ctx context.Context, registry, repository, tag, platform string) (slipway.Image, error) {
	r, err := s.get(registry)
	if err != nil {
		return slipway.Image{}, err
	}
	doing := fmt.Sprintf("find %s in registry %s", printed(repository, tag), registry)
	image, err := r.resolve(ctx, repository, tag, platform)
	return image, fail(ctx, doing, err)
}

func (r *registry) resolve(ctx context.Context, repository, tag, platform string) (slipway.Image, error) {
	repo, err := r.repository(repository)
	if err != nil {
		return slipway.Image{}, err
	}
	wanted, err := v1.ParsePlatform(platform)
	if err != nil {
		return slipway.Image{}, slipway.Errorf(slipway.CodeInvalid, "%q is not a platform: write OS/ARCHITECTURE, for example linux/amd64", platform)
	}
	ref, err := reference(repo, tag)
	if err != nil {
		return slipway.Image{}, err
	}
	found, err := r.puller.Get(ctx, ref)
	if err != nil {
		return slipway.Image{}, err
	}
	manifest := found
	if found.MediaType.IsIndex() {
		if manifest, err = r.choose(ctx, repo, found, wanted); err != nil {
			return slipway.Image{}, err
		}
	}
	image := slipway.Image{
		Repository: repository,
		Tag:        tag,
		Digest:     found.Digest.String(),
		Manifest:   manifest.Digest.String(),
		Platform:   platform,
	}
	return image, describe(&image, manifest, wanted)
}

// reference names a tag or digest of a repository.
func reference(repo name.Repository, tag string) (name.Reference, error) {
	switch {
	case slipway.IsDigest(tag):
		return repo.Digest(tag), nil
	case slipway.ValidTag(tag):
		return repo.Tag(tag), nil
	}
	return nil, slipway.Errorf(slipway.CodeInvalid, "%q is neither a tag nor a digest", tag)
}

// printed is a reference as people write it.
func printed(repository, tag string) string {
	if slipway.IsDigest(tag) {
		return repository + "@" + tag
	}
	return repository + ":" + tag
}

// choose gets the manifest that an index has for a platform.
func (r *registry) choose(ctx context.Context, repo name.Repository, found *remote.Descriptor, wanted *v1.Platform) (*remote.Descriptor, error) {
	index, err := found.ImageIndex()
	if err != nil {
		return nil, err
	}
	list, err := index.IndexManifest()
	if err != nil {
		return nil, slipway.Errorf(slipway.CodeInvalid, "the index %s cannot be read: %w", found.Digest, err)
	}
	var there []string
	for _, child := range list.Manifests {
		if child.Platform == nil || child.Platform.OS == "unknown" { // attestations are listed so
			continue
		}
		if child.Platform.Satisfies(*wanted) {
			return r.puller.Get(ctx, repo.Digest(child.Digest.String()))
		}
		there = append(there, child.Platform.String())
	}
	if len(there) == 0 {
		there = []string{"none"}
	}
	return nil, slipway.Errorf(slipway.CodeNotFound, "%s has no image for %s; the platforms there are: %s", repo.RepositoryStr(), wanted, strings.Join(there, ", "))
}

// describe fills in what the manifest and the config say, if they are those of
// an image for the platform.
func describe(image *slipway.Image, manifest *remote.Descriptor, wanted *v1.Platform) error {
	if manifest.MediaType.IsSchema1() {
		return slipway.Errorf(slipway.CodeInvalid, "%s is an image of the old format schema 1, which Docker no longer runs: push it again with a current Docker", manifest.Digest)
	}
	if !manifest.MediaType.IsImage() {
		return slipway.Errorf(slipway.CodeInvalid, "%s is not a container image: its media type is %s", manifest.Digest, manifest.MediaType)
	}
	content, err := manifest.Image()
	if err != nil {
		return err
	}
	m, err := content.Manifest()
	if err != nil {
		return slipway.Errorf(slipway.CodeInvalid, "the manifest %s cannot be read: %w", manifest.Digest, err)
	}
	if kind := m.Config.MediaType; kind != types.DockerConfigJSON && kind != types.OCIConfigJSON {
		return slipway.Errorf(slipway.CodeInvalid, "%s is not a container image: its config has the media type %s", manifest.Digest, kind)
	}
	config, err := content.ConfigFile()
	if err != nil {
		return err
	}
	if have := (v1.Platform{OS: config.OS, Architecture: config.Architecture, Variant: config.Variant}); !have.Satisfies(*wanted) {
		return slipway.Errorf(slipway.CodeNotFound, "%s has no image for %s; the platforms there are: %s", image.Repository, wanted, have)
	}
	image.Config = m.Config.Digest.String()
	image.Labels = config.Config.Labels
	image.Size = manifest.Size + m.Config.Size
	for _, layer := range m.Layers {
		image.Size += layer.Size
	}
	return nil
}
