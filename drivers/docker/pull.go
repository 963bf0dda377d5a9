package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"

	"slipway"
)

// reportEvery is how often a pull calls progress at most.
const reportEvery = 200 * time.Millisecond

// Pull makes the image present and returns its image ID as the host's image
// store has it. ref names it by digest. It calls progress, from the calling
// goroutine, as bytes arrive. An image that is there already costs one call.
//
// Errors: CodeNotFound when the registry has no such digest, CodeForbidden,
// CodeTooMany, CodeUnavailable when the engine or the registry does not answer,
// and CodeConflict when the host's disk is full: nobody makes room while a release
// waits for it.
func (e *Engine) Pull(ctx context.Context, ref string, auth slipway.RegistryAuth, progress func(slipway.Progress)) (string, error) {
	doing := "pull " + ref
	if id, err := e.imageID(ctx, ref); err == nil || !errdefs.IsNotFound(err) {
		return id, e.fail(ctx, doing, err)
	}
	var options image.PullOptions
	if auth != (slipway.RegistryAuth{}) {
		header, err := registry.EncodeAuthConfig(registry.AuthConfig{Username: auth.Username, Password: auth.Password})
		if err != nil {
			return "", fmt.Errorf("encode registry credentials: %w", err)
		}
		options.RegistryAuth = header
	}
	stream, err := e.client.ImagePull(ctx, ref, options)
	if err != nil {
		return "", e.fail(ctx, doing, err)
	}
	defer stream.Close()
	if err := follow(stream, progress); err != nil {
		if ctx.Err() != nil { // the engine reports our own end of the pull as a failure
			err = ctx.Err()
		}
		return "", e.failOnDisk(ctx, doing, err)
	}
	id, err := e.imageID(ctx, ref)
	return id, e.fail(ctx, doing, err)
}

func (e *Engine) imageID(ctx context.Context, ref string) (string, error) {
	found, err := e.client.ImageInspect(ctx, ref)
	return found.ID, err
}

// A pullEvent is one line of what the engine says during a pull.
type pullEvent struct {
	ID       string `json:"id"` // of the layer
	Status   string `json:"status"`
	Progress struct {
		Current int64 `json:"current"`
		Total   int64 `json:"total"`
	} `json:"progressDetail"`
	Error string `json:"error"`
}

// follow reads a pull to its end. Bytes are counted while they are downloaded;
// the engine then counts once more while it unpacks them, which is left out.
func follow(stream io.Reader, progress func(slipway.Progress)) error {
	layers := map[string]slipway.Progress{}
	var reported time.Time
	decoder := json.NewDecoder(stream)
	for {
		var event pullEvent
		err := decoder.Decode(&event)
		if errors.Is(err, io.EOF) {
			if len(layers) > 0 {
				progress(sum(layers))
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the engine's progress: %w", err)
		}
		if event.Error != "" {
			return errors.New(event.Error)
		}
		layer := layers[event.ID]
		switch event.Status {
		case "Downloading":
			layer = slipway.Progress{Done: event.Progress.Current, Total: event.Progress.Total}
		case "Download complete":
			layer.Done = layer.Total
		default:
			continue
		}
		layers[event.ID] = layer
		if time.Since(reported) >= reportEvery {
			reported = time.Now()
			progress(sum(layers))
		}
	}
}

func sum(layers map[string]slipway.Progress) slipway.Progress {
	var all slipway.Progress
	for _, layer := range layers {
		all.Done += layer.Done
		all.Total += layer.Total
	}
	return all
}
