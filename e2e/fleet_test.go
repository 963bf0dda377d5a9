package e2e

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"slipway"
	"slipway/drivers/docker"
	"slipway/e2e/lab"
	"slipway/e2e/system"
)

// threeHosts is a system of three hosts on a network, each with an edge of its
// own, reached over TLS.
func threeHosts(t *testing.T) *system.System {
	t.Helper()
	return own(t, system.Options{Hosts: 3, Way: lab.TCP})
}

// edgeURLs are the edges, in the order of the fleet.
func edgeURLs(s *system.System) []string {
	var urls []string
	for _, h := range s.Hosts.All {
		urls = append(urls, h.EdgeURL())
	}
	return urls
}

// allServe wants every edge to answer with a version.
func allServe(t *testing.T, s *system.System, name, version string) {
	t.Helper()
	for i, url := range edgeURLs(s) {
		if got, err := system.Ask(t.Context(), url, name); err != nil || got != version {
			t.Errorf("edge e%d answers %q (%v), want %s", i+1, got, err, version)
		}
	}
}

// behindOf is what a service shows as behind.
func behindOf(t *testing.T, s *system.System, name string) []slipway.Behind {
	t.Helper()
	var shown struct{ Services []slipway.ServiceStatus }
	eventually(t, func() error { return s.Get(t.Context(), "ann", "/services", &shown) })
	for _, svc := range shown.Services {
		if svc.ServiceID.Service == name {
			return svc.Behind
		}
	}
	t.Fatalf("there is no service %s", name)
	return nil
}

// runsOn reports whether a container runs on a host.
func runsOn(ctx context.Context, h *lab.Host, container string) error {
	engine, err := docker.Dial(h.Docker(lab.Unix))
	if err != nil {
		return err
	}
	defer engine.Close()
	state, err := engine.Inspect(ctx, container)
	if err == nil && !state.Running {
		err = fmt.Errorf("%s does not run", container)
	}
	return err
}

// The Docker Engine of one of three hosts hangs: the release goes on without
// it, its edge is sent to the others, going back takes no time, and when the
// engine answers again the host is caught up. Nobody notices.
func TestAHungDockerdOnOneOfThreeHostsIsInNobodysWay(t *testing.T) {
	t.Parallel() // it has a system of its own
	s := threeHosts(t)
	svc := service(t, s, "trio", "strategy: {blue_green: {hold: 10m, drain_timeout: 1s}}\n")
	for _, tag := range []string{"v1", "v2"} {
		push(t, s, "trio", tag)
	}
	first := release(t, s, svc, "v1", 0)
	allServe(t, s, "trio", "v1")
	var traffic []*system.Traffic
	for _, url := range edgeURLs(s) {
		traffic = append(traffic, system.StartTraffic(t.Context(), url, "trio", rate/3))
	}
	hung := s.Hosts.All[1]
	if err := hung.Pause(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hung.Resume() })

	var second slipway.Release
	var backs []time.Duration
	for range thorough(20, 1) {
		begun := time.Now()
		second = release(t, s, svc, "v2", 0)
		t.Logf("with dockerd hung on one of three hosts: released in %s, the edges within %s", time.Since(begun).Round(time.Millisecond), second.SwitchSkew)
		if took := time.Since(begun); took > 20*time.Second {
			t.Errorf("the release took %s", took)
		}
		if len(second.Behind) != 1 || second.Behind[0].Host != hung.Name || second.Hosts[1].Phase != slipway.HostQuarantined {
			t.Fatalf("behind are %+v, hosts %+v", second.Behind, second.Hosts)
		}
		told(t, "Docker Engine of one of three hosts hung", second.Behind[0].Error, string(slipway.Live))
		allServe(t, s, "trio", "v2")

		took := backEverywhere(t, s, "trio", "v1")
		backs = append(backs, took)
		if took > time.Second {
			t.Errorf("going back took %s", took)
		}
		await(t, s, second.ID, slipway.Ended)
	}
	t.Logf("went back %d times, in %s at most", len(backs), slices.Max(backs).Round(time.Millisecond))

	third := release(t, s, svc, "v2", 0)
	allServe(t, s, "trio", "v2")
	if got := behindOf(t, s, "trio"); len(got) != 1 {
		t.Errorf("behind are %+v", got)
	}
	begun := time.Now()
	if err := hung.Resume(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if got := behindOf(t, s, "trio"); len(got) > 0 {
			return fmt.Errorf("still behind: %+v", got)
		}
		return nil
	})
	t.Logf("caught up in %s", time.Since(begun).Round(time.Millisecond))
	if err := runsOn(t.Context(), hung, third.ID); err != nil {
		t.Error(err)
	}
	awaitCleanup(t, s, second.ID)
	if err := runsOn(t.Context(), hung, first.ID); err != nil {
		t.Errorf("what is held: %v", err)
	}
	for _, each := range traffic {
		stop(t, each)
	}
	record(t, s, "lane/search.trio", "lane_catches_up")
	record(t, s, "release/"+second.ID, "rolled_back_host_left_out")
	record(t, s, "catchup/search.trio", "catchup")
}
