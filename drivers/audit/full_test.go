package audit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"slipway"
)

// smallDisk is a file system of its own, of a size in KiB.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dk", size)); err != nil {
		t.Fatal("mount a small file system (this test needs root): ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// On a full disk nothing new may begin, but what has begun can be said to have
// ended; and when there is room again, all goes on in the same chain.
func TestOnAFullDiskNothingBeginsAndWhatHasBegunEnds(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, 1024)
	l := open(t, dir)
	begun := 0
	for ; ; begun++ {
		err := l.Append(t.Context(), intent(strings.Repeat("x", 1000)))
		if errors.Is(err, syscall.ENOSPC) {
			break
		}
		if err != nil || begun > 2000 {
			t.Fatalf("after %d intents: %v", begun, err)
		}
	}
	if begun < 100 {
		t.Errorf("only %d intents fit onto a disk of 1 MiB", begun)
	}
	if !errors.Is(l.Err(), syscall.ENOSPC) {
		t.Errorf("the log says %v of itself", l.Err())
	}
	outcome := slipway.AuditEntry{Kind: slipway.AuditOutcome, Action: "release.submit", Code: slipway.AuditOK}
	for i := range 50 {
		if err := l.Append(t.Context(), outcome); err != nil {
			t.Fatalf("outcome %d: %v", i, err)
		}
	}
	if got := list(t, dir, slipway.AuditFilter{Limit: 50}); got[0].Kind != slipway.AuditOutcome {
		t.Errorf("the log cannot be read: %+v", got[0])
	}
	// Somebody else fills the rest, too.
	hog := filepath.Join(dir, "hog")
	fill(t, hog)
	late := outcome
	late.Detail = strings.Repeat("late", 200<<10)
	if err := l.Append(t.Context(), late); err == nil {
		t.Error("an outcome is acknowledged that there is no room for")
	}
	settled := slipway.AuditEntry{Kind: slipway.AuditEvent, Action: "release.end", Request: "end of search.api.1", Detail: late.Detail}
	if err := l.Settle(t.Context(), time.Time{}, settled, true); err == nil { // and nothing is owed of it
		t.Error("an end is acknowledged that there is no room for")
	}
	if err := l.Append(t.Context(), intent("too late")); err == nil {
		t.Error("an intent is acknowledged that there is no room for")
	}
	if err := os.Remove(hog); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=16m"); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(t.Context(), intent("room again")); err != nil {
		t.Fatal(err)
	}
	entries := list(t, dir, slipway.AuditFilter{Limit: 2})
	if entries[0].Reason != "room again" || entries[1].Detail != late.Detail {
		t.Error("the outcome that was owed is not before what came after")
	}
	if want := uint64(begun + 50 + 2); l.Head().Seq != want || l.Err() != nil {
		t.Errorf("%d lines, want %d; %v", l.Head().Seq, want, l.Err())
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if found := verify(t, dir, anchor(l)); len(found) > 0 {
		t.Errorf("findings %v", found)
	}
}

func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 4096)
	for {
		if _, err := f.Write(block); err != nil {
			return
		}
	}
}

func TestWhoGivesUpDoesNotHoldOthersUp(t *testing.T) {
	t.Parallel()
	l := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = l.Append(ctx, intent("nobody waits for it"))
	write(t, l, 1)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(t.Context(), intent("too late")); err == nil {
		t.Error("a closed log takes entries")
	}
}

// Many at once share an fsync: what each waits for grows far slower than their
// number.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 8, 64, 256} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			l := open(b, b.TempDir())
			waited := make([]time.Duration, writers)
			work := make(chan struct{}, b.N)
			for range b.N {
				work <- struct{}{}
			}
			close(work)
			var group sync.WaitGroup
			b.ResetTimer()
			for i := range writers {
				group.Go(func() {
					for range work {
						began := time.Now()
						if err := l.Append(context.Background(), intent("bench")); err != nil {
							b.Error(err)
							return
						}
						waited[i] += time.Since(began)
					}
				})
			}
			group.Wait()
			var total time.Duration
			for _, w := range waited {
				total += w
			}
			b.ReportMetric(float64(total.Microseconds())/float64(b.N), "µs/wait")
		})
	}
}
