package edge_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"slipway"
)

var (
	switches = flag.Int("switches", 8, "how often TestSwitchingLosesNoRequest switches, and restores")
	rate     = flag.Int("rate", 500, "requests a second of TestSwitchingLosesNoRequest")
)

// The experiment of the first promise: traffic is switched to green and
// restored to blue again and again while requests and WebSockets go through
// the edge. No request fails, none is cut, and after an acknowledged switch
// none that begins later is answered by the version before.
//
// The full one: go test . -run TestSwitchingLosesNoRequest -switches 50 -v.
func TestSwitchingLosesNoRequest(t *testing.T) {
	p := newProcess(t)
	const blue, green = 1, 2
	p.stage(blue, 0)
	p.commit(blue, 0)
	p.stage(green, 1)

	history := &history{live: func(n int64) string { return release(blue + int(n%2)) }}
	traffic := newTraffic("http://"+p.http, *rate, history)
	ctx, stop := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	sending.Go(func() { traffic.run(ctx, t) })
	defer sending.Wait()
	defer stop()

	cpu, began := p.cpu(), time.Now()
	var took []time.Duration
	pause := time.NewTicker(200 * time.Millisecond)
	defer pause.Stop()
	generation := uint64(1)
	for range *switches {
		<-pause.C
		took = append(took, timed(t, history, func() error {
			_, err := p.client.Commit(t.Context(), slipway.CommitRequest{ServiceID: app, Release: release(green), Generation: generation, By: release(green)})
			return err
		}))
		<-pause.C
		took = append(took, timed(t, history, func() error {
			_, err := p.client.Restore(t.Context(), slipway.RestoreRequest{ServiceID: app, Release: release(blue), Generation: generation, By: release(green)})
			return err
		}))
		generation += 2
	}
	<-pause.C
	elapsed := time.Since(began)
	stop()
	sending.Wait()
	cpu = p.cpu() - cpu

	for i, failure := range traffic.failures {
		t.Errorf("failed: %s", failure)
		if i == 9 {
			t.Errorf("and %d more", len(traffic.failures)-10)
			break
		}
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "switches and restores\t%d\tp50 %s, p99 %s, until on disk and acknowledged\n", len(took), quantile(took, .5), quantile(took, .99))
	fmt.Fprintf(w, "requests\t%d\t%.0f a second, %d of them slow\n", traffic.requests, float64(traffic.requests)/elapsed.Seconds(), traffic.slow)
	fmt.Fprintf(w, "failed or stale\t%d\t\n", len(traffic.failures)-traffic.cut)
	fmt.Fprintf(w, "websockets\t%d\t%d messages\n", traffic.sockets, traffic.messages)
	fmt.Fprintf(w, "websockets cut\t%d\t\n", traffic.cut)
	fmt.Fprintf(w, "time over the 20 ms of work\t\tp50 %s, p99 %s\n", quantile(traffic.took, .5)-traffic.work, quantile(traffic.took, .99)-traffic.work)
	fmt.Fprintf(w, "processor time of the edge\t%s\t%s a request\n", cpu, (cpu / time.Duration(max(traffic.requests, 1))).Round(time.Microsecond))
	w.Flush()

	want := slipway.RouteState{Active: release(blue), Generation: uint64(2**switches + 1)}
	if got := p.table()[app.Key()]; got.Active != want.Active || got.Generation != want.Generation {
		t.Errorf("in the end %s is active at generation %d, want %s at %d", got.Active, got.Generation, want.Active, want.Generation)
	}
}

// timed carries out one switch and notes it in the history.
func timed(t testing.TB, h *history, do func() error) time.Duration {
	t.Helper()
	h.begun.Add(1)
	start := time.Now()
	if err := do(); err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	h.acknowledged.Add(1)
	return took
}

func quantile(all []time.Duration, q float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[int(q*float64(len(sorted)-1))].Round(10 * time.Microsecond)
}
