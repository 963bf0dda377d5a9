package keeper_test

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"slipway"
	"slipway/edge/keeper"
)

var first, second = slipway.TakeRequest{By: "slipway-worker-1"}, slipway.TakeRequest{By: "slipway-worker-2"}

// serving has release 2 live and knows release 1.
func serving(t *testing.T) *kept {
	t.Helper()
	k := keep(t)
	for n := range uint64(2) {
		id := fmt.Sprintf("shop.app.%d", n+1)
		on, to := stage, commit
		on.Release, on.Generation = id, n
		to.Release, to.By, to.Generation = id, id, n
		if _, err := k.Stage(on); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Commit(to); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

func override(t *testing.T, k *kept, release, reason string) {
	t.Helper()
	if _, err := k.Override(slipway.OverrideRequest{ServiceID: app, Release: release, By: "operator:ops", Reason: reason}); err != nil {
		t.Fatal(err)
	}
}

func take(t *testing.T, k *keeper.Keeper, req slipway.TakeRequest, want ...string) (ids []string) {
	t.Helper()
	overrides, err := k.Take(req)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range overrides {
		got, ids = append(got, fmt.Sprintf("%s from %s to %s at %d: %s", o.By, o.Before, o.Release, o.Generation, o.Reason)), append(ids, o.ID)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s takes %q, want %q", req.By, got, want)
	}
	return ids
}

// restarted is another process on the same directory.
func (k *kept) restarted(t *testing.T) *keeper.Keeper {
	t.Helper()
	next, err := keeper.New(k.dir, func(slipway.Table) {}, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return next
}

const (
	back  = "operator:ops from shop.app.2 to shop.app.1 at 4: users see errors"
	forth = "operator:ops from shop.app.1 to shop.app.2 at 6: it was the database"
)

// Slipway is away while a person goes back, and forth again; the edge restarts;
// and the route is gone before anybody asks.
func TestEveryOverrideIsKeptUntilItIsWrittenDown(t *testing.T) {
	k := serving(t)
	if len(take(t, k.Keeper, first)) > 0 {
		t.Error("what Slipway did is no override")
	}
	override(t, k, "shop.app.1", "users see errors")
	override(t, k, "shop.app.1", "users see errors") // asked again
	override(t, k, "shop.app.2", "it was the database")
	if err := k.Remove(app, 6); err != nil {
		t.Fatal(err)
	}
	next := k.restarted(t)
	ids := take(t, next, first, back, forth)
	take(t, next, first, back, forth) // whose first answer was lost
	for range 2 {
		if err := next.Taken(slipway.TakenRequest{IDs: ids[:1]}); err != nil {
			t.Fatal(err)
		}
	}
	take(t, next, first, forth)
	take(t, k.restarted(t), first, forth)
}

func TestAnOverrideIsLentToOneAtATime(t *testing.T) {
	k := serving(t)
	override(t, k, "shop.app.1", "users see errors")
	take(t, k.Keeper, first, back)
	take(t, k.Keeper, second)
	override(t, k, "shop.app.2", "it was the database")
	take(t, k.Keeper, second, forth)
	take(t, k.Keeper, first, back)
	if _, err := k.Take(slipway.TakeRequest{}); slipway.ErrorCode(err) != slipway.CodeInvalid {
		t.Errorf("nobody takes them: %v", err)
	}
	_, retire := k.Pause()
	retire()
	if _, err := k.Take(first); slipway.ErrorCode(err) != slipway.CodeUnavailable {
		t.Errorf("a process that was taken over from lends them: %v", err)
	}
	if err := k.Taken(slipway.TakenRequest{}); slipway.ErrorCode(err) != slipway.CodeUnavailable {
		t.Errorf("a process that was taken over from forgets them: %v", err)
	}
}
