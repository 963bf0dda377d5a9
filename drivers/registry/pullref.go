package registry

import (
	"context"

	"slipway"
)

// PullRef is how hosts name the image in that registry, by digest, and the
// credentials to pull it with.
func (s *Set) PullRef(ctx context.Context, registry string, image slipway.Image) (string, slipway.RegistryAuth, error) {
	r, err := s.get(registry)
	if err != nil {
		return "", slipway.RegistryAuth{}, err
	}
	auth, err := r.login.auth(ctx)
	if err != nil {
		return "", slipway.RegistryAuth{}, err
	}
	return r.pullHost + "/" + image.Repository + "@" + image.Digest, auth, nil
}
