package main

import (
	"errors"
	"strconv"

	"slipway"
)

// Exit statuses. Scripts rely on them.
const (
	exitOK          = 0
	exitFailed      = 1 // refused, failed, or anything else
	exitUsage       = 2 // wrong usage or file
	exitUndone      = 3 // rolled back, rejected, aborted, superseded; or stuck
	exitNotAllowed  = 4 // or not signed in
	exitNoAnswer    = 5
	exitInterrupted = 130 // as shells have it
)

// errInterrupted is a person's Ctrl-C. Its code is none of the server's.
var errInterrupted = &slipway.Error{Code: "interrupted", Message: "interrupted"}

// A verdict is the exit status of a command that has said how things went.
type verdict int

func (v verdict) Error() string { return "exit status " + strconv.Itoa(int(v)) }

// exitStatus is the exit status for an error.
func exitStatus(err error) int {
	if errors.Is(err, errInterrupted) {
		return exitInterrupted
	}
	switch slipway.ErrorCode(err) {
	case slipway.CodeInvalid:
		return exitUsage
	case slipway.CodeUnauthenticated, slipway.CodeForbidden:
		return exitNotAllowed
	case slipway.CodeUnavailable:
		return exitNoAnswer
	default:
		return exitFailed
	}
}

// judge turns how a release stands into what its command returns: nil, or a
// verdict.
func judge(release slipway.Release) error {
	if release.Phase == slipway.Stuck {
		return verdict(exitUndone) // it waits for a person
	}
	if release.Outcome == nil {
		return nil // it serves, and what served before is held
	}
	switch *release.Outcome {
	case slipway.Live, slipway.Removed:
		return nil
	case slipway.RolledBack, slipway.Rejected, slipway.Aborted, slipway.Superseded:
		return verdict(exitUndone)
	default:
		return verdict(exitFailed)
	}
}
