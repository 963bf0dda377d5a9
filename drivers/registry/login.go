package registry

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/authn"

	"slipway"
)

// A login looks up credentials each time they are asked for, so that a changed
// secret is taken over.
type login struct {
	credentials *slipway.Credentials
	secrets     func(ctx context.Context, ref string) (string, error)
}

var _ authn.ContextAuthenticator = login{}

// auth is anonymous without credentials.
func (l login) auth(ctx context.Context) (slipway.RegistryAuth, error) {
	if l.credentials == nil {
		return slipway.RegistryAuth{}, nil
	}
	auth := slipway.RegistryAuth{Username: l.credentials.Username, Password: l.credentials.Password.Plain}
	if ref := l.credentials.Password.Secret; ref != "" {
		password, err := l.secrets(ctx, ref)
		if err != nil {
			return slipway.RegistryAuth{}, fmt.Errorf("look up the registry's password: %w", err)
		}
		auth.Password = password
	}
	return auth, nil
}

// AuthorizationContext is auth as the registry's client asks for it.
func (l login) AuthorizationContext(ctx context.Context) (*authn.AuthConfig, error) {
	auth, err := l.auth(ctx)
	if err != nil {
		return nil, err
	}
	return &authn.AuthConfig{Username: auth.Username, Password: auth.Password}, nil
}

// Authorization is AuthorizationContext for clients without a context.
func (l login) Authorization() (*authn.AuthConfig, error) {
	return l.AuthorizationContext(context.Background())
}
