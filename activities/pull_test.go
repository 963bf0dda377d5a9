package activities_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"slipway"
	"slipway/activities"
)

// A registry that does not answer one host is no reason to wait for an hour.
func TestRegistryThatDoesNotAnswerAHostCostsNoMoreThanItsReach(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fetch func(context.Context, func(slipway.Progress)) (string, error)
		text  string
	}{
		"silent": {func(ctx context.Context, _ func(slipway.Progress)) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}, "host h1: registry production has not answered it for 200ms"},
		"refusing": {func(context.Context, func(slipway.Progress)) (string, error) {
			return "", slipway.Errorf(slipway.CodeUnavailable, "connection refused")
		}, "host h1: registry production has not answered it for 200ms: connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, host := newMachine()
			m.fetch = c.fetch
			failed(t, run(t, host.PullImage, pulling(), nil), slipway.CodeUnreachable, false, c.text)
		})
	}
}

func TestPullThatHasBegunTakesAsLongAsItTakes(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	m.fetch = func(ctx context.Context, progress func(slipway.Progress)) (string, error) {
		progress(slipway.Progress{Done: 1, Total: 2})
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(2 * pulling().Reach.Std()):
			return image.Config, nil
		}
	}
	if err := run(t, host.PullImage, pulling(), nil); err != nil {
		t.Error(err)
	}
}

func TestPullThatBrokeOffIsTriedAgain(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	m.fetch = func(_ context.Context, progress func(slipway.Progress)) (string, error) {
		progress(slipway.Progress{Done: 1, Total: 2})
		return "", slipway.Errorf(slipway.CodeUnavailable, "unexpected EOF")
	}
	failed(t, run(t, host.PullImage, pulling(), nil), slipway.CodeUnavailable, true, "unexpected EOF")
}

func TestPullThatIsRefusedIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	tries := 0
	m.fetch = func(context.Context, func(slipway.Progress)) (string, error) {
		if tries++; tries > 1 {
			return "", errors.New("it was tried again")
		}
		return "", slipway.Errorf(slipway.CodeNotFound, "manifest unknown")
	}
	failed(t, run(t, host.PullImage, pulling(), nil), slipway.CodeNotFound, false, "manifest unknown")
}

func pulling() activities.PullInput {
	return activities.PullInput{
		Host: "h1", Registry: "production", Image: image, Release: "search.api.2", Warrant: warranted(), Reach: slipway.Duration(200 * time.Millisecond),
	}
}
