package slipway

import (
	"regexp"
	"strings"
)

// An Image is one verified image: the chain of digests from what was asked for
// to what a running container reports.
type Image struct {
	Repository string            `json:"repository"` // within the registry
	Tag        string            `json:"tag"`        // what was asked for: a tag, or a digest
	Digest     string            `json:"digest"`     // what it resolved to: an index, or a manifest
	Manifest   string            `json:"manifest"`   // the manifest for the hosts' platform; equal to Digest without an index
	Config     string            `json:"config"`     // the manifest's config: the image ID in Docker's classic store
	Platform   string            `json:"platform"`   // "linux/amd64"
	Size       int64             `json:"size"`       // bytes, compressed, of manifest, config and layers
	Labels     map[string]string `json:"labels,omitempty"`
	Signature  string            `json:"signature,omitempty"` // an ImageStatement by the worker that resolved it; empty in a plan
}

// Runs reports whether a container whose image ID is id runs this image. The
// classic image store of Docker names an image by its config's digest, the
// containerd store by its manifest's or its index's.
func (i Image) Runs(id string) bool {
	return id != "" && (id == i.Config || id == i.Manifest || id == i.Digest)
}

var (
	digestRE = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	tagRE    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	repoRE   = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)
)

// IsDigest reports whether s is a digest, "sha256:" and 64 hexadecimal digits.
func IsDigest(s string) bool { return digestRE.MatchString(s) }

// ValidTag reports whether s is a tag or a digest, as the OCI distribution
// specification has them.
func ValidTag(s string) bool { return IsDigest(s) || tagRE.MatchString(s) }

// ValidRepository reports whether s is the name of a repository, as the OCI
// distribution specification has it, without host, tag or digest.
func ValidRepository(s string) bool { return len(s) <= 255 && repoRE.MatchString(s) }

// ShortDigest is the part of a digest that people compare: "sha256:0123456789ab".
func ShortDigest(digest string) string {
	algorithm, hex, ok := strings.Cut(digest, ":")
	if !ok || len(hex) < 12 {
		return digest
	}
	return algorithm + ":" + hex[:12]
}

// RegistryAuth signs in to a registry. The zero value is anonymous. It has no
// JSON form, so that it cannot end up in a workflow's history.
type RegistryAuth struct {
	Username string `json:"-"`
	Password string `json:"-"`
}
