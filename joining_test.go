package slipway

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// live is a version of testService on some hosts of a fleet, each with a port.
func live(t *testing.T, fleet *Fleet, svc Service) Version {
	t.Helper()
	plan, err := NewPlan(fleet, svc)
	if err != nil {
		t.Fatal(err)
	}
	v := Version{Release: "search.api.1", Service: svc, Plan: plan}
	for i, h := range plan.Hosts {
		v.Hosts = append(v.Hosts, ReleaseHost{Name: h.Name, Phase: HostServing, HostPort: 20001 + i})
		v.Facts = append(v.Facts, HostFacts{Platform: DefaultPlatform, Kernel: h.Name})
	}
	return v
}

// threeWebHosts have an edge each, which serves all of them.
func threeWebHosts() *Fleet {
	fleet := testFleet()
	fleet.Hosts[2] = Host{Name: "h3", Address: "10.0.0.3", Ports: fleet.Hosts[0].Ports, Labels: map[string]string{"role": "web"}}
	all := []string{"h1", "h2", "h3"}
	fleet.Edges = []Edge{{Name: "e1", On: "h1", Hosts: all}, {Name: "e2", On: "h2", Hosts: all}, {Name: "e3", On: "h3", Hosts: all}}
	return fleet
}

func TestWhatForgetsAHostAndHasItJoinAgainIsAsBefore(t *testing.T) {
	fleet := threeWebHosts()
	for _, host := range []string{"h1", "h2", "h3"} {
		before := live(t, fleet, testService("search"))
		v := before.Forget(host)
		smaller, err := NewPlan(fleet.Without(host), v.Service)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(smaller, v.Plan); diff != "" {
			t.Errorf("without %s, a new plan is another one (-new +forgotten):\n%s", host, diff)
		}
		if v.Knows(host) || len(v.Hosts) != 2 || len(v.Facts) != 2 || v.Facts[0].Kernel != v.Hosts[0].Name {
			t.Errorf("without %s, there are %+v with %+v", host, v.Hosts, v.Facts)
		}
		again, news := v.Join(before.Plan, host, "more people", time.Time{})
		if diff := cmp.Diff(before.Plan, again.Plan); diff != "" {
			t.Errorf("with %s again (-before +after):\n%s", host, diff)
		}
		edge := "e" + host[1:]
		if diff := cmp.Diff(Newcomers{Hosts: []string{host}, Edges: []string{edge}}, news); diff != "" {
			t.Error(diff)
		}
		for i, h := range again.Plan.Hosts {
			at := again.Hosts[i]
			if at.Name != h.Name || (at.Phase == HostQuarantined) != (h.Name == host) || at.Name != host && again.Facts[i].Kernel != h.Name {
				t.Errorf("%s is %+v with %+v", h.Name, at, again.Facts[i])
			}
		}
		if _, none := again.Join(before.Plan, host, "", time.Time{}); !none.None() {
			t.Errorf("joining twice brings %+v", none)
		}
		if len(v.Plan.Hosts) != 2 || len(before.Plan.Hosts) != 3 {
			t.Error("what was there before has changed")
		}
	}
}

// An edge elsewhere reaches containers by a port that they have to have since
// they were started.
func TestEdgeThatReachesNoContainerDoesNotJoin(t *testing.T) {
	fleet := threeWebHosts()
	svc := testService("search")
	svc.Hosts.Names = []string{"h1"}
	fleet.Edges = fleet.Edges[:1]
	v := live(t, fleet, svc)
	v.Hosts[0].HostPort = 0 // its edge needs none
	fleet.Edges = append(fleet.Edges, Edge{Name: "far", Hosts: []string{"h1", "h2"}})
	status := ServiceStatus{ServiceID: svc.ServiceID, Live: &v}
	joined, ok := status.Joins("h1", fleet)
	if want := "its containers have no port for edge far: slipway restart search/api gives them one"; !ok || joined.State != JoinRefused || joined.Reason != want {
		t.Errorf("it is %+v", joined)
	}
	v.Hosts[0].HostPort = 20001
	if joined, ok := status.Joins("h1", fleet); !ok || joined.State != JoinUnasked {
		t.Errorf("with a port it is %+v", joined)
	}
	if joined, ok := status.Joins("h3", fleet); ok {
		t.Errorf("a host that it is not meant for: %+v", joined)
	}
}
