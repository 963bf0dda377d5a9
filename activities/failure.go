package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/temporal"

	"slipway"
)

// Failure turns an error into what Temporal keeps of it. Its type is the
// slipway.Code, its message is for people, and whether a retry can help is
// decided here and nowhere else: what is wrong (CodeInvalid, CodeForbidden,
// CodeNotFound, CodeConflict) stays wrong; what does not answer may answer
// later, unless it has had its time to (CodeUnreachable). An attempt whose time
// was up before it asked anybody has had no answer, either. Causes are not kept:
// they were written for a log, and may hold what a history must not.
func Failure(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) {
		return temporal.NewCanceledError()
	}
	if _, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return err
	}
	code := slipway.ErrorCode(err)
	if code == slipway.CodeInternal && errors.Is(err, context.DeadlineExceeded) {
		code = slipway.CodeUnavailable
	}
	options := temporal.ApplicationErrorOptions{}
	switch code {
	case slipway.CodeInvalid, slipway.CodeForbidden, slipway.CodeNotFound, slipway.CodeConflict, slipway.CodeUnreachable:
		options.NonRetryable = true
	}
	return temporal.NewApplicationErrorWithOptions(err.Error(), string(code), options)
}
