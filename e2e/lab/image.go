package lab

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// An Image is a program without anything around it. The same Image always has
// the same digest.
type Image struct {
	Binary   string            // path of a static program, which becomes the entrypoint
	Env      []string          // NAME=value
	Labels   map[string]string //
	Port     int               // that it exposes; 0: none
	Platform string            // "linux/arm64"; empty: linux/amd64
	Padding  int               // bytes that do not compress, in a layer of their own
	Zeros    int               // bytes that compress to next to nothing, in a layer of their own
}

// app is the test service, once it was built.
var app struct {
	sync.Mutex
	program []byte
}

// BuildApp puts the test service into dir, and returns the path of the binary. It
// is built once by each process, from the working directory of any package of
// this module.
func BuildApp(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "app")
	app.Lock()
	defer app.Unlock()
	if app.program != nil {
		return path, os.WriteFile(path, app.program, 0o755)
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", path, "slipway/e2e/app")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the test service: %w: %s", err, out)
	}
	var err error
	app.program, err = os.ReadFile(path)
	return path, err
}

// Push puts the image into a registry, as "host:port/repository:tag", and
// returns its digest.
func Push(ctx context.Context, ref string, image Image) (string, error) {
	to, err := name.ParseReference(ref, name.Insecure, name.StrictValidation)
	if err != nil {
		return "", err
	}
	built, err := image.build()
	if err != nil {
		return "", fmt.Errorf("build image %s: %w", ref, err)
	}
	if err := remote.Write(to, built, remote.WithContext(ctx)); err != nil {
		return "", fmt.Errorf("push image %s: %w", ref, err)
	}
	digest, err := built.Digest()
	return digest.String(), err
}

// PushIndex puts an index of images for several platforms into a registry, and
// returns its digest.
func PushIndex(ctx context.Context, ref string, images ...Image) (string, error) {
	to, err := name.ParseReference(ref, name.Insecure, name.StrictValidation)
	if err != nil {
		return "", err
	}
	var index v1.ImageIndex = empty.Index
	for _, image := range images {
		built, err := image.build()
		if err != nil {
			return "", fmt.Errorf("build image %s: %w", ref, err)
		}
		platform, err := v1.ParsePlatform(image.platform())
		if err != nil {
			return "", err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: built, Descriptor: v1.Descriptor{Platform: platform}})
	}
	if err := remote.WriteIndex(to, index, remote.WithContext(ctx)); err != nil {
		return "", fmt.Errorf("push index %s: %w", ref, err)
	}
	digest, err := index.Digest()
	return digest.String(), err
}

// build makes the image.
func (i Image) build() (v1.Image, error) {
	program, err := os.ReadFile(i.Binary)
	if err != nil {
		return nil, err
	}
	layer, err := packed(program)
	if err != nil {
		return nil, err
	}
	layers := []v1.Layer{layer}
	add := func(path string, mode int64, content []byte) error {
		layer, err := file(path, mode, content)
		layers = append(layers, layer)
		return err
	}
	if i.Padding > 0 {
		if err := add("padding", 0o644, noise(i.Padding)); err != nil {
			return nil, err
		}
	}
	if i.Zeros > 0 {
		if err := add("zeros", 0o644, make([]byte, i.Zeros)); err != nil {
			return nil, err
		}
	}
	image, err := mutate.AppendLayers(empty.Image, layers...)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config.OS, config.Architecture, _ = strings.Cut(i.platform(), "/")
	config.Config.Entrypoint = []string{"/app"}
	config.Config.Env = i.Env
	config.Config.Labels = i.Labels
	if i.Port != 0 {
		config.Config.ExposedPorts = map[string]struct{}{fmt.Sprintf("%d/tcp", i.Port): {}}
	}
	return mutate.ConfigFile(image, config)
}

func (i Image) platform() string {
	if i.Platform == "" {
		return "linux/amd64"
	}
	return i.Platform
}

// packs are the layers of programs, by what those are: to pack one takes longer
// than all else about an image.
var packs struct {
	sync.Mutex
	of map[[sha256.Size]byte]v1.Layer
}

// packed is the layer of a program.
func packed(program []byte) (v1.Layer, error) {
	packs.Lock()
	defer packs.Unlock()
	key := sha256.Sum256(program)
	if layer, ok := packs.of[key]; ok {
		return layer, nil
	}
	layer, err := file("app", 0o755, program, tarball.WithCompressedCaching)
	if err != nil {
		return nil, err
	}
	if packs.of == nil {
		packs.of = map[[sha256.Size]byte]v1.Layer{}
	}
	packs.of[key] = layer
	return layer, nil
}

// file is a layer with one file in it, at no particular time.
func file(path string, mode int64, content []byte, options ...tarball.LayerOption) (v1.Layer, error) {
	var buffer bytes.Buffer
	archive := tar.NewWriter(&buffer)
	if err := archive.WriteHeader(&tar.Header{Name: path, Mode: mode, Size: int64(len(content))}); err != nil {
		return nil, err
	}
	if _, err := archive.Write(content); err != nil {
		return nil, err
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(buffer.Bytes())), nil
	}, options...)
}

// noise is n bytes that do not compress, the same ones every time.
func noise(n int) []byte {
	content := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(content) // it never fails
	return content
}
