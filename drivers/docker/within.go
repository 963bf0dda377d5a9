package docker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/pkg/stdcopy"

	"slipway"
)

// programs are archives with one static program each, for throw-away containers:
// what is seen from within a container must not depend on what its image has.
//
//go:embed within/*.tar.gz
var programs embed.FS

const (
	labelWithin = "slipway.within"  // marks what is thrown away
	withinPath  = "/slipway-within" // of the program
)

// A throwaway is a container that is made, started, heard to its end and
// removed.
type throwaway struct {
	config     *container.Config
	host       *container.HostConfig
	networking *network.NetworkingConfig
}

// marked makes the container one that the engine removes by itself when it
// ends, also without us, and that keeps no log.
func (t throwaway) marked() throwaway {
	t.config.Labels = map[string]string{labelWithin: "1"}
	t.host.AutoRemove = true
	t.host.RestartPolicy = container.RestartPolicy{Name: container.RestartPolicyDisabled}
	t.host.LogConfig = container.LogConfig{Type: "none"}
	t.host.SecurityOpt = []string{"no-new-privileges"}
	return t
}

// program is the archive for a platform such as "linux/amd64".
func (e *Engine) program(platform string) ([]byte, error) {
	archive, err := programs.ReadFile("within/" + strings.ReplaceAll(platform, "/", "-") + ".tar.gz")
	if err != nil {
		return nil, slipway.Errorf(slipway.CodeInvalid, "host %s: Slipway has no program for containers on %s", e.host, platform)
	}
	return archive, nil
}

// withinImage names the image of the program. The name says what is in it.
func withinImage(archive []byte) string {
	return fmt.Sprintf("slipway-within:%.12x", sha256.Sum256(archive))
}

// importProgram makes the image of the program on the host, out of nothing but
// the program: no registry has a part in it. Those of other versions go.
func (e *Engine) importProgram(ctx context.Context, archive []byte, platform string) error {
	ref := withinImage(archive)
	said, err := e.client.ImageImport(ctx, image.ImportSource{Source: bytes.NewReader(archive), SourceName: "-"}, ref,
		image.ImportOptions{Platform: platform, Changes: []string{"LABEL " + labelWithin + "=1"}})
	if err != nil {
		return err
	}
	defer said.Close()
	if err := follow(said, func(slipway.Progress) {}); err != nil {
		return err
	}
	others, err := e.client.ImageList(ctx, image.ListOptions{Filters: filters.NewArgs(filters.Arg("label", labelWithin))})
	if err != nil {
		return err
	}
	for _, other := range others {
		for _, tag := range other.RepoTags {
			if tag != ref { // one that is being used stays for now
				_, _ = e.client.ImageRemove(ctx, tag, image.RemoveOptions{})
			}
		}
	}
	return nil
}

// hear starts a container that was created and returns what it printed, at most
// execBytes, and its exit status. The container is gone then.
func (e *Engine) hear(ctx context.Context, id string) (string, int, error) {
	defer e.throwAway(ctx, id)
	if err := e.sweep(ctx, id); err != nil {
		return "", 0, err
	}
	stream, err := e.client.ContainerAttach(ctx, id, container.AttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return "", 0, err
	}
	defer stream.Close()
	stop := context.AfterFunc(ctx, stream.Close) // the stream itself knows no context
	defer stop()
	ended, failed := e.client.ContainerWait(ctx, id, container.WaitConditionNextExit)
	if err := e.client.ContainerStart(ctx, id, container.StartOptions{}); err != nil {
		return "", 0, err
	}
	said := &head{}
	if _, err = stdcopy.StdCopy(said, said, stream.Reader); ctx.Err() != nil {
		return "", 0, ctx.Err()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return "", 0, err
	}
	select {
	case result := <-ended:
		if result.Error != nil {
			return "", 0, errors.New(result.Error.Message)
		}
		return strings.ToValidUTF8(said.String(), "\uFFFD"), int(result.StatusCode), nil
	case err := <-failed:
		return "", 0, err
	}
}

// throwAway removes a container in any case. If the engine does it already, or
// does not answer, it does so by itself when the container ends.
func (e *Engine) throwAway(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	err := e.client.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
	if err != nil && strings.Contains(err.Error(), "is already in progress") {
		_ = e.awaitRemoval(ctx, id, id)
	}
}

// stale is the age from which on a throw-away container is one that nobody waits
// for any more: whoever made it went away before it was started.
const stale = time.Minute

// sweep removes such containers. Their age is told by the one that was made just
// now: by the host's clock alone.
func (e *Engine) sweep(ctx context.Context, own string) error {
	all, err := e.client.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", labelWithin))})
	if err != nil {
		return err
	}
	var now int64
	for _, c := range all {
		if c.ID == own {
			now = c.Created
		}
	}
	for _, c := range all {
		if now-c.Created <= int64(stale.Seconds()) {
			continue
		}
		if err := e.client.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true, RemoveVolumes: true}); err != nil && !errdefs.IsNotFound(err) && !errdefs.IsConflict(err) {
			return err
		}
	}
	return nil
}
