package slipway

import "testing"

func TestAnEdgeServesWhatItNamesOrWhereItIs(t *testing.T) {
	for _, test := range []struct {
		name   string
		edge   Edge
		h1, h2 bool
	}{
		{"neither: every host", Edge{}, true, true},
		{"on a host", Edge{On: "h1"}, true, false},
		{"hosts", Edge{Hosts: []string{"h2"}}, false, true},
		{"on one host, for another", Edge{On: "h1", Hosts: []string{"h2"}}, false, true},
	} {
		if h1, h2 := test.edge.Serves("h1"), test.edge.Serves("h2"); h1 != test.h1 || h2 != test.h2 {
			t.Errorf("%s: got %t and %t", test.name, h1, h2)
		}
	}
}

func TestTheFleetFindsItsPartsByName(t *testing.T) {
	fleet := testFleet()
	if h, ok := fleet.Host("h2"); !ok || h.Address != "10.0.0.2" {
		t.Errorf("got %v", h)
	}
	if e, ok := fleet.Edge("e1"); !ok || e.On != "h1" {
		t.Errorf("got %v", e)
	}
	if r, ok := fleet.Registry("production"); !ok || !r.Has(ProductionRegistry) || r.Has(SourceRegistry) {
		t.Errorf("got %v", r)
	}
	_, host := fleet.Host("")
	_, edge := fleet.Edge("e9")
	_, registry := fleet.Registry("h1")
	_, project := fleet.Project("")
	if host || edge || registry || project {
		t.Error("found what is not there")
	}
}
