package slipway

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// groupedFleet is four hosts in two zones, each with an edge of its own.
func groupedFleet() *Fleet {
	f := testFleet()
	f.Hosts, f.Edges = nil, nil
	for i, zone := range []string{"a", "a", "b", "b"} {
		name := string(rune('1' + i))
		f.Hosts = append(f.Hosts, Host{Name: "h" + name, Ports: PortRange{First: 20000, Last: 20999}, Labels: map[string]string{"role": "web", "zone": zone}})
		f.Edges = append(f.Edges, Edge{Name: "e" + name, On: "h" + name})
	}
	return f
}

func named(names ...string) Selector { return Selector{Names: names} }

func zone(name string) Selector { return Selector{Labels: map[string]string{"zone": name}} }

func TestHostsComeInGroupsAndTheRestIsTheLastOne(t *testing.T) {
	minute := Duration(time.Minute)
	svc := testService("search")
	svc.Strategy.BlueGreen.Groups = []Group{{named("h2"), minute}, {zone("a"), 2 * minute}}
	plan, err := NewPlan(groupedFleet(), svc)
	if err != nil {
		t.Fatal(err)
	}
	want := []PlanGroup{
		{[]string{"h2"}, []string{"e2"}, minute},
		{[]string{"h1"}, []string{"e1"}, 2 * minute},
		{[]string{"h3", "h4"}, []string{"e3", "e4"}, 0},
	}
	if diff := cmp.Diff(want, plan.Groups); diff != "" {
		t.Error(diff)
	}
	for kind, groups := range map[ReleaseKind]int{KindRelease: 3, KindRollback: 1, KindRestart: 1} {
		if got := (Outlook{Order: Order{Kind: kind, Service: svc, Plan: plan}}).Groups(); len(got) != groups {
			t.Errorf("a %s comes in %d groups, want %d", kind, len(got), groups)
		}
	}
}

func TestGroupsThatCannotBeAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		groups []Group
		change func(*Fleet)
		want   string
	}{
		"an edge between two": {
			[]Group{{named("h1"), 0}, {named("h2"), 0}},
			func(f *Fleet) { f.Edges[0].Hosts = []string{"h1", "h2"} },
			`edge "e1" sends traffic to h1 of group 1 and to h2 of group 2 of search/api: an edge serves one version at a time, so put its hosts (h1, h2) into one group`,
		},
		"an edge between a group and the rest": {
			[]Group{{named("h1"), 0}},
			func(f *Fleet) { f.Edges = append(f.Edges, Edge{Name: "front", Hosts: []string{"h1", "h3"}}) },
			`edge "front" sends traffic to h1 of group 1 and to h3 of group 2`,
		},
		"a host of another service": {[]Group{{named("h9"), 0}}, nil, `group 1 of search/api names host "h9", which it does not run on`},
		"nothing left to select":    {[]Group{{zone("a"), 0}, {named("h1"), 0}}, nil, "group 2 of search/api selects no host that it runs on and that no group before it has"},
		"without an edge": {
			[]Group{{named("h1"), 0}},
			func(f *Fleet) { f.Edges = f.Edges[1:] },
			"no edge sends traffic to group 1 of search/api (h1), so nothing would be seen there",
		},
	} {
		t.Run(name, func(t *testing.T) {
			fleet, svc := groupedFleet(), testService("search")
			svc.Strategy.BlueGreen.Groups = c.groups
			if c.change != nil {
				c.change(fleet)
			}
			if _, err := NewPlan(fleet, svc); err == nil || ErrorCode(err) != CodeInvalid || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestSoManyHostsAtATime(t *testing.T) {
	for share, want := range map[Share]int{{}: 5, {Number: 2}: 2, {Number: 9}: 5, {50, true}: 2, {1, true}: 1} {
		if got := (BlueGreen{MaxParallel: share}).AtATime(5); got != want {
			t.Errorf("%s of 5: got %d, want %d", share, got, want)
		}
	}
}

// An order counts for as long as its hosts are let be, too: of a group of three,
// two at a time, one waits for its turn.
func TestAnOrderCountsThroughItsDelays(t *testing.T) {
	fleet, svc := groupedFleet(), testService("search")
	svc.Strategy.BlueGreen.Groups = []Group{{named("h1"), Duration(time.Minute)}}
	svc.Strategy.BlueGreen.MaxParallel, svc.Strategy.BlueGreen.Delay = Share{Number: 2}, Duration(time.Hour)
	plan, err := NewPlan(fleet, svc)
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[ReleaseKind]time.Duration{
		KindRelease: 24*time.Hour + time.Minute + time.Hour, KindRestart: 24*time.Hour + time.Minute,
	} {
		if got := (Order{Kind: kind, Service: svc, Plan: plan}).Statement().Lasts(); got != want {
			t.Errorf("a %s counts for %s, want %s", kind, got, want)
		}
	}
}
