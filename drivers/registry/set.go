// Package registry drives the registries of a fleet by the OCI distribution
// API: it finds out what a tag is, and copies images by digest.
//
// The chain of digests, from the tag over the index and the platform's
// manifest to the config, is followed once, in Resolve, and compared after a
// copy. Nothing is retried here: errors say by their code whether trying again
// can help, and the caller knows how long it may.
package registry

import (
	"context"
	"net/url"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"slipway"
)

// A Set is the registries of a fleet, by name. Its methods may be called at
// the same time.
type Set struct {
	registries map[string]*registry
}

// A registry is one of them, with its connections.
type registry struct {
	slipway.Registry
	name       name.Registry
	pullHost   string
	connection *connection
	login      login
	puller     *remote.Puller // it keeps the registry's tokens
	err        error          // why it cannot be used
}

// New returns the registries of a fleet. It connects to none. secrets looks up
// what the passwords of their credentials refer to.
func New(registries []slipway.Registry, secrets func(ctx context.Context, ref string) (string, error)) *Set {
	s := &Set{registries: map[string]*registry{}}
	for _, r := range registries {
		s.registries[r.Name] = open(r, secrets)
	}
	return s
}

func open(r slipway.Registry, secrets func(ctx context.Context, ref string) (string, error)) *registry {
	opened := &registry{Registry: r, login: login{credentials: r.Credentials, secrets: secrets}}
	scheme, host, err := address(r.Name, "url", r.URL)
	if err != nil {
		opened.err = err
		return opened
	}
	opened.pullHost = host
	if r.PullURL != "" {
		if _, opened.pullHost, err = address(r.Name, "pull_url", r.PullURL); err != nil {
			opened.err = err
			return opened
		}
	}
	if opened.name, err = name.NewRegistry(host); err != nil {
		opened.err = slipway.Errorf(slipway.CodeInvalid, "registry %s: url is %q: %w", r.Name, r.URL, err)
		return opened
	}
	opened.connection = newConnection(scheme, host)
	opened.puller, opened.err = remote.NewPuller(opened.options()...)
	return opened
}

// options are those of every request to the registry.
func (r *registry) options() []remote.Option {
	return []remote.Option{
		remote.WithTransport(r.connection),
		remote.WithAuth(r.login),
		remote.WithUserAgent("slipway"),
		remote.WithRetryStatusCodes(),
		remote.WithRetryPredicate(func(error) bool { return false }),
		remote.WithRetryBackoff(remote.Backoff{Steps: 1}),
	}
}

// address splits a registry's URL.
func address(registry, key, text string) (scheme, host string, err error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return "", "", slipway.Errorf(slipway.CodeInvalid, "registry %s: %s is not the address of a registry: write https://HOST[:PORT], or http:// without TLS", registry, key)
	}
	return u.Scheme, u.Host, nil
}

// get finds a registry by name.
func (s *Set) get(registry string) (*registry, error) {
	r, ok := s.registries[registry]
	if !ok {
		return nil, slipway.Errorf(slipway.CodeNotFound, "there is no registry %q in the fleet", registry)
	}
	return r, r.err
}

// repository names a repository of the registry.
func (r *registry) repository(repository string) (name.Repository, error) {
	if !slipway.ValidRepository(repository) {
		return name.Repository{}, slipway.Errorf(slipway.CodeInvalid, "%q is not a repository: write its name without registry, tag and digest, for example search/query-api", repository)
	}
	return r.name.Repo(repository), nil
}
