package activities

import (
	"errors"
	"strings"

	"go.temporal.io/sdk/temporal"

	"slipway"
)

// What the messages of refused and uncounted have after the release, and no
// others.
const (
	refusal = " is refused: "
	void    = " does not count: "
)

// Refused reports whether an activity was not carried out because of what is
// signed, or is not; of which release, as its input says, which may be nothing
// that is one; and why.
func Refused(err error) (release, why string, ok bool) {
	failed, isFailure := errors.AsType[*temporal.ApplicationError](err)
	if !isFailure || failed.Type() != string(slipway.CodeForbidden) {
		return "", "", false
	}
	why = failed.Message()
	before, _, ok := strings.Cut(why, refusal)
	if !ok {
		before, _, ok = strings.Cut(why, void)
	}
	return before[strings.LastIndexByte(before, ' ')+1:], why, ok
}
