package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"slipway"
)

// fail classifies an error. doing says what was being done and with which
// registry.
func fail(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.As(err, new(*slipway.Error)):
		return err
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return fmt.Errorf("%s: %w", doing, err)
	}
	return slipway.Errorf(code(err), "%s: %w", doing, err)
}

func code(err error) slipway.Code {
	if errors.As(err, new(*tooMany)) {
		return slipway.CodeTooMany
	}
	if e, ok := errors.AsType[*transport.Error](err); ok {
		return statusCode(e.StatusCode)
	}
	// The library has no type for what it read and did not hash to its name.
	if strings.Contains(err.Error(), "does not match requested digest") || strings.Contains(err.Error(), "error verifying") {
		return slipway.CodeInvalid
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || // the latter of another caller, who was to sign in for us too
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.As(err, new(net.Error)) || errors.As(err, new(*url.Error)) {
		return slipway.CodeUnavailable
	}
	return slipway.CodeInternal
}

func statusCode(status int) slipway.Code {
	switch {
	case status == http.StatusNotFound:
		return slipway.CodeNotFound
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return slipway.CodeForbidden
	case status == http.StatusTooManyRequests:
		return slipway.CodeTooMany
	case status >= 500, status == http.StatusRequestTimeout:
		return slipway.CodeUnavailable
	}
	return slipway.CodeInvalid
}
