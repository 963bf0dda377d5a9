package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway"
)

// A host that is not what it is pinned to is seen before anything is changed,
// with the fleet file as it is at that moment; and what a look costs a release.
func TestHostsAreHeldAgainstTheirProfile(t *testing.T) {
	s := start(t)
	svc := service(t, s, "pinned", "strategy: {blue_green: {hold: 0s}}\n")
	for _, tag := range []string{"v1", "v2", "v3"} {
		push(t, s, "pinned", tag)
	}
	if r := await(t, s, submit(t, s, svc, "v1"), slipway.Ended); *r.Outcome != slipway.Live || len(r.Findings) != 0 {
		t.Fatalf("%s: %s, findings %v", *r.Outcome, r.Reason, r.Findings)
	}
	fit := decode[slipway.PreflightReport](t, as(t, s, "olga", 0, "preflight", "-o", "json").Stdout)
	if len(fit.Hosts) != 1 || !fit.Fit || fit.Hosts[0].Facts.Disk == nil || fit.Hosts[0].Facts.Skew != 0 {
		t.Errorf("the fleet's hosts: %+v", fit)
	}
	as(t, s, "ann", 4, "preflight")

	before, err := os.ReadFile(s.FleetFile())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { writeFleet(t, s, string(before)) })
	pin := func(action string) {
		t.Helper()
		fleet := strings.Replace(string(before), "labels: {role: web}}", "labels: {role: web}, profile: web}", 1)
		writeFleet(t, s, strings.Replace(fleet, "edges:\n", `profiles: [{name: web, docker: "1.13", live_restore: true, action: `+action+"}]\nedges:\n", 1))
		eventually(t, func() error { // the fleet file is taken over within seconds
			result, err := s.CLI(t.Context(), "ann", "preflight", "-f", svc, "--tag", "v2", "--host", "h1")
			if err != nil || !strings.Contains(result.Stdout, action+": host h1: Docker is") || result.Status != map[string]int{"refuse": 1, "warn": 0}[action] {
				return slipway.Errorf(slipway.CodeUnavailable, "preflight: %v: %d: %s%s", err, result.Status, result.Stdout, result.Stderr)
			}
			return nil
		})
	}
	pin("refuse")
	refused := await(t, s, submit(t, s, svc, "v2"), slipway.Ended)
	told(t, "host is not as its profile asks", refused.Reason, string(*refused.Outcome))
	as(t, s, "ann", 1, "plan", "-f", svc, "--tag", "v2")
	pin("warn")
	warned := await(t, s, submit(t, s, svc, "v2"), slipway.Ended)
	if *warned.Outcome != slipway.Live || len(warned.Findings) != 1 {
		t.Errorf("%s: %s, findings %v", *warned.Outcome, warned.Reason, warned.Findings)
	}
	if text := cli(t, s, 0, "status", warned.ID); !strings.Contains(text, "profile web asks for 1.13") {
		t.Errorf("status does not say what to mind:\n%s", text)
	}

	var took []time.Duration
	for range 9 {
		report := decode[slipway.PreflightReport](t, cli(t, s, 0, "preflight", "-f", svc, "--tag", "v3", "-o", "json"))
		took = append(took, report.Hosts[0].Facts.Answered.Std())
	}
	slices.Sort(took)
	fmt.Printf("a host says all about itself within %s (median of %d)\n", took[len(took)/2], len(took))
}
