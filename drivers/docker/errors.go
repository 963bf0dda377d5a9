package docker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/client"

	"slipway"
)

// fail classifies an error of the engine. doing says what was being done, as
// in "inspect container search.query-api.17".
func (e *Engine) fail(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.As(err, new(*slipway.Error)):
		return err
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return fmt.Errorf("host %s: %s: %w", e.host, doing, err)
	case errors.Is(err, context.DeadlineExceeded):
		return slipway.Errorf(slipway.CodeUnavailable, "host %s: the Docker Engine did not answer in time: %s: %w", e.host, doing, err)
	case distrusted(err):
		return slipway.Errorf(slipway.CodeForbidden, "host %s: the Docker Engine and Slipway do not accept each other's certificates: %s: %w", e.host, doing, err)
	}
	if code, tell, ok := sshFailed(err); ok {
		return slipway.Errorf(code, "host %s: %s: %s", e.host, doing, tell)
	}
	switch {
	case unreachable(err):
		return slipway.Errorf(slipway.CodeUnavailable, "host %s: the Docker Engine is not reachable: %s: %w", e.host, doing, err)
	}
	return slipway.Errorf(code(err), "host %s: %s: %w", e.host, doing, err)
}

// failOnDisk is fail for what takes room on the engine's disk. A full one is a
// CodeConflict: nobody makes room while a release waits for it.
func (e *Engine) failOnDisk(ctx context.Context, doing string, err error) error {
	if err == nil || !strings.Contains(err.Error(), "no space left on device") {
		return e.fail(ctx, doing, err)
	}
	return slipway.Errorf(slipway.CodeConflict,
		"host %s: %s: the disk of the Docker Engine is full: %w; make room there (docker system df says what takes it, docker image prune --all frees what nothing runs), and release again",
		e.host, doing, err)
}

// distrusted reports whether a certificate was refused, here or there.
func distrusted(err error) bool {
	if _, ours := errors.AsType[*tls.CertificateVerificationError](err); ours {
		return true
	}
	theirs, ok := errors.AsType[*net.OpError](err)
	return ok && theirs.Op == "remote error" // an alert of TLS
}

// unreachable reports whether the connection failed, rather than the request.
func unreachable(err error) bool {
	return client.IsErrConnectionFailed(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, new(net.Error))
}

// code is what the engine's answer means to the caller. Where the status says
// too little (the engine wraps what registries and the kernel said in a 500)
// the text decides.
func code(err error) slipway.Code {
	text := strings.ToLower(err.Error())
	switch {
	case contains(text, "toomanyrequests", "too many requests"):
		return slipway.CodeTooMany
	case contains(text, "unauthorized", "authentication required", "access denied", "requested access to the resource is denied", "no basic auth credentials"):
		return slipway.CodeForbidden
	case errdefs.IsNotFound(err), contains(text, "manifest unknown", "name unknown"):
		return slipway.CodeNotFound
	case errdefs.IsConflict(err):
		return slipway.CodeConflict
	case errdefs.IsInvalidArgument(err):
		return slipway.CodeInvalid
	case errdefs.IsUnavailable(err),
		contains(text, "no space left on device", "device or resource busy", "i/o timeout", "connection refused", "connection reset",
			"no route to host", "no such host", "handshake timeout", "unexpected http status: 5", "unexpected eof", "context deadline exceeded", "timeout exceeded while awaiting"):
		return slipway.CodeUnavailable
	}
	return slipway.CodeInternal
}

func contains(text string, any ...string) bool {
	for _, s := range any {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}
