package edge_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"slipway"
)

// A replica is a container of release 1 as a process, which can be killed and
// started again at its address.
type replica struct {
	t       *testing.T
	address string
	cmd     *exec.Cmd
}

func newReplica(t *testing.T) *replica {
	t.Helper()
	r := &replica{t: t, address: freeAddress(t)}
	r.start()
	t.Cleanup(r.kill)
	return r
}

func (r *replica) start() {
	r.t.Helper()
	r.cmd = exec.Command(os.Args[0])
	r.cmd.Env = append(os.Environ(), asContainer+"="+r.address)
	r.cmd.Stderr = os.Stderr
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	eventually(r.t, "the container accepts connections", func() bool {
		conn, err := net.Dial("tcp", r.address)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
}

// kill is kill -9.
func (r *replica) kill() {
	if r.cmd.ProcessState == nil {
		r.cmd.Process.Kill()
		r.cmd.Wait()
	}
}

// Three containers serve. One is killed with requests under way, and comes
// back; one is amended away, drained and then killed, and joins again. No
// request fails.
func TestContainersThatComeAndGoLoseNoRequest(t *testing.T) {
	p := newProcess(t)
	a, b, c := newReplica(t), newReplica(t), newReplica(t)
	if _, err := p.client.Stage(t.Context(), slipway.StageRequest{
		ServiceID: app, Route: slipway.Route{Host: host, Path: "/"}, Release: release(1),
		Upstreams: []string{a.address, b.address, c.address},
	}); err != nil {
		t.Fatal(err)
	}
	p.commit(1, 0)
	revision := uint64(0)
	amend := func(replicas ...*replica) time.Duration {
		t.Helper()
		var upstreams []string
		for _, r := range replicas {
			upstreams = append(upstreams, r.address)
		}
		start := time.Now()
		if _, err := p.client.Amend(t.Context(), slipway.AmendRequest{ServiceID: app, Release: release(1), Upstreams: upstreams, Revision: revision}); err != nil {
			t.Fatal(err)
		}
		revision++
		return time.Since(start)
	}

	history := &history{live: func(int64) string { return release(1) }}
	traffic := newTraffic("http://"+p.http, *rate, history)
	traffic.sockets = 0 // which a killed container does cut
	ctx, stop := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	sending.Go(func() { traffic.run(ctx, t) })
	defer sending.Wait()
	defer stop()
	pause := time.NewTicker(500 * time.Millisecond)
	defer pause.Stop()

	<-pause.C
	a.kill()
	eventually(t, "the one that was killed is left out", func() bool { return p.upstream("out", a) == 1 })
	<-pause.C
	amended := []time.Duration{amend(a, c)}
	if n, err := p.client.Drain(t.Context(), slipway.DrainRequest{ServiceID: app, Release: release(1), Upstream: b.address, Timeout: 10 * time.Second}); err != nil || n != 0 {
		t.Fatalf("%d in flight at the one that was amended away, %v", n, err)
	}
	b.kill()
	before := p.upstream("answered_total", a)
	a.start()
	eventually(t, "the one that came back gets requests", func() bool { return p.upstream("answered_total", a) > before })
	b.start()
	amended = append(amended, amend(a, b, c))
	eventually(t, "the one that joins again gets requests", func() bool { return p.upstream("answered_total", b) > 0 })
	<-pause.C
	answered := []float64{p.upstream("answered_total", a), p.upstream("answered_total", b), p.upstream("answered_total", c)}
	moved := p.upstream("failed_total", a)
	stop()
	sending.Wait()

	for _, failure := range traffic.failures {
		t.Errorf("failed: %s", failure)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "requests\t%d\t%d of them slow\n", traffic.requests, traffic.slow)
	fmt.Fprintf(w, "failed\t%d\t\n", len(traffic.failures))
	fmt.Fprintf(w, "moved to another container\t%.0f\tas the first was killed\n", moved)
	fmt.Fprintf(w, "answered, by container\t%v\t\n", answered)
	fmt.Fprintf(w, "amendments\t%d\tat most %s\n", len(amended), slices.Max(amended).Round(10*time.Microsecond))
	fmt.Fprintf(w, "time over the 20 ms of work\t\tp50 %s, p99 %s\n", quantile(traffic.took, .5)-traffic.work, quantile(traffic.took, .99)-traffic.work)
	w.Flush()
	if moved == 0 {
		t.Error("the one that was killed had nothing under way")
	}
}

// upstream is a metric of a container: in_flight, answered_total, failed_total
// or out. 0: there is none.
func (p *process) upstream(metric string, r *replica) float64 {
	p.t.Helper()
	return p.metric(fmt.Sprintf(`slipway_edge_upstream_%s{project="shop",release=%q,service="app",upstream=%q}`, metric, release(1), r.address))
}
