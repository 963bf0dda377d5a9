package e2e

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"slipway"
	"slipway/e2e/system"
)

// BenchmarkRollback measures going back while blue is held: from the command
// being executed to the first answer of blue. Once in a system that goes on,
// and once right after standalone was killed and is ready again: it has to take
// the release up from its history first. It is killed while it waits, as it
// does for nearly all of a hold; where it was just then at work on a workflow,
// going back takes up to workflows.TaskTimeout longer.
func BenchmarkRollback(b *testing.B) {
	b.Run("running", func(b *testing.B) {
		benchmarkRollback(b, func(*system.System, string) error { return nil })
	})
	b.Run("restarted", func(b *testing.B) {
		benchmarkRollback(b, func(s *system.System, id string) error {
			if err := awaitRest(b.Context(), s, "release/"+id, "lane/search.benchback"); err != nil {
				return err
			}
			if err := s.Standalone.Kill(); err != nil {
				return err
			}
			return s.Standalone.Start(b.Context())
		})
	})
}

// awaitRest returns when nobody is at work on the workflows.
func awaitRest(ctx context.Context, s *system.System, workflowIDs ...string) error {
	temporal, err := client.Dial(client.Options{HostPort: s.Temporal, Namespace: "slipway", Logger: quiet{}})
	if err != nil {
		return err
	}
	defer temporal.Close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-tick.C {
		busy := false
		for _, id := range workflowIDs {
			seen, err := temporal.DescribeWorkflowExecution(ctx, id, "")
			if err != nil {
				return err
			}
			busy = busy || seen.GetPendingWorkflowTask() != nil
		}
		if !busy {
			return nil
		}
	}
	return fmt.Errorf("%v do not come to rest", workflowIDs)
}

func benchmarkRollback(b *testing.B, before func(s *system.System, id string) error) {
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
		held := decode[slipway.Release](b, cli(b, s, 0, "release", "-f", file, "--tag", tag, "--wait", "-o", "json"))
		if err := before(s, held.ID); err != nil {
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

// resolution is how often it is asked who serves: without a pause the asking
// would take the processors that going back needs.
const resolution = 2 * time.Millisecond

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
	tick := time.NewTicker(resolution)
	defer tick.Stop()
	for ; ; <-tick.C {
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
