package e2e

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"

	"slipway"
	"slipway/e2e/system"
)

// BenchmarkRelease measures, in turn, the floor (create, start and first good
// probe of the image by Docker's API) and a whole release of the same image
// (from `slipway release` being executed to the first request that the edge
// sends to the new version), and reports the medians and their ratio.
func BenchmarkRelease(b *testing.B) {
	for _, ready := range []int{0, 200} {
		b.Run(fmt.Sprintf("ready=%dms", ready), func(b *testing.B) { benchmarkRelease(b, ready) })
	}
}

func benchmarkRelease(b *testing.B, ready int) {
	s := start(b)
	name := fmt.Sprintf("bench%d", ready)
	file, err := s.Service(name, "strategy: {blue_green: {hold: 0s}}\n")
	if err != nil {
		b.Fatal(err)
	}
	api, err := client.NewClientWithOpts(client.WithHost(s.Docker().Docker), client.WithAPIVersionNegotiation())
	if err != nil {
		b.Fatal(err)
	}
	defer api.Close()

	var floors, releases []time.Duration
	run := 0
	one := func() {
		run++
		tag := fmt.Sprintf("v%d", run)
		digest, err := s.Push(b.Context(), "search/"+name, tag, fmt.Sprintf("READY_MS=%d", ready), "WORK_MS=20")
		if err != nil {
			b.Fatal(err)
		}
		took := releaseOnce(b, s, file, name, tag)
		floor := floorOnce(b, api, s.Production.Address()+"/search/"+name+"@"+digest)
		if run > 1 { // the first one finds nothing warm
			floors, releases = append(floors, floor), append(releases, took)
		}
	}
	one()
	for b.Loop() {
		one()
	}
	floor, release := median(floors), median(releases)
	b.ReportMetric(0, "ns/op") // of pushing and waiting, too: means nothing
	b.ReportMetric(float64(floor.Milliseconds()), "floor-ms")
	b.ReportMetric(float64(release.Milliseconds()), "release-ms")
	b.ReportMetric(float64(slices.Max(releases).Milliseconds()), "release-max-ms")
	b.ReportMetric(float64(release)/float64(floor), "ratio")
}

// releaseOnce is the time from executing the command to the first answer of
// the new version.
func releaseOnce(b testing.TB, s *system.System, file, name, tag string) time.Duration {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	begun := time.Now()
	cmd := s.Command(ctx, "ann", "release", "-f", file, "--tag", tag, "-o", "json")
	if out, err := cmd.Output(); err != nil {
		b.Fatalf("slipway release: %v\n%s", err, out)
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if version, err := s.Ask(ctx, name); err == nil && version == tag {
			break
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			b.Fatalf("%s never served\n%s", tag, s.Standalone.Log())
		}
	}
	took := time.Since(begun)
	awaitIdle(b, s, name)
	return took
}

// awaitIdle returns when no release of the service is on its way any more: the
// retiring of blue is not to run beside what is measured next.
func awaitIdle(b testing.TB, s *system.System, name string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for ; ctx.Err() == nil; <-tick.C {
		result, err := s.CLI(ctx, "ann", "history", "search/"+name, "-o", "json")
		if err != nil || result.Status != 0 {
			b.Fatalf("slipway history: %v: %s", err, result.Stderr)
		}
		history := decode[struct {
			Releases []slipway.Release `json:"releases"`
		}](b, result.Stdout)
		if !slices.ContainsFunc(history.Releases, func(r slipway.Release) bool { return r.Outcome == nil }) {
			return
		}
	}
	b.Fatal("the release did not end")
}

// floorOnce is the least that Docker allows: create, start, and probe until the
// first good answer, at an address on a bridge network made for it.
func floorOnce(b *testing.B, api *client.Client, image string) time.Duration {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	begun := time.Now()
	created, err := api.ContainerCreate(ctx, &container.Config{Image: image},
		&container.HostConfig{NetworkMode: slipway.Network}, &network.NetworkingConfig{}, nil, "")
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = api.ContainerRemove(context.WithoutCancel(ctx), created.ID, container.RemoveOptions{Force: true})
	}()
	if err := api.ContainerStart(ctx, created.ID, container.StartOptions{}); err != nil {
		b.Fatal(err)
	}
	inspected, err := api.ContainerInspect(ctx, created.ID)
	if err != nil {
		b.Fatal(err)
	}
	url := "http://" + inspected.NetworkSettings.Networks[slipway.Network].IPAddress + ":8080/healthz"
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for ; ; <-tick.C {
		resp, err := http.Get(url)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return time.Since(begun)
			}
		}
		if ctx.Err() != nil {
			b.Fatal("the floor's container never answered")
		}
	}
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
