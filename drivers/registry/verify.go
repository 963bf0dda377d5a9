package registry

import (
	"context"

	"slipway"
)

// verify reads the image's chain of digests in the registry, and compares.
func (r *registry) verify(ctx context.Context, image slipway.Image) error {
	have, err := r.resolve(ctx, image.Repository, image.Tag, image.Platform)
	if err != nil {
		return err
	}
	for _, link := range []struct{ name, have, want string }{
		{"the tag", have.Digest, image.Digest},
		{"the manifest", have.Manifest, image.Manifest},
		{"the config", have.Config, image.Config},
	} {
		if link.have != link.want {
			return slipway.Errorf(slipway.CodeInvalid, "%s of %s in registry %s is %s, not %s: somebody else writes there",
				link.name, printed(image.Repository, image.Tag), r.Name, link.have, link.want)
		}
	}
	return nil
}
