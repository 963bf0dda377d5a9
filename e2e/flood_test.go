package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"slipway/e2e/system"
)

// A flood is a project that releases hundreds of services at once, beside
// another one that releases one.
type flood struct {
	*system.System
	quotas string // of the project that floods, as the fleet file has them
	size   int    // services that it releases
	times  int    // that the other project releases, before and during the flood

	alone, beside []time.Duration // how long that took, from the command to the first answer
	flooded       int             // releases of the flood that had ended by then
}

// run measures on real standalone, Docker and edge.
func (f *flood) run(t testing.TB) {
	t.Helper()
	projects := "  - {name: flood, roles: {releaser: [search-dev]}, routes: [\"*.flood.test\"]" + f.quotas + "}\n"
	var err error
	if f.System, err = system.Start(t.Context(), system.Options{Projects: projects}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := f.SignIn(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	f.release(t, "v0") // finds nothing warm
	for i := range f.times {
		f.alone = append(f.alone, f.release(t, fmt.Sprintf("a%d", i)))
	}
	f.begin(t)
	for i := range f.times {
		f.beside = append(f.beside, f.release(t, fmt.Sprintf("b%d", i)))
	}
	ended := f.ended(t)
	f.flooded = len(ended)
	if t, ok := t.(*testing.T); ok && len(ended) > 0 {
		id := strings.TrimPrefix(ended[0], "release/")
		record(t, f.System, "project/flood", "project")
		record(t, f.System, "lane/"+strings.TrimSuffix(id, ".1"), "lane_quota")
		record(t, f.System, "release/"+id, "live_quota")
	}
}

func (f *flood) release(t testing.TB, tag string) time.Duration {
	t.Helper()
	file, err := f.Service("calm", "strategy: {blue_green: {hold: 0s}}\n")
	if err == nil {
		_, err = f.Push(t.Context(), "search/calm", tag)
	}
	if err != nil {
		t.Fatal(err)
	}
	return releaseOnce(t, f.System, file, "calm", tag)
}

// begin asks for all releases of the flood, and returns when all have their
// place in a queue.
func (f *flood) begin(t testing.TB) {
	t.Helper()
	if _, err := f.Push(t.Context(), "flood/app", "v1"); err != nil {
		t.Fatal(err)
	}
	var done, sent atomic.Int64
	ann := newSender(t, f.System, "ann", &done, &sent)
	next := make(chan int, f.size)
	for i := range f.size {
		next <- i
	}
	close(next)
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() {
			for i := range next {
				file := fmt.Sprintf("{project: flood, service: s%d, image: flood/app, container: {port: 8080}, route: {host: s%[1]d.flood.test}, healthcheck: {path: /healthz}, strategy: {blue_green: {hold: 0s}}}", i)
				if _, err := ann.until(t.Context(), "/releases", fmt.Sprint("flood ", i), map[string]string{"service_file": file, "tag": "v1"}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	senders.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// ended are the workflows of the flood's releases that are over.
func (f *flood) ended(t testing.TB) (ids []string) {
	t.Helper()
	temporal, err := client.Dial(client.Options{HostPort: f.Temporal, Namespace: "slipway", Logger: quiet{}})
	if err != nil {
		t.Fatal(err)
	}
	defer temporal.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	found, err := temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Query:    "WorkflowType = 'Release' AND SlipwayProject = 'flood' AND SlipwayPhase = 'ended'",
		PageSize: int32(f.size),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range found.GetExecutions() {
		ids = append(ids, w.GetExecution().GetWorkflowId())
	}
	return ids
}

func (f *flood) String() string {
	text, _ := json.Marshal(map[string]any{
		"quotas": f.quotas, "flood": f.size, "flooded": f.flooded,
		"alone_ms": millis(f.alone), "beside_ms": millis(f.beside),
	})
	return string(text)
}

func millis(all []time.Duration) (ms []int64) {
	for _, d := range all {
		ms = append(ms, d.Milliseconds())
	}
	return ms
}

// waited is what a release waited beside the flood, in multiples of the time
// that it takes alone: the usual one, and the one that waited longest.
func (f *flood) waited() (usual, most float64) {
	alone := float64(median(f.alone))
	return (float64(median(f.beside)) - alone) / alone, (float64(slices.Max(f.beside)) - alone) / alone
}

// BenchmarkFlood measures how long a release of one project waits while another
// one floods with 300. It ends with the flood still going on.
func BenchmarkFlood(b *testing.B) {
	f := flood{quotas: ", quotas: {running: 2}", size: 300, times: 6}
	for b.Loop() {
		f.run(b)
	}
	usual, most := f.waited()
	b.Log(f.String())
	b.ReportMetric(0, "ns/op") // of all that is around it, too: means nothing
	b.ReportMetric(float64(median(f.alone).Milliseconds()), "alone-ms")
	b.ReportMetric(float64(median(f.beside).Milliseconds()), "beside-ms")
	b.ReportMetric(usual, "waited/alone")
	b.ReportMetric(most, "waited-max/alone")
	b.ReportMetric(float64(f.size-f.flooded), "flood-left")
}

func TestAProjectThatFloodsKeepsNoOtherWaiting(t *testing.T) {
	f := flood{quotas: ", quotas: {running: 1}", size: 20, times: 2}
	f.run(t)
	t.Log(f.String())
	if f.flooded == f.size {
		t.Errorf("the flood was over before the others had released: there was nothing to see")
	}
	if usual, _ := f.waited(); usual > 2 {
		t.Errorf("a release beside a flood waited %.1f times as long as it takes alone", usual)
	}
}
