package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/e2e/system"
)

// without is a fleet file that does not have a host, nor the edge on it.
func without(fleet, host, edge string) string {
	var out strings.Builder
	for line := range strings.Lines(fleet) {
		if !strings.Contains(line, "{name: "+host+",") && !strings.Contains(line, "{name: "+edge+",") {
			out.WriteString(line)
		}
	}
	return out.String()
}

// refleet writes the fleet file anew, and waits until it holds.
func refleet(t *testing.T, s *system.System, text string, hosts int) {
	t.Helper()
	if err := os.WriteFile(s.FleetFile(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		shown := decode[struct{ Hosts []slipway.HostStatus }](t, operate(t, s, 0, "hosts", "-o", "json").Stdout)
		if len(shown.Hosts) != hosts {
			return fmt.Errorf("the fleet has %d hosts, want %d", len(shown.Hosts), hosts)
		}
		return nil
	})
}

// A third host comes to a fleet of two, where two services are live, one of which
// holds what served before: they join it under traffic, each at its own turn,
// also when Slipway is restarted meanwhile. Later it is taken out for good, comes
// back, and dies. Nobody notices.
func TestAHostJoinsUnderTrafficAndIsTakenOutForGood(t *testing.T) {
	s := threeHosts(t)
	text, err := os.ReadFile(s.FleetFile())
	if err != nil {
		t.Fatal(err)
	}
	whole, h3 := string(text), s.Hosts.All[2]
	small := without(whole, h3.Name, "e3")
	refleet(t, s, small, 2)

	first := service(t, s, "settled", "strategy: {blue_green: {hold: 0s, drain_timeout: 5s}}\n")
	second := service(t, s, "holding", "strategy: {blue_green: {hold: 10m, drain_timeout: 5s}}\n")
	for _, name := range []string{"settled", "holding"} {
		for _, tag := range []string{"v1", "v2"} {
			push(t, s, name, tag, "WORK_MS=200")
		}
	}
	settled := release(t, s, first, "v1", 0)
	release(t, s, second, "v1", 0)
	held := release(t, s, second, "v2", 0)
	var traffic []*system.Traffic
	for _, url := range edgeURLs(s)[:2] {
		traffic = append(traffic, system.StartTraffic(t.Context(), url, "settled", rate/6), system.StartTraffic(t.Context(), url, "holding", rate/6))
	}
	refleet(t, s, whole, 3)
	cli(t, s, 4, "host", "join", h3.Name, "--reason", "more people")

	begun := time.Now()
	joining := make(chan system.Result, 1)
	go func() {
		result, err := s.CLI(t.Context(), "olga", "host", "join", h3.Name, "--reason", "more people")
		if err != nil {
			result.Stderr += err.Error()
		}
		joining <- result
	}()
	eventually(t, func() error { return runsOn(t.Context(), h3, settled.ID) })
	eventually(t, func() error {
		got, err := system.Ask(t.Context(), h3.EdgeURL(), "settled")
		if err == nil && got != "v1" {
			err = fmt.Errorf("it answers %q", got)
		}
		return err
	})
	t.Logf("the first service joined in %s", time.Since(begun).Round(time.Millisecond))
	traffic = append(traffic, system.StartTraffic(t.Context(), h3.EdgeURL(), "settled", rate/6))
	if err := runsOn(t.Context(), h3, held.ID); err == nil {
		t.Errorf("%s runs on %s while it holds what served before", held.ID, h3.Name)
	}
	eventually(t, func() error { // its edge answers before the lane has taken note
		if shown := operate(t, s, 0, "hosts").Stdout; !strings.Contains(shown, "1, 1 to come") {
			return fmt.Errorf("slipway hosts shows\n%s", shown)
		}
		return nil
	})
	if err := s.Standalone.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := s.Standalone.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	cli(t, s, 0, "accept", held.ID)
	joined := <-joining
	if joined.Status != 0 || !strings.Contains(joined.Stderr, "search/holding: waiting: "+held.ID+" holds what served before") ||
		!strings.Contains(joined.Stderr, "search/settled: "+settled.ID+" is there") {
		t.Errorf("it said %d\n%s\n%s", joined.Status, joined.Stdout, joined.Stderr)
	}
	for _, name := range []string{"settled", "holding"} {
		if got := behindOf(t, s, name); len(got) > 0 {
			t.Errorf("%s is behind: %+v", name, got)
		}
	}
	allServe(t, s, "settled", "v1")
	allServe(t, s, "holding", "v2")
	if again := cli(t, s, 0, "release", "-f", first, "--tag", "v1", "--wait"); !strings.Contains(again, "serves exactly this already") {
		t.Errorf("a release of what is live said\n%s", again)
	}
	release(t, s, first, "v2", 0)
	allServe(t, s, "settled", "v2")
	record(t, s, "lane/search.settled", "lane_host_joins")
	record(t, s, "catchup/search.settled", "catchup_joins")

	stop(t, traffic[4])
	begun = time.Now()
	operate(t, s, 0, "host", "remove", h3.Name, "--reason", "it is old")
	t.Logf("removed from two services in %s", time.Since(begun).Round(time.Millisecond))
	record(t, s, "vacate/search.settled", "vacate_removes")
	if shown := operate(t, s, 0, "hosts").Stdout; !strings.Contains(shown, "removed by olga: it is old") {
		t.Errorf("slipway hosts shows\n%s", shown)
	}
	third := release(t, s, first, "v1", 0) // the fleet file still has the host
	if len(third.Hosts) != 2 || len(third.Behind) != 0 {
		t.Errorf("hosts are %+v, behind %+v", third.Hosts, third.Behind)
	}
	for _, id := range []string{settled.ID, held.ID, third.ID} {
		if err := runsOn(t.Context(), h3, id); err == nil {
			t.Errorf("%s runs on %s", id, h3.Name)
		}
	}
	if got, err := system.Ask(t.Context(), h3.EdgeURL(), "settled"); err == nil {
		t.Errorf("the edge of %s still answers %q", h3.Name, got)
	}
	operate(t, s, 1, "host", "join", h3.Name, "--reason", "after all")
	operate(t, s, 0, "host", "uncordon", h3.Name, "--reason", "after all")
	operate(t, s, 0, "host", "join", h3.Name, "--reason", "after all")
	allServe(t, s, "settled", "v1")

	if err := h3.PowerOff(); err != nil {
		t.Fatal(err)
	}
	refleet(t, s, small, 2) // the wrong order
	operate(t, s, 1, "host", "remove", h3.Name, "--reason", "it burned")
	operate(t, s, 0, "host", "remove", h3.Name, "--gone", "--reason", "it burned")
	fourth := release(t, s, first, "v2", 0)
	if len(fourth.Hosts) != 2 || len(fourth.Behind) != 0 || fourth.CleanupPending {
		t.Errorf("hosts are %+v, behind %+v, cleanup pending: %t", fourth.Hosts, fourth.Behind, fourth.CleanupPending)
	}
	for _, each := range traffic[:4] {
		stop(t, each)
	}
	record(t, s, "cordons", "cordons_remove")
}
