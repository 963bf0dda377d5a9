package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"slipway/e2e/system"
)

// BenchmarkHosts measures a release to one host and to ten, from the command
// being executed until every edge sends requests to the new version, and how
// many events and bytes it leaves in Temporal. All hosts are on this machine: it
// is its processors, not Slipway, that let ten containers start more slowly
// than one.
func BenchmarkHosts(b *testing.B) {
	var one fleetSize
	for _, hosts := range []int{1, 10} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) {
			size := benchmarkHosts(b, hosts)
			b.ReportMetric(0, "ns/op") // of pushing and waiting, too: means nothing
			b.ReportMetric(milliseconds(size.took), "release-ms")
			b.ReportMetric(size.events, "events")
			b.ReportMetric(size.bytes, "bytes")
			if hosts == 1 {
				one = size
				return
			}
			more := float64(hosts - 1)
			b.ReportMetric(float64(size.took)/float64(one.took), "times-one")
			b.ReportMetric((size.events-one.events)/more, "events/host")
			b.ReportMetric((size.bytes-one.bytes)/more, "bytes/host")
		})
	}
}

// fleetSize is what a release to a fleet takes.
type fleetSize struct {
	took          time.Duration // median
	events, bytes float64       // of the last one
}

func benchmarkHosts(b *testing.B, hosts int) fleetSize {
	s := startFleet(b, hosts)
	temporal, err := client.Dial(client.Options{HostPort: s.Temporal, Namespace: "slipway", Logger: quiet{}})
	if err != nil {
		b.Fatal(err)
	}
	defer temporal.Close()
	file, err := s.Service("wide", "strategy: {blue_green: {hold: 0s, drain_timeout: 1s}}\n")
	if err != nil {
		b.Fatal(err)
	}
	var all []time.Duration
	run := 0
	one := func() {
		run++
		tag := fmt.Sprintf("v%d", run)
		if _, err := s.Push(b.Context(), "search/wide", tag); err != nil {
			b.Fatal(err)
		}
		took := releaseEverywhere(b, s, file, "wide", tag)
		if run > 1 { // the first one finds nothing warm
			all = append(all, took)
		}
		awaitIdle(b, s, "wide")
	}
	one()
	for b.Loop() {
		one()
	}
	seen, err := temporal.DescribeWorkflowExecution(b.Context(), fmt.Sprintf("release/search.wide.%d", run), "")
	if err != nil {
		b.Fatal(err)
	}
	info := seen.GetWorkflowExecutionInfo()
	return fleetSize{median(all), float64(info.GetHistoryLength()), float64(info.GetHistorySizeBytes())}
}

// releaseEverywhere is the time from executing the command until every edge
// answers with the new version.
func releaseEverywhere(b *testing.B, s *system.System, file, name, tag string) time.Duration {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	begun := time.Now()
	cli(b, s, 0, "release", "-f", file, "--tag", tag)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for _, url := range edgeURLs(s) {
		for {
			if version, err := system.Ask(ctx, url, name); err == nil && version == tag {
				break
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				b.Fatalf("%s never served through %s\n%s", tag, url, s.Standalone.Log())
			}
		}
	}
	return time.Since(begun)
}
