package slipway

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestContainersOfAHostAreToldApartByTheirNames(t *testing.T) {
	id := ReleaseID{ServiceID{"search", "api"}, 3}
	at := Service{Replicas: 3}.Place(id, "h1")
	for n := range at.Containers() {
		at.Started(n, ContainerState{Address: HostPort("10.0.0.1", n), HostPort: 20000 + n})
	}
	var names []string
	for n, one := range at.Containers() {
		names = append(names, one.Container)
		if one.Name != "h1" || one.HostPort != 20000+n || one.Address != HostPort("10.0.0.1", n) || one.Replicas != nil {
			t.Errorf("container %d is %+v", n, one)
		}
		if read, err := ParseContainerName(one.Container); err != nil || read != id {
			t.Errorf("%s is read as %v: %v", one.Container, read, err)
		}
	}
	if diff := cmp.Diff([]string{"search.api.3", "search.api.3.1", "search.api.3.2"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	for _, name := range []string{"", "search.api", "search.api.3.0", "search.api.3.01", "search.api.3.-1", "search.api.3.pre", "search.api.3.", "search.api.3.1.1"} {
		if read, err := ParseContainerName(name); ErrorCode(err) != CodeInvalid {
			t.Errorf("%q is read as %v: %v", name, read, err)
		}
	}
	if one := (Service{}).Place(id, "h1"); one.Replicas != nil || len(one.Containers()) != 1 {
		t.Errorf("without replicas, a host has %+v", one)
	}
}

func TestEdgesAreSentToAllContainersOfAHost(t *testing.T) {
	plan, err := NewPlan(testFleet(), testService("search"))
	if err != nil {
		t.Fatal(err)
	}
	at := []ReleaseHost{
		{Name: "h1", Phase: HostReady, Address: "172.30.0.2", HostPort: 20000, Replicas: []Replica{{Address: "172.30.0.3", HostPort: 20001}}},
		{Name: "h2", Phase: HostReady, Address: "172.30.0.2", HostPort: 20000, Replicas: []Replica{{Address: "172.30.0.3", HostPort: 20001}}},
	}
	for i, want := range [][]string{
		{"172.30.0.2:8080", "172.30.0.3:8080"},
		{"10.0.0.1:20000", "10.0.0.1:20001", "10.0.0.2:20000", "10.0.0.2:20001"},
	} {
		if diff := cmp.Diff(want, plan.Upstreams(plan.Edges[i], at, 8080)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", plan.Edges[i].Name, diff)
		}
	}
	at[0].Phase = HostQuarantined
	if diff := cmp.Diff([]string{"10.0.0.2:20000", "10.0.0.2:20001"}, plan.Upstreams(plan.Edges[0], at, 8080)); diff != "" {
		t.Errorf("without its own host (-want +got):\n%s", diff)
	}
}

// The two versions have their ports side by side, unless one stops first.
func TestRangeOfPortsIsWideEnoughForReplicas(t *testing.T) {
	for name, c := range map[string]struct {
		replicas, last int
		stopFirst      bool
		want           string
	}{
		"both versions have room": {3, 20005, false, ""},
		"one of them has not":     {3, 20004, false, "replicas: 3 on host h1 want 6 ports of it while one version takes the place of another, but its range 20000-20004 has 5"},
		"only one has ports":      {3, 20002, true, ""},
		"not even one has room":   {3, 20001, true, "want 3 ports"},
		"one container":           {1, 20000, false, ""},
	} {
		fleet, svc := testFleet(), testService("search")
		svc.Replicas, svc.Strategy.BlueGreen.StopFirst = c.replicas, c.stopFirst
		fleet.Hosts[0].Ports.Last = c.last
		_, err := NewPlan(fleet, svc)
		if c.want == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c.want != "" && (ErrorCode(err) != CodeInvalid || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestVersionHasNoMoreContainersThanALaneCanRemember(t *testing.T) {
	fleet, svc := testFleet(), testService("search")
	svc.Replicas = MaxReplicas
	fleet.Hosts = slices.Repeat(fleet.Hosts[:1], MaxContainers/MaxReplicas+1)
	for i := range fleet.Hosts {
		fleet.Hosts[i].Name = fmt.Sprintf("h%d", i+1)
	}
	plan := func() error {
		_, err := NewPlan(fleet, svc)
		return err
	}
	if err := plan(); ErrorCode(err) != CodeInvalid || !strings.Contains(err.Error(), "replicas: 16 on each of 17 hosts are 272 containers, but all of a version are at most 256") {
		t.Errorf("got %v", err)
	}
	svc.Replicas--
	if err := plan(); err != nil {
		t.Error(err)
	}
}

func TestPlanWarnsOfReplicasThatWriteToOneVolume(t *testing.T) {
	svc := testService("search")
	svc.Replicas = 3
	svc.Container.Volumes = []Volume{{Source: "search-cache", Target: "/cache"}, {Source: "/etc/ssl", Target: "/etc/ssl", ReadOnly: true}}
	plan, err := NewPlan(testFleet(), svc)
	if err != nil {
		t.Fatal(err)
	}
	warnings := strings.Join(Outlook{Order: Order{Service: svc, Plan: plan}}.Warnings(make([]HostFacts, len(plan.Hosts))), "\n")
	if !strings.Contains(warnings, "3 containers of each host write to the volume search-cache at the same time") || strings.Contains(warnings, "/etc/ssl") {
		t.Errorf("it warns\n%s", warnings)
	}
}
