package slipway

import (
	"errors"
	"fmt"
)

// A Code says what kind of error happened and is stable: programs may branch
// on it. It is the `code` of an HTTP problem and the type of a Temporal
// application error.
type Code string

// The codes. Everything that is not an *Error is CodeInternal.
const (
	CodeInvalid         Code = "invalid"         // the request or file is wrong; the same one will fail again
	CodeUnauthenticated Code = "unauthenticated" // nobody is signed in
	CodeForbidden       Code = "forbidden"       // signed in, but not allowed
	CodeNotFound        Code = "not_found"       // no such project, service, release, image
	CodeConflict        Code = "conflict"        // the state forbids it: locked, ended, already decided
	CodeTooMany         Code = "too_many"        // a bound is reached; later it may work
	CodeUnavailable     Code = "unavailable"     // something we need does not answer; retrying may help
	CodeUnreachable     Code = "unreachable"     // a host had its time to answer and did not
	CodeInternal        Code = "internal"        // a fault of ours
)

// An Error is an error that a person may read as it is: Message says what was
// found and what would be right, and contains no secret.
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	Err     error  `json:"-"` // the cause, for the log; may be nil
}

// Error returns the message alone.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error. A %w verb in format keeps the cause.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Err: errors.Unwrap(err)}
}

// ErrorCode is the code of the first *Error in err's chain, CodeInternal if
// there is none, and empty for nil.
func ErrorCode(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}
