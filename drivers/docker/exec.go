package docker

import (
	"context"
	"io"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"slipway"
)

// execBytes is how much of what a command prints is kept.
const execBytes = 4 << 10

// Exec runs a command in a container that runs, as the container's own user,
// and returns its exit status and the beginning of what it printed. When ctx
// ends first it returns ctx's error; the engine cannot end the command, which
// goes on. A container that does not run is CodeConflict; a program that it
// does not have is an exit status of 126 or 127.
func (e *Engine) Exec(ctx context.Context, name string, command []string) (slipway.Executed, error) {
	doing := "run a command in container " + name
	made, err := e.client.ContainerExecCreate(ctx, name, container.ExecOptions{Cmd: command, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return slipway.Executed{}, e.fail(ctx, doing, err)
	}
	stream, err := e.client.ContainerExecAttach(ctx, made.ID, container.ExecAttachOptions{})
	if err != nil {
		return slipway.Executed{}, e.fail(ctx, doing, err)
	}
	defer stream.Close()
	stop := context.AfterFunc(ctx, stream.Close) // the stream itself knows no context
	defer stop()
	printed := &head{}
	_, err = stdcopy.StdCopy(printed, printed, stream.Reader)
	if ctx.Err() != nil {
		return slipway.Executed{}, ctx.Err()
	}
	if err != nil {
		return slipway.Executed{}, e.fail(ctx, doing, err)
	}
	ended, err := e.client.ContainerExecInspect(ctx, made.ID)
	if err != nil {
		return slipway.Executed{}, e.fail(ctx, doing, err)
	}
	return slipway.Executed{Code: ended.ExitCode, Output: strings.ToValidUTF8(printed.String(), "\uFFFD")}, nil
}

// A head keeps the first execBytes of what is written to it.
type head struct{ strings.Builder }

var _ io.Writer = (*head)(nil)

func (h *head) Write(p []byte) (int, error) {
	h.Builder.Write(p[:min(len(p), execBytes-h.Len())])
	return len(p), nil
}
