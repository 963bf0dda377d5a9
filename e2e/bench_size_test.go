package e2e

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"slipway"
)

// BenchmarkHistory reports how many events and bytes a release leaves in
// Temporal: a plain one, and one with a gate that is approved. The image is
// copied to the production registry, and blue is retired.
func BenchmarkHistory(b *testing.B) {
	s := start(b)
	if err := s.SignIn(b.Context(), "bob"); err != nil {
		b.Fatal(err)
	}
	temporal, err := client.Dial(client.Options{HostPort: s.Temporal, Namespace: "slipway", Logger: quiet{}})
	if err != nil {
		b.Fatal(err)
	}
	defer temporal.Close()
	for _, kind := range []struct{ name, more string }{
		{"plain", ""},
		{"gate", "gates: [{name: go, before: switch, approvers: {role: approver, quorum: 1}, expires: 1h}]\n"},
	} {
		b.Run(kind.name, func(b *testing.B) {
			service := "size" + kind.name
			file, err := s.Service(service, "strategy: {blue_green: {hold: 0s}}\n"+kind.more)
			if err != nil {
				b.Fatal(err)
			}
			run := 0
			for b.Loop() {
				run++
				tag := fmt.Sprintf("v%d", run)
				if _, err := s.Push(b.Context(), "search/"+service, tag); err != nil {
					b.Fatal(err)
				}
				cli(b, s, 0, "release", "-f", file, "--tag", tag)
				id := fmt.Sprintf("search.%s.%d", service, run)
				if kind.more != "" {
					await(b, s, id, slipway.AwaitingApproval)
					if result, err := s.CLI(b.Context(), "bob", "approve", id); err != nil || result.Status != 0 {
						b.Fatalf("slipway approve: %v: %s", err, result.Stderr)
					}
				}
				awaitIdle(b, s, service)
			}
			seen, err := temporal.DescribeWorkflowExecution(b.Context(), fmt.Sprintf("release/search.%s.%d", service, run), "")
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(0, "ns/op") // of waiting for people and hosts: means nothing
			b.ReportMetric(float64(seen.GetWorkflowExecutionInfo().GetHistoryLength()), "events")
			b.ReportMetric(float64(seen.GetWorkflowExecutionInfo().GetHistorySizeBytes()), "bytes")
		})
	}
}

// BenchmarkIdle reports what standalone takes while nothing is released: one
// service is live, and one release holds its blue and watches both. Each run is
// ten seconds long.
func BenchmarkIdle(b *testing.B) {
	s := start(b)
	file, err := s.Service("idle", "strategy: {blue_green: {hold: 1h}}\n")
	if err != nil {
		b.Fatal(err)
	}
	for _, tag := range []string{"v1", "v2"} {
		if _, err := s.Push(b.Context(), "search/idle", tag); err != nil {
			b.Fatal(err)
		}
		cli(b, s, 0, "release", "-f", file, "--tag", tag, "--wait")
	}
	const span = 10 * time.Second
	var used, spent time.Duration
	var resident int
	for b.Loop() {
		before := cpuTime(b, s.Standalone.Pid())
		time.Sleep(span) // what is measured is time going by
		used, spent = used+cpuTime(b, s.Standalone.Pid())-before, spent+span
		resident = residentMegabytes(b, s.Standalone.Pid())
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(100*float64(used)/float64(spent), "%-of-a-core")
	b.ReportMetric(float64(resident), "MB-resident")
}

// cpuTime is what a process has used of the processors.
func cpuTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:])) // from the third on; see proc(5)
	ticks := 0
	for _, field := range []int{14, 15} { // utime, stime
		n, err := strconv.Atoi(fields[field-3])
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond // USER_HZ is 100 on every Linux
}

func residentMegabytes(b *testing.B, pid int) int {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		var kilobytes int
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kilobytes); n == 1 {
			return kilobytes / 1000
		}
	}
	b.Fatal("no VmRSS in /proc")
	return 0
}
