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

// Traffic between two hosts is dropped, and nothing else: each host answers, and
// so does what a service requires, to everybody but containers on one of them.
// The release is refused with the host's name, before anything is changed; with a
// profile that has such a host left out, the other goes on alone, and the host is
// caught up when there is a way again.
func TestADependencyThatOneHostDoesNotReach(t *testing.T) {
	t.Parallel() // it has a system of its own
	s := threeHosts(t)
	parted, holds := s.Hosts.All[1], s.Hosts.All[2]
	required := strings.TrimPrefix(holds.EdgeURL(), "http://") + ":80"
	svc := service(t, s, "reaching", "hosts: [h1, h2]\nrequires: [\""+required+"\"]\nstrategy: {blue_green: {hold: 0s, drain_timeout: 1s}}\n")
	for _, tag := range []string{"v1", "v2"} {
		push(t, s, "reaching", tag)
	}
	began := time.Now()
	release(t, s, svc, "v1", 0)
	t.Logf("released with what it requires in %s", time.Since(began).Round(time.Millisecond))

	heal, err := parted.Part(holds)
	if err != nil {
		t.Fatal(err)
	}
	began = time.Now()
	refused := release(t, s, svc, "v2", 1)
	t.Logf("refused within %s: %s", time.Since(began).Round(time.Millisecond), refused.Reason)
	told(t, "a host does not reach what a service requires", refused.Reason, string(*refused.Outcome))
	if text := cli(t, s, 1, "preflight", "-f", svc, "--tag", "v2"); !strings.Contains(text, "refuse: host h2: no container there reaches "+required) {
		t.Errorf("preflight says\n%s", text)
	}
	for host, want := range map[string]int{"h1": 0, "h2": 1} {
		cli(t, s, want, "preflight", "-f", svc, "--tag", "v2", "--host", host)
	}
	for _, url := range edgeURLs(s)[:2] {
		if got, err := system.Ask(t.Context(), url, "reaching"); err != nil || got != "v1" {
			t.Errorf("%s serves %q, %v", url, got, err)
		}
	}

	before, err := os.ReadFile(s.FleetFile())
	if err != nil {
		t.Fatal(err)
	}
	fleet := strings.ReplaceAll(string(before), "20999, labels: {role: web}}", "20999, labels: {role: web}, profile: web}")
	writeFleet(t, s, strings.Replace(fleet, "edges:\n", "profiles: [{name: web, live_restore: true, action: quarantine}]\nedges:\n", 1))
	eventually(t, func() error { // the fleet file is taken over within seconds
		result, err := s.CLI(t.Context(), "ann", "preflight", "-f", svc, "--tag", "v2")
		if err == nil && (!strings.Contains(result.Stdout, "quarantine: host h2: no container there reaches") || result.Status != 0) {
			err = fmt.Errorf("preflight: %d: %s%s", result.Status, result.Stdout, result.Stderr)
		}
		return err
	})
	live := release(t, s, svc, "v2", 0)
	if len(live.Behind) != 1 || live.Behind[0].Host != "h2" || !live.Behind[0].Unfit {
		t.Fatalf("behind are %+v", live.Behind)
	}
	told(t, "a host does not reach it, and its profile says `action: quarantine`", live.Behind[0].Error, string(*live.Outcome))
	for _, url := range edgeURLs(s)[:2] {
		if got, err := system.Ask(t.Context(), url, "reaching"); err != nil || got != "v2" {
			t.Errorf("%s serves %q, %v", url, got, err)
		}
	}
	if err := runsOn(t.Context(), parted, live.ID); slipway.ErrorCode(err) != slipway.CodeNotFound {
		t.Errorf("on the host that was left out: %v", err)
	}
	if err := heal(); err != nil {
		t.Fatal(err)
	}
	healed := time.Now()
	eventually(t, func() error {
		if got := behindOf(t, s, "reaching"); len(got) > 0 {
			return fmt.Errorf("still behind: %+v", got)
		}
		return nil
	})
	t.Logf("caught up in %s", time.Since(healed).Round(time.Millisecond))
	if err := runsOn(t.Context(), parted, live.ID); err != nil {
		t.Error(err)
	}
}
