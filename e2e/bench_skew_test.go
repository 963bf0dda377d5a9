package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"slipway"
	"slipway/e2e/lab"
	"slipway/e2e/system"
)

// BenchmarkSkew switches a fleet of ten hosts to a new version and back, under
// traffic through each of its ten edges. It reports how far apart the first and
// the last edge acknowledged the new version, how long it took from the command
// to go back until every edge answered with the old one, and how many requests
// were lost. Each run is two switches of all edges.
func BenchmarkSkew(b *testing.B) {
	s := startFleet(b, 10)
	file, err := s.Service("skew", "strategy: {blue_green: {hold: 10m, drain_timeout: 1s}}\n")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.Push(b.Context(), "search/skew", "v0"); err != nil {
		b.Fatal(err)
	}
	releaseOnce(b, s, file, "skew", "v0")
	var traffic []*system.Traffic
	for _, url := range edgeURLs(s) {
		traffic = append(traffic, system.StartTraffic(b.Context(), url, "skew", rate/len(s.Hosts.All)))
	}
	var skews, backs []time.Duration
	run := 0
	for b.Loop() {
		run++
		tag := fmt.Sprintf("v%d", run)
		if _, err := s.Push(b.Context(), "search/skew", tag); err != nil {
			b.Fatal(err)
		}
		held := decode[slipway.Release](b, cli(b, s, 0, "release", "-f", file, "--tag", tag, "--wait", "-o", "json"))
		if len(held.Behind) > 0 {
			b.Fatalf("without any fault, %+v are behind", held.Behind)
		}
		skews = append(skews, held.SwitchSkew.Std())
		backs = append(backs, backEverywhere(b, s, "skew", "v0"))
		awaitIdle(b, s, "skew")
	}
	requests, lost := 0, 0
	for i, t := range traffic {
		report := t.Stop()
		requests, lost = requests+report.Total, lost+report.Failures
		if report.Failures > 0 {
			b.Errorf("edge e%d: %d of %d requests were lost: %v", i+1, report.Failures, report.Total, report.Failed)
		}
	}
	b.ReportMetric(0, "ns/op") // of releasing and waiting, too: means nothing
	for name, took := range map[string][]time.Duration{"skew": skews, "back": backs} {
		slices.Sort(took)
		b.ReportMetric(milliseconds(took[len(took)/2]), name+"-p50-ms")
		b.ReportMetric(milliseconds(took[(len(took)*99-1)/100]), name+"-p99-ms")
	}
	b.ReportMetric(float64(2*run), "switches")
	b.ReportMetric(float64(requests), "requests")
	b.ReportMetric(float64(lost), "lost")
}

// startFleet is a system of so many hosts, each with an edge of its own, with
// ann signed in.
func startFleet(b *testing.B, hosts int) *system.System {
	b.Helper()
	return own(b, system.Options{Hosts: hosts, Way: lab.TCP})
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
