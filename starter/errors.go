package starter

import (
	"context"
	"errors"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"slipway"
)

// explain turns an error of Temporal's client into one of ours. What names
// what was asked for, for people.
func explain(err error, what string) error {
	if err == nil {
		return nil
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return slipway.Errorf(slipway.Code(app.Type()), "%s", app.Message())
	}
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return slipway.Errorf(slipway.CodeNotFound, "there is no %s", what)
	}
	if _, ok := errors.AsType[*client.WorkflowUpdateServiceTimeoutOrCanceledError](err); ok || errors.Is(err, context.DeadlineExceeded) {
		return slipway.Errorf(slipway.CodeUnavailable, "no worker has answered about %s in time; the request may still be carried out, and may be sent again with the same idempotency key", what)
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	if _, ok := errors.AsType[*serviceerror.QueryFailed](err); ok {
		return slipway.Errorf(slipway.CodeUnavailable, "%s cannot be read: %w", what, err)
	}
	return slipway.Errorf(slipway.CodeUnavailable, "Temporal does not answer about %s: %w", what, err)
}
