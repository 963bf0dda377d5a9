package api

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"slipway"
)

type written struct {
	mu      sync.Mutex
	entries []slipway.AuditEntry
}

func (k *written) Append(_ context.Context, e slipway.AuditEntry) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.entries = append(k.entries, e)
	return nil
}

func (k *written) List(slipway.AuditFilter) ([]slipway.AuditEntry, string, error) {
	return nil, "", nil
}

// counts are the entries so far, each with how many refusals it stands for.
func (k *written) counts() (counts []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, e := range k.entries {
		counts = append(counts, fmt.Sprintf("%s %s %d", e.Action, e.User, max(e.Count, 1)))
	}
	return counts
}

func TestAFloodOfRefusalsIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &written{}
		r := newRefusals(log, slog.New(slog.DiscardHandler))
		flood := func(user string, n int) {
			for range n {
				r.add(slipway.AuditEntry{Kind: slipway.AuditRefused, Action: signingIn, User: user, Code: slipway.CodeTooMany})
			}
		}
		flood("rita", 1000)
		flood("ann", 1)
		time.Sleep(refusalTime + time.Second)
		synctest.Wait()
		flood("rita", 1)
		want := []string{"session.begin rita 1", "session.begin ann 1", "session.begin rita 999", "session.begin rita 1"}
		if got := log.counts(); !slices.Equal(got, want) {
			t.Errorf("entries %q, want %q", got, want)
		}
		time.Sleep(refusalTime + time.Second)
	})
}

func TestAFloodOfManyKindsOfRefusalsIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &written{}
		r := newRefusals(log, slog.New(slog.DiscardHandler))
		for i := range 50 * maxRefusals {
			r.add(slipway.AuditEntry{Kind: slipway.AuditRefused, Action: signingIn, User: fmt.Sprint(i)})
		}
		time.Sleep(refusalTime + time.Second)
		synctest.Wait()
		counts := log.counts()
		if want := fmt.Sprintf("many  %d", 49*maxRefusals-1); len(counts) != maxRefusals+2 || counts[len(counts)-1] != want {
			t.Errorf("%d entries, the last %q, want %d and %q", len(counts), counts[len(counts)-1], maxRefusals+2, want)
		}
	})
}
