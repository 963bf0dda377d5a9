package starter

import (
	"context"
	"fmt"
	"testing"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"slipway"
)

func TestWhatTemporalSaysBecomesOneOfOurErrors(t *testing.T) {
	for _, test := range []struct {
		err     error
		code    slipway.Code
		message string
	}{
		{nil, "", ""},
		{temporal.NewNonRetryableApplicationError("gate go is rejected, not open", "conflict", nil), slipway.CodeConflict, "gate go is rejected, not open"},
		{serviceerror.NewNotFound("workflow not found for ID: release/search.api.9"), slipway.CodeNotFound, "there is no release search.api.9"},
		{
			fmt.Errorf("update: %w", context.DeadlineExceeded), slipway.CodeUnavailable,
			"no worker has answered about release search.api.9 in time; the request may still be carried out, and may be sent again with the same idempotency key",
		},
		{serviceerror.NewUnavailable("connection refused"), slipway.CodeUnavailable, "Temporal does not answer about release search.api.9: connection refused"},
		{serviceerror.NewQueryFailed("nondeterminism"), slipway.CodeUnavailable, "release search.api.9 cannot be read: nondeterminism"},
	} {
		err := explain(test.err, "release search.api.9")
		if got := slipway.ErrorCode(err); got != test.code {
			t.Errorf("%v: code %q, want %q", test.err, got, test.code)
		}
		if err != nil && err.Error() != test.message {
			t.Errorf("%v: message %q, want %q", test.err, err, test.message)
		}
	}
}

func TestAListFilterCannotBeBrokenOutOf(t *testing.T) {
	if got, want := equals("SlipwayProject", "a' OR '1'='1"), "SlipwayProject = 'a'' OR ''1''=''1'"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
