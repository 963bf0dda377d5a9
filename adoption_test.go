package slipway_test

import (
	"strings"
	"testing"

	"slipway"
)

func TestReachOfAContainerThatSomebodyElseStarted(t *testing.T) {
	t.Parallel()
	near, far := slipway.PlanEdge{Name: "e1", On: "h1"}, slipway.PlanEdge{Name: "e2"}
	on := func(address string) slipway.PlanHost { return slipway.PlanHost{Name: "h1", Address: address} }
	publishes := func(address string) []slipway.Published {
		return []slipway.Published{{Port: 9090, Address: address, HostPort: 9091}, {Port: 8080, Address: address, HostPort: 80}}
	}
	bridge := []string{"172.17.0.2"}
	for name, c := range map[string]struct {
		found slipway.Found
		edge  slipway.PlanEdge
		host  slipway.PlanHost
		want  string // where; or what the error says
	}{
		"published everywhere, edge on the host":      {slipway.Found{Addresses: bridge, Published: publishes("0.0.0.0")}, near, on("192.0.2.1"), "192.0.2.1:80"},
		"published everywhere, edge elsewhere":        {slipway.Found{Addresses: bridge, Published: publishes("0.0.0.0")}, far, on("192.0.2.1"), "192.0.2.1:80"},
		"published everywhere, over IPv6":             {slipway.Found{Published: publishes("::")}, far, on("2001:db8::1"), "[2001:db8::1]:80"},
		"published on the address":                    {slipway.Found{Published: publishes("192.0.2.1")}, far, on("192.0.2.1"), "192.0.2.1:80"},
		"published on loopback, edge on the host":     {slipway.Found{Addresses: bridge, Published: publishes("127.0.0.1")}, near, on("192.0.2.1"), "172.17.0.2:8080"},
		"published on loopback, which is the address": {slipway.Found{Addresses: bridge, Published: publishes("127.0.0.1")}, near, on("127.0.0.1"), "172.17.0.2:8080"},
		"published on loopback, edge elsewhere":       {slipway.Found{Addresses: bridge, Published: publishes("127.0.0.1")}, far, on("192.0.2.1"), "it publishes 127.0.0.1:9091 for 9090, 127.0.0.1:80 for 8080"},
		"one machine, edge on no host":                {slipway.Found{Addresses: bridge, Published: publishes("127.0.0.1")}, far, on("127.0.0.1"), "127.0.0.1:80"},
		"not published, edge on the host":             {slipway.Found{Addresses: bridge}, near, on("192.0.2.1"), "172.17.0.2:8080"},
		"not published, edge elsewhere":               {slipway.Found{Name: "legacy", Addresses: bridge}, far, on("192.0.2.1"), "edge e2 cannot reach port 8080 of container legacy on host h1: it publishes no port"},
		"the host's own network":                      {slipway.Found{HostNetwork: true}, far, on("192.0.2.1"), "192.0.2.1:8080"},
		"no network at all":                           {slipway.Found{}, near, on("192.0.2.1"), "cannot reach"},
	} {
		got, err := c.found.Reach(c.edge, c.host, 8080)
		if err != nil {
			got = err.Error()
		}
		if err == nil && got != c.want || err != nil && (slipway.ErrorCode(err) != slipway.CodeInvalid || !strings.Contains(got, c.want)) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestDigestOfAnAdoptedImage(t *testing.T) {
	t.Parallel()
	for want, digests := range map[string][]string{
		"sha256:one": {"a.example.com/other/api@sha256:two", "b.example.com/search/api@sha256:one"},
		"sha256:two": {"a.example.com/other/api@sha256:two"},
		"":           {"a.example.com/x@sha256:two", "b.example.com/y@sha256:one"},
	} {
		if got := (slipway.Found{Digests: digests}).Digest("search/api"); got != want {
			t.Errorf("%v: %q, want %q", digests, got, want)
		}
	}
}

func TestPlanOfAnAdoptionIsOneHostThatAllEdgesReach(t *testing.T) {
	t.Parallel()
	plan := slipway.Plan{
		Hosts: []slipway.PlanHost{{Name: "h1"}, {Name: "h2"}},
		Edges: []slipway.PlanEdge{{Name: "e1", Hosts: []string{"h1", "h2"}}, {Name: "e2", Hosts: []string{"h2"}}},
	}
	got, err := plan.Adopt(slipway.Adoption{Host: "h2", Container: "legacy"})
	if err != nil || len(got.Hosts) != 1 || got.Hosts[0].Name != "h2" || len(got.Edges) != 2 || len(got.Edges[0].Hosts) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if len(plan.Edges[0].Hosts) != 2 {
		t.Error("it has changed the service's own plan")
	}
	for host, want := range map[string]string{
		"h1": "edge e2 holds the route, too, and sends no traffic to host h1",
		"":   "the service runs on h1, h2: say on which of them legacy runs, --host NAME",
		"h9": "say on which of them",
	} {
		if _, err := plan.Adopt(slipway.Adoption{Host: host, Container: "legacy"}); slipway.ErrorCode(err) != slipway.CodeInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("host %q: %v, want %s", host, err, want)
		}
	}
}
