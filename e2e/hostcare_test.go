package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/e2e/system"
)

// operate runs the command line as somebody who operates the whole fleet.
func operate(t *testing.T, s *system.System, status int, args ...string) system.Result {
	t.Helper()
	return as(t, s, "olga", status, args...)
}

// notBehind waits until a service is everywhere.
func notBehind(t *testing.T, s *system.System, name string) {
	t.Helper()
	eventually(t, func() error {
		if got := behindOf(t, s, name); len(got) > 0 {
			return fmt.Errorf("still behind: %+v", got)
		}
		return nil
	})
}

// A host is emptied under traffic, switched off, switched on again and given
// back; meanwhile a new version is released. The only requests that are lost
// are those that nobody sends: to the edge of a host that is off.
func TestAHostIsDrainedRebootedAndGivenBackAndNobodyNotices(t *testing.T) {
	t.Parallel() // it has a system of its own
	s := threeHosts(t)
	svc := service(t, s, "care", "strategy: {blue_green: {hold: 0s, drain_timeout: 5s}}\n")
	for _, tag := range []string{"v1", "v2"} {
		push(t, s, "care", tag, "WORK_MS=200") // so that some are under way wherever something ends
	}
	first := release(t, s, svc, "v1", 0)
	push(t, s, "solo", "v1")
	release(t, s, service(t, s, "solo", "hosts: [h2]\nstrategy: {blue_green: {hold: 0s}}\n"), "v1", 0)
	allServe(t, s, "care", "v1")
	h2 := s.Hosts.All[1]
	var traffic []*system.Traffic
	for _, url := range edgeURLs(s) {
		traffic = append(traffic, system.StartTraffic(t.Context(), url, "care", rate/3))
	}

	refused := operate(t, s, 1, "host", "drain", h2.Name, "--reason", "a new kernel")
	if !strings.Contains(refused.Stderr, "nothing was done: search/solo: 0 of its 1 hosts would serve") || strings.Contains(refused.Stderr, "search/care") {
		t.Errorf("it was refused with %q", refused.Stderr)
	}
	cli(t, s, 4, "host", "drain", h2.Name, "--reason", "a new kernel")
	operate(t, s, 0, "remove", "search/solo", "--reason", "it has one host")

	begun := time.Now()
	operate(t, s, 0, "host", "drain", h2.Name, "--reason", "a new kernel")
	t.Logf("drained in %s", time.Since(begun).Round(time.Millisecond))
	if err := runsOn(t.Context(), h2, first.ID); err == nil {
		t.Errorf("%s still runs on %s", first.ID, h2.Name)
	}
	allServe(t, s, "care", "v1")
	if shown := cli(t, s, 0, "hosts"); !strings.Contains(shown, "drained by olga: a new kernel") {
		t.Errorf("slipway hosts shows\n%s", shown)
	}
	record(t, s, "vacate/search.care", "vacate")
	stop(t, traffic[1])

	if err := h2.PowerOff(); err != nil {
		t.Fatal(err)
	}
	second := release(t, s, svc, "v2", 0)
	if second.Hosts[1].Phase != slipway.HostQuarantined || len(second.Behind) != 2 || !second.Behind[0].Cordoned {
		t.Errorf("hosts are %+v, behind %+v", second.Hosts, second.Behind)
	}
	if err := h2.PowerOn(t.Context()); err != nil {
		t.Fatal(err)
	}
	traffic[1] = system.StartTraffic(t.Context(), h2.EdgeURL(), "care", rate/3)
	eventually(t, func() error {
		if got := behindOf(t, s, "care"); len(got) != 1 {
			return fmt.Errorf("behind are %+v: its edge is to be caught up, and nothing else", got)
		}
		return nil
	})
	allServe(t, s, "care", "v2")
	if err := runsOn(t.Context(), h2, second.ID); err == nil {
		t.Errorf("%s runs on %s, which is cordoned", second.ID, h2.Name)
	}

	begun = time.Now()
	operate(t, s, 0, "host", "uncordon", h2.Name, "--reason", "it is there")
	notBehind(t, s, "care")
	t.Logf("given back in %s", time.Since(begun).Round(time.Millisecond))
	awaitCleanup(t, s, second.ID)
	allServe(t, s, "care", "v2")
	if err := runsOn(t.Context(), h2, second.ID); err != nil {
		t.Error(err)
	}
	for _, each := range traffic {
		stop(t, each)
	}
	record(t, s, "lane/search.care", "lane_drains")
	record(t, s, "cordons", "cordons")
	record(t, s, "release/"+second.ID, "live_host_cordoned")
}
