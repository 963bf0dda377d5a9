package slipway_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway"
)

func TestUnfit(t *testing.T) {
	t.Parallel()
	plan := slipway.Plan{Platform: "linux/amd64"}
	host := slipway.PlanHost{Name: "h1", Publish: true, Ports: slipway.PortRange{First: 20000, Last: 20001}}
	for name, c := range map[string]struct {
		facts   slipway.HostFacts
		publish bool
		want    string
	}{
		"fit":                        {slipway.HostFacts{Platform: "linux/amd64"}, true, ""},
		"one port left":              {slipway.HostFacts{Platform: "linux/amd64", Ports: []int{20001, 20002, 30000}}, true, ""},
		"none left":                  {slipway.HostFacts{Platform: "linux/amd64", Ports: []int{20001, 20000}}, true, "every port of 20000-20001 is taken"},
		"none left, and none needed": {slipway.HostFacts{Platform: "linux/amd64", Ports: []int{20001, 20000}}, false, ""},
		"another kind of machine":    {slipway.HostFacts{Platform: "linux/arm64"}, false, "h1 is linux/arm64"},
	} {
		h := host
		h.Publish = c.publish
		err := plan.Unfit(h, c.facts, 1)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	host.Publish = true
	two := slipway.HostFacts{Platform: "linux/amd64", Ports: []int{20000}}
	if err := plan.Unfit(host, two, 2); err == nil || !strings.Contains(err.Error(), "1 of the ports 20000-20001 are left, but replicas wants 2") {
		t.Errorf("two containers at one port: %v", err)
	}
}

// Values of environment variables and of secrets appear nowhere in a plan.
func TestDifferencesShowNoValues(t *testing.T) {
	t.Parallel()
	service := func(values ...string) slipway.Service {
		s := slipway.Service{Container: slipway.Container{Command: []string{"--key=" + values[0]}, Environment: map[string]slipway.Value{}}}
		for i, v := range values {
			s.Container.Environment[string(rune('A'+i))] = slipway.Value{Plain: v}
		}
		return s
	}
	got := slipway.Outlook{
		Order: slipway.Order{Service: service("hunter2", "same")},
		Blue:  &slipway.Version{Service: service("hunter1", "same", "gone")},
	}.Differences(nil)
	want := []slipway.Difference{
		{What: "container.command", Live: "given", Then: "changed"},
		{What: "container.environment.A", Live: "given", Then: "changed"},
		{What: "container.environment.C", Live: "given"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
}

func TestBlocked(t *testing.T) {
	t.Parallel()
	svc := slipway.Service{ServiceID: slipway.ServiceID{Project: "search", Service: "api"}}
	svc.Container.Ports = []slipway.FixedPort{{Published: 8125, Target: 80, Protocol: "udp"}}
	for by, want := range map[string]string{
		"search.api.7":   "", // the version before, which gives way
		"search.api2.7":  "host h1: port 8125/udp, which container.ports asks for, is taken by the container search.api2.7",
		"somebody-elses": "taken by the container somebody-elses",
	} {
		err := svc.Blocked("h1", slipway.HostFacts{Taken: []slipway.TakenPort{{Port: "8125/tcp", By: "x"}, {Port: "8125/udp", By: by}}})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", by, err)
		}
	}
}
