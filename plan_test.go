package slipway

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The fleet of these tests: h1 and h2 are search's, h3 is shop's.
func testFleet() *Fleet {
	ports := PortRange{First: 20000, Last: 20999}
	return &Fleet{
		Hash: "f00d",
		Hosts: []Host{
			{Name: "h1", Address: "10.0.0.1", Ports: ports, Labels: map[string]string{"role": "web", "disk": "ssd"}},
			{Name: "h2", Address: "10.0.0.2", Ports: ports, Labels: map[string]string{"role": "web"}, Agent: true},
			{Name: "h3", Address: "10.0.0.3", Labels: map[string]string{"role": "shop"}},
		},
		Edges: []Edge{{Name: "e1", Admin: "unix:///e1", On: "h1"}, {Name: "e2", Admin: "https://e2", Hosts: []string{"h1", "h2"}}},
		Registries: []Registry{
			{Name: "internal", Roles: []RegistryRole{SourceRegistry}},
			{Name: "production", Roles: []RegistryRole{ProductionRegistry}},
		},
		Projects: []Project{
			{
				Name: "search", Hosts: Selector{Labels: map[string]string{"role": "web"}}, Routes: []string{"*.search.example.com", "search.example.com"},
				Allow: Allow{
					Volumes: []string{"/data/search/**", "/etc/ssl", "search-cache"},
					CapAdd:  []string{"NET_ADMIN"},
					Devices: []string{"/dev/fuse"},
					Ports:   []string{"20005/tcp", "8125/udp"},
					Secrets: []string{"env://SEARCH_*", "env://SHARED", "file:///secrets/search/*"},
				},
			},
			{Name: "shop", Hosts: Selector{Names: []string{"h3"}}, Routes: []string{"shop.example.com", "*.shop.example.com"}},
			{Name: "free"},
		},
	}
}

func testService(project string) Service {
	return Service{ServiceID: ServiceID{project, "api"}, Image: "team/api", Container: Container{Port: 8080}, Route: &Route{Host: "search.example.com", Path: "/"}}
}

