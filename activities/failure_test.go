package activities_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.temporal.io/sdk/temporal"

	"slipway"
	"slipway/activities"
)

func TestWhatIsWrongIsNotTriedAgainAndWhatDoesNotAnswerIs(t *testing.T) {
	t.Parallel()
	again := map[slipway.Code]bool{
		slipway.CodeInvalid: false, slipway.CodeForbidden: false, slipway.CodeNotFound: false, slipway.CodeConflict: false,
		slipway.CodeUnauthenticated: true, slipway.CodeTooMany: true, slipway.CodeUnavailable: true, slipway.CodeInternal: true,
	}
	for code, again := range again {
		err := fmt.Errorf("pull image: %w", slipway.Errorf(code, "no luck"))
		failed(t, activities.Failure(err), code, again, "pull image: no luck")
	}
	failed(t, activities.Failure(errors.New("disk full")), slipway.CodeInternal, true, "disk full")
	failed(t, activities.Failure(fmt.Errorf("commit: %w", context.DeadlineExceeded)), slipway.CodeUnavailable, true, "commit: context deadline exceeded")
}

func TestFailureKeepsNoCauses(t *testing.T) {
	t.Parallel()
	cause := errors.New("401 for password hunter2")
	err := activities.Failure(&slipway.Error{Code: slipway.CodeForbidden, Message: "the registry refuses our credentials", Err: cause})
	if errors.Is(err, cause) || strings.Contains(fmt.Sprintf("%+v", err), "hunter2") {
		t.Errorf("the cause is kept: %v", err)
	}
}

func TestCancellationIsNoFailure(t *testing.T) {
	t.Parallel()
	if err := activities.Failure(fmt.Errorf("probe: %w", context.Canceled)); !temporal.IsCanceledError(err) {
		t.Errorf("got %v", err)
	}
	if err := activities.Failure(nil); err != nil {
		t.Errorf("got %v for no error", err)
	}
	once := activities.Failure(errors.New("once"))
	if twice := activities.Failure(once); !errors.Is(twice, once) {
		t.Errorf("classified twice: %v", twice)
	}
}
