package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"slipway"
)

const (
	evidenceBytes = 64 << 10 // of logs
	evidenceLines = "4096"   // asked of the engine, which counts lines only
)

// Evidence collects what is worth keeping of a container that failed: its
// state, its last output, and Docker's description without the values of
// environment variables. If the logs cannot be read (a log driver may not
// offer that) the reason stands in their place.
func (e *Engine) Evidence(ctx context.Context, name string) (slipway.Evidence, error) {
	doing := "collect evidence of container " + name
	found, raw, err := e.client.ContainerInspectWithRaw(ctx, name, false)
	if err != nil {
		return slipway.Evidence{}, e.fail(ctx, doing, err)
	}
	inspect, err := redact(raw)
	if err != nil {
		return slipway.Evidence{}, fmt.Errorf("redact the description of container %s: %w", name, err)
	}
	logs, err := e.logs(ctx, found.ID)
	if err != nil {
		logs = fmt.Sprintf("(the logs could not be read: %v)", err)
	}
	return slipway.Evidence{Container: state(found), Logs: logs, Inspect: inspect}, nil
}

// logs returns the end of what the container wrote, standard output and error
// in the order in which the engine got them.
func (e *Engine) logs(ctx context.Context, id string) (string, error) {
	stream, err := e.client.ContainerLogs(ctx, id, container.LogsOptions{ShowStdout: true, ShowStderr: true, Tail: evidenceLines})
	if err != nil {
		return "", err
	}
	defer stream.Close()
	var end tail
	if _, err := stdcopy.StdCopy(&end, &end, stream); err != nil {
		return "", err
	}
	return strings.ToValidUTF8(end.String(), "\uFFFD"), nil
}

// A tail keeps the last evidenceBytes of what is written to it, from the
// beginning of a line: a secret that is cut in two would not be recognised.
type tail struct {
	bytes.Buffer
	cut bool
}

var _ io.Writer = (*tail)(nil)

func (t *tail) Write(p []byte) (int, error) {
	n, err := t.Buffer.Write(p)
	if extra := t.Len() - evidenceBytes; extra > 0 {
		t.Next(extra)
		t.cut = true
	}
	return n, err
}

func (t *tail) String() string {
	if !t.cut {
		return t.Buffer.String()
	}
	_, whole, ok := strings.Cut(t.Buffer.String(), "\n")
	if !ok {
		return fmt.Sprintf("(a single line of more than %d bytes is left out)\n", evidenceBytes)
	}
	return whole
}

// redact indents Docker's description of a container, without the values of
// its environment variables.
func redact(raw []byte) (string, error) {
	var all map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		return "", err
	}
	if config, ok := all["Config"].(map[string]any); ok {
		env, _ := config["Env"].([]any)
		for i, entry := range env {
			name, _, _ := strings.Cut(fmt.Sprint(entry), "=")
			env[i] = name + "=(redacted)"
		}
	}
	text, err := json.MarshalIndent(all, "", "  ")
	return string(text), err
}