func TestPlanNamesHostsAndEdgesInTheOrderOfTheFleet(t *testing.T) {
	ports := PortRange{First: 20000, Last: 20999}
	got, err := NewPlan(testFleet(), testService("search"))
	if err != nil {
		t.Fatal(err)
	}
	want := Plan{
		Hosts: []PlanHost{
			{Name: "h1", Address: "10.0.0.1", Ports: ports, Publish: true}, // e2 is elsewhere
			{Name: "h2", Address: "10.0.0.2", Ports: ports, Publish: true, Agent: true},
		},
		Edges: []PlanEdge{
			{Name: "e1", On: "h1", Hosts: []string{"h1"}},
			{Name: "e2", Hosts: []string{"h1", "h2"}},
		},
		Source: "internal", Production: "production", Platform: DefaultPlatform, Fleet: "f00d",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPlanPublishesAPortForEdgesElsewhereAndForDetours(t *testing.T) {
	for name, c := range map[string]struct {
		hosts []string
		edges int
		want  []bool
	}{
		"the only edge is on the only host": {[]string{"h1"}, 1, []bool{false}},
		"an edge elsewhere":                 {[]string{"h1"}, 2, []bool{true}},
		"the edge of h1 may be sent to h2":  {[]string{"h1", "h2"}, 1, []bool{true, true}},
		"and to no host that has no range":  {[]string{"h2", "h4"}, 2, []bool{true, false}},
	} {
		fleet := testFleet()
		fleet.Edges = fleet.Edges[:c.edges]
		fleet.Hosts = append(fleet.Hosts, Host{Name: "h4", Labels: map[string]string{"role": "web"}})
		svc := testService("search")
		svc.Hosts.Names = c.hosts
		got, err := NewPlan(fleet, svc)
		if err != nil {
			t.Fatal(err)
		}
		for i, h := range got.Hosts {
			if h.Publish != c.want[i] {
				t.Errorf("%s: %s publishes a port: %t", name, h.Name, h.Publish)
			}
		}
	}
}

func TestPlanIsRefusedWhereTooFewHostsCouldServe(t *testing.T) {
	svc := testService("search")
	svc.Strategy.BlueGreen.MinServing = Share{Number: 3}
	if _, err := NewPlan(testFleet(), svc); ErrorCode(err) != CodeInvalid || !strings.Contains(err.Error(), "runs on 2 hosts, but strategy.blue_green.min_serving wants 3") {
		t.Errorf("got %v", err)
	}
}

func TestPlanPublishesAPortWhereContainersAreProbedFromElsewhere(t *testing.T) {
	for docker, remote := range map[string]bool{"tcp://10.0.0.3:2376": true, "ssh://h3": true, "unix:///var/run/docker.sock": false, "": false} {
		f, svc := testFleet(), testService("shop")
		svc.Route.Host = "shop.example.com"
		f.Edges = append(f.Edges, Edge{Name: "e3", On: "h3"})
		f.Hosts[2].Docker, f.Hosts[2].Agent = docker, docker == ""
		_, err := NewPlan(f, svc)
		if says := err != nil && strings.Contains(err.Error(), `host "h3" is reached from elsewhere`); says != remote {
			t.Errorf("%q without ports: got %v", docker, err)
		}
		f.Hosts[2].Ports = PortRange{First: 20000, Last: 20999}
		plan, err := NewPlan(f, svc)
		if err != nil || plan.Hosts[0].Remote != remote || plan.Hosts[0].Publish != remote {
			t.Errorf("%q: got %+v, %v", docker, plan.Hosts, err)
		}
	}
}

func TestPlanUsesOneRegistryForBothRolesWhereThereIsOne(t *testing.T) {
	fleet := testFleet()
	fleet.Registries = []Registry{{Name: "only", Roles: []RegistryRole{ProductionRegistry, SourceRegistry}}}
	got, err := NewPlan(fleet, testService("search"))
	if err != nil || got.Source != "only" || got.Production != "only" {
		t.Errorf("got %q and %q, %v", got.Source, got.Production, err)
	}
}

func TestPlanSelectsHostsWithinThoseOfTheProject(t *testing.T) {
	for _, test := range []struct {
		name  string
		hosts Selector
		want  []string
		err   Code
	}{
		{"all of the project", Selector{}, []string{"h1", "h2"}, ""},
		{"by name", Selector{Names: []string{"h2"}}, []string{"h2"}, ""},
		{"by label", Selector{Labels: map[string]string{"disk": "ssd"}}, []string{"h1"}, ""},
		{"by two labels", Selector{Labels: map[string]string{"disk": "ssd", "role": "web"}}, []string{"h1"}, ""},
		{"by name and label", Selector{Names: []string{"h1", "h2"}, Labels: map[string]string{"disk": "ssd"}}, []string{"h1"}, ""},
		{"label of another project's host", Selector{Labels: map[string]string{"role": "shop"}}, nil, CodeInvalid},
		{"label with another value", Selector{Labels: map[string]string{"disk": "hdd"}}, nil, CodeInvalid},
		{"empty label, which is not the same as none", Selector{Labels: map[string]string{"disk": ""}}, nil, CodeInvalid},
		{"another project's host", Selector{Names: []string{"h1", "h3"}}, nil, CodeForbidden},
		{"no such host", Selector{Names: []string{"h4"}}, nil, CodeInvalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			svc := testService("search")
			svc.Hosts = test.hosts
			plan, err := NewPlan(testFleet(), svc)
			if ErrorCode(err) != test.err {
				t.Fatalf("got %v, want code %q", err, test.err)
			}
			var got []string
			for _, h := range plan.Hosts {
				got = append(got, h.Name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestServiceWithoutARouteNeedsNoEdgeAndNoPortOfItsHosts(t *testing.T) {
	fleet, svc := testFleet(), testService("search")
	fleet.Edges, svc.Route = nil, nil
	got, err := NewPlan(fleet, svc)
	if err != nil || len(got.Hosts) != 2 || len(got.Edges) != 0 || got.Hosts[0].Publish {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPlanRefusesWhatTheFleetCannotDo(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Fleet, *Service)
		want   string
	}{
		{"no such project", func(_ *Fleet, s *Service) { s.Project = "other" }, `project "other" is not in the fleet file`},
		{"no edge", func(f *Fleet, _ *Service) { f.Edges = nil }, "no edge"},
		{"no edge for its hosts", func(f *Fleet, _ *Service) { f.Edges = []Edge{{Name: "e", On: "h3"}} }, "no edge"},
		{"no ports for an edge elsewhere", func(f *Fleet, _ *Service) { f.Hosts[1].Ports = PortRange{} }, "ports: 20000-20999"},
		{"a port that is given out", func(_ *Fleet, s *Service) {
			s.Container.Ports = []FixedPort{{Published: 20005, Target: 80, Protocol: "tcp"}}
		}, "20005/tcp is within 20000-20999"},
		{"no source", func(f *Fleet, _ *Service) { f.Registries = f.Registries[1:] }, "role source"},
		{"no production", func(f *Fleet, _ *Service) { f.Registries = f.Registries[:1] }, "role production"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fleet, svc := testFleet(), testService("search")
			test.change(fleet, &svc)
			_, err := NewPlan(fleet, svc)
			if ErrorCode(err) != CodeInvalid || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v with code %s, want invalid and %q", err, ErrorCode(err), test.want)
			}
		})
	}
}

func TestPlanHoldsServicesToTheRulesOfTheirProject(t *testing.T) {
	route := func(host string) func(*Service) {
		return func(s *Service) { s.Route = &Route{Host: host, Path: "/"} }
	}
	volume := func(source string) func(*Service) {
		return func(s *Service) { s.Container.Volumes = []Volume{{Source: source, Target: "/data"}} }
	}
	secret := func(ref string) func(*Service) {
		return func(s *Service) { s.Container.Environment = map[string]Value{"A": {Plain: "a"}, "B": {Secret: ref}} }
	}
	capability := func(name string) func(*Service) {
		return func(s *Service) { s.Container.CapAdd = []string{name} }
	}
	device := func(source string) func(*Service) {
		return func(s *Service) {
			s.Container.Devices = []Device{{Source: source, Target: "/dev/fuse", Permissions: "rwm"}}
		}
	}
	port := func(protocol string) func(*Service) {
		return func(s *Service) {
			s.Container.Ports = []FixedPort{{Published: 8125, Target: 80, Protocol: protocol}}
		}
	}
	for _, test := range []struct {
		name    string
		project string
		change  func(*Service)
		allowed bool
	}{
		{"a listed port of the host", "search", port("udp"), true},
		{"a port of the host of another protocol", "search", port("tcp"), false},
		{"a listed host name", "search", route("search.example.com"), true},
		{"one below a wildcard", "search", route("a.search.example.com"), true},
		{"two below a wildcard", "search", route("a.b.search.example.com"), true},
		{"a name that only ends like a wildcard", "search", route("evilsearch.example.com"), false},
		{"the wildcard's own parent", "search", route("example.com"), false},
		{"a name that nobody lists, by a project with a list", "search", route("other.example.com"), false},
		{"another project's name", "search", route("shop.example.com"), false},
		{"a name that nobody lists, by a project without a list", "free", route("other.example.com"), true},
		{"another project's name, by a project without a list", "free", route("shop.example.com"), false},
		{"another project's wildcard, by a project without a list", "free", route("a.shop.example.com"), false},

		{"a listed directory", "search", volume("/etc/ssl"), true},
		{"below an exact directory", "search", volume("/etc/ssl/private"), false},
		{"a tree itself", "search", volume("/data/search"), true},
		{"below a tree", "search", volume("/data/search/a/b"), true},
		{"beside a tree", "search", volume("/data/searching"), false},
		{"out of a tree", "search", volume("/data/search/../../etc"), false},
		{"out of a tree to the socket", "search", volume("/var/run/docker.sock"), false},
		{"the root", "search", volume("/"), false},
		{"a listed named volume", "search", volume("search-cache"), true},
		{"another named volume", "search", volume("shop-db"), false},
		{"no source", "search", volume(""), false},
		{"a directory, where nothing is listed", "free", volume("/data"), false},

		{"a listed capability", "search", capability("NET_ADMIN"), true},
		{"another capability", "search", capability("SYS_ADMIN"), false},
		{"all capabilities", "search", capability("ALL"), false},
		{"a listed device", "search", device("/dev/fuse"), true},
		{"another device in its place", "search", device("/dev/sda"), false},
		{"all devices", "search", device("/dev"), false},

		{"a listed secret", "search", secret("env://SHARED"), true},
		{"one by its prefix", "search", secret("env://SEARCH_DB_PASSWORD"), true},
		{"one that only begins like a listed one", "search", secret("env://SHARED_TOO"), false},
		{"another project's", "search", secret("env://SHOP_KEY"), false},
		{"a listed file", "search", secret("file:///secrets/search/key"), true},
		{"a file out of the listed directory", "search", secret("file:///secrets/search/../shop/key"), false},
		{"a secret, where nothing is listed", "free", secret("env://SHARED"), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			svc := testService(test.project)
			if test.project == "free" {
				svc.Route.Host = "free.example.com"
				svc.Hosts = Selector{Names: []string{"h1"}}
			}
			test.change(&svc)
			_, err := NewPlan(testFleet(), svc)
			if test.allowed && err != nil {
				t.Error(err)
			}
			if !test.allowed && ErrorCode(err) != CodeForbidden {
				t.Errorf("got %v, want it forbidden", err)
			}
		})
	}
}

func TestPlanIsTheSameEveryTime(t *testing.T) {
	svc := testService("search")
	svc.Container.Environment = map[string]Value{"A": {Secret: "env://X"}, "B": {Secret: "env://Y"}, "C": {Secret: "env://Z"}}
	_, first := NewPlan(testFleet(), svc)
	for range 50 {
		if _, err := NewPlan(testFleet(), svc); err.Error() != first.Error() {
			t.Fatalf("got %v, then %v", first, err)
		}
	}
}
