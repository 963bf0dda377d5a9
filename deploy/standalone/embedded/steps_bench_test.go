package embedded_test

import (
	"slices"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
)

// BenchmarkTenActivities is one workflow of ten activities at a time: ten times
// what Temporal adds to a step of a release.
func BenchmarkTenActivities(b *testing.B) {
	_, c := startWithClient(b)
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		run, err := c.ExecuteWorkflow(b.Context(), client.StartWorkflowOptions{TaskQueue: queue}, steps, 10, time.Duration(0))
		if err != nil {
			b.Fatal(err)
		}
		if err := run.Get(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Milliseconds()), "p99-ms")
}
