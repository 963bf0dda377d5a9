package e2e

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"slipway/e2e/system"
)

// BenchmarkRollback measures going back while blue is held: from the command
// being executed to the first answer of blue. Once in a system that goes on,
// and once right after standalone was killed and is ready again: it has to take
// the release up from its history first.
func BenchmarkRollback(b *testing.B) {
	b.Run("running", func(b *testing.B) {
		benchmarkRollback(b, func(*system.System) error { return nil })
	})
	b.Run("restarted", func(b *testing.B) {
		benchmarkRollback(b, func(s *system.System) error {
			if err := s.Standalone.Kill(); err != nil {
				return err
			}
			return s.Standalone.Start(b.Context())
		})
	})
}

func benchmarkRollback(b *testing.B, before func(*system.System) error) {
	s := start(b)
	file, err := s.Service("benchback", "strategy: {blue_green: {hold: 10m, drain_timeout: 1s}}\n")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.Push(b.Context(), "search/benchback", "v0"); err != nil {
		b.Fatal(err)
	}
	releaseOnce(b, s, file, "benchback", "v0")
	var took []time.Duration
	run := 0
	for b.Loop() {
		run++
		tag := fmt.Sprintf("v%d", run)
		if _, err := s.Push(b.Context(), "search/benchback", tag); err != nil {
			b.Fatal(err)
		}
		cli(b, s, 0, "release", "-f", file, "--tag", tag, "--wait")
		if err := before(s); err != nil {
			b.Fatal(err)
		}
		took = append(took, rollbackOnce(b, s, "benchback", "v0"))
		awaitIdle(b, s, "benchback")
	}
	slices.Sort(took)
	b.ReportMetric(0, "ns/op") // of releasing and waiting, too: means nothing
	b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(took[(len(took)*99-1)/100].Milliseconds()), "p99-ms")
	b.ReportMetric(float64(took[len(took)-1].Milliseconds()), "max-ms")
}

func rollbackOnce(b *testing.B, s *system.System, name, want string) time.Duration {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	begun := time.Now()
	sent := make(chan error, 1)
	go func() {
		result, err := s.CLI(ctx, "ann", "rollback", "search/"+name, "--reason", "measured")
		if err == nil && result.Status != 0 {
			err = fmt.Errorf("status %d: %s", result.Status, result.Stderr)
		}
		sent <- err
	}()
	for {
		if version, err := s.Ask(ctx, name); err == nil && version == want {
			break
		}
		if ctx.Err() != nil {
			b.Fatalf("%s never served again\n%s", want, s.Standalone.Log())
		}
	}
	took := time.Since(begun)
	if err := <-sent; err != nil {
		b.Fatalf("slipway rollback: %v", err)
	}
	return took
}
