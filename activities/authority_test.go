package activities_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"slipway"
	"slipway/activities"
	"slipway/drivers/signing"
)

// keys are those of an API and a worker in one process.
var keys = sync.OnceValue(func() *signing.Keys {
	dir, err := os.MkdirTemp("", "slipway-activities-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	keys, err := signing.Open(filepath.Join(dir, "signing.key"), fleet, true, time.Now)
	if err != nil {
		panic(err)
	}
	return keys
})

// fleet is what the fleet file of the worker says.
func fleet() *slipway.Fleet {
	return &slipway.Fleet{
		Hosts: []slipway.Host{
			{Name: "h1", Address: "192.0.2.1", Ports: slipway.PortRange{First: 20000, Last: 20999}},
			{Name: "h2", Address: "192.0.2.2", Ports: slipway.PortRange{First: 20000, Last: 20999}},
		},
		Edges: []slipway.Edge{{Name: "e1", On: "h1", Hosts: []string{"h1", "h2"}}, {Name: "e2"}},
		Registries: []slipway.Registry{
			{Name: "internal", Roles: []slipway.RegistryRole{slipway.SourceRegistry}},
			{Name: "production", Roles: []slipway.RegistryRole{slipway.ProductionRegistry}},
		},
	}
}

func authority() activities.Authority { return activities.Authority{Signatures: keys(), Fleet: fleet} }

func seal(s slipway.Statement) string {
	token, err := keys().Seal(s, time.Hour)
	if err != nil {
		panic(err)
	}
	return token
}

func idOf(order string) string {
	seal, err := keys().Proof(order, &slipway.OrderStatement{})
	if err != nil {
		panic(err)
	}
	return seal.ID
}

// ordering is an order for image with the settings of starting, at two gates.
func ordering(change ...func(*slipway.OrderStatement)) slipway.OrderStatement {
	o := slipway.OrderStatement{
		ServiceID: search, Kind: slipway.KindRelease, Image: image.Repository, Tag: image.Tag, Plan: "p",
		Settings: settings().SettingsHash(), Hosts: []string{"h1", "h2"}, Edges: []string{"e1"},
		Route: settings().Route, Port: 8080, Gates: settings().Gates, RequestedBy: "ann",
	}
	for _, f := range change {
		f(&o)
	}
	return o
}

func settings() slipway.Service {
	approvers := slipway.Approvers{Role: slipway.Approver, Quorum: 2}
	return slipway.Service{
		ServiceID: search,
		Container: slipway.Container{
			Labels:      map[string]string{"team": "search", slipway.LabelRelease: "forged"},
			Environment: map[string]slipway.Value{"LOG": {Plain: "info"}, "DB_PASSWORD": {Secret: "env://DB"}},
		},
		Route: &slipway.Route{Host: "api.example.com", Path: "/"},
		Gates: []slipway.Gate{
			{Name: "go", Before: slipway.BeforeSwitch, Expires: slipway.DefaultGateExpiry, Approvers: approvers},
			{Name: "sure", Before: slipway.BeforeSwitch, Expires: slipway.DefaultGateExpiry, Approvers: slipway.Approvers{Role: slipway.Operator, Quorum: 1}},
		},
	}
}

// warranted is all that release search.api.2 needs.
func warranted(change ...func(*slipway.OrderStatement)) *slipway.Warrant {
	w := &slipway.Warrant{Order: seal(ordering(change...))}
	w.Image = seal(slipway.ImageStatement{Order: idOf(w.Order), Digest: image.Digest, Image: image.Identity()})
	w.Decisions = []string{seal(vote(w, "go", "lea")), seal(vote(w, "go", "max")), seal(vote(w, "sure", "olga"))}
	for _, c := range []slipway.ContainerStatement{
		{Host: "h1", Address: "10.0.0.1", HostPort: 20001}, {Host: "h2", Address: "10.0.0.1", HostPort: 20002},
	} {
		w.Containers = append(w.Containers, seal(container(w, c)))
	}
	return w
}

func vote(w *slipway.Warrant, gate, by string, change ...func(*slipway.DecisionStatement)) slipway.DecisionStatement {
	o := ordering()
	d := slipway.DecisionStatement{
		Release: "search.api.2", Order: idOf(w.Order), Gate: gate, Verdict: slipway.Approve, By: by,
		Digest: image.Digest, Settings: o.Settings, Plan: o.Plan, RequestedBy: o.RequestedBy,
	}
	for _, f := range change {
		f(&d)
	}
	return d
}

func container(w *slipway.Warrant, c slipway.ContainerStatement) slipway.ContainerStatement {
	c.Order, c.Release, c.Name, c.Digest = idOf(w.Order), "search.api.2", "search.api.2", image.Digest
	return c
}

func staging() activities.StageInput {
	return activities.StageInput{Edge: "e1", Warrant: warranted(), Request: slipway.StageRequest{
		ServiceID: search, Release: "search.api.2", Route: *settings().Route, Upstreams: []string{"10.0.0.1:8080", "192.0.2.2:20002"},
	}}
}

func committing() activities.CommitInput {
	return activities.CommitInput{Edge: "e1", Warrant: warranted(), Request: slipway.CommitRequest{ServiceID: search, Release: "search.api.2", By: "search.api.2"}}
}

func TestAnEdgeSwitchesToWhatWasOrderedAndApproved(t *testing.T) {
	t.Parallel()
	g, central := newGateway()
	if err := run(t, central.StageTarget, staging(), nil); err != nil {
		t.Fatal(err)
	}
	if err := run(t, central.CommitTarget, committing(), nil); err != nil {
		t.Fatal(err)
	}
	if active := g.table[search.Key()].Active; active != "search.api.2" {
		t.Errorf("%q is active", active)
	}
}

// Whoever can write to Temporal can ask an activity for anything.
func TestAnEdgeIsToldOfNothingElse(t *testing.T) {
	t.Parallel()
	decisions := func(votes ...func(w *slipway.Warrant) slipway.DecisionStatement) func(*slipway.Warrant) {
		return func(w *slipway.Warrant) {
			w.Decisions = nil
			for _, v := range votes {
				w.Decisions = append(w.Decisions, seal(v(w)))
			}
		}
	}
	by := func(gate, name string, change ...func(*slipway.DecisionStatement)) func(*slipway.Warrant) slipway.DecisionStatement {
		return func(w *slipway.Warrant) slipway.DecisionStatement { return vote(w, gate, name, change...) }
	}
	for name, c := range map[string]struct {
		forge func(*slipway.Warrant)
		says  string
	}{
		"nothing signed":            {func(w *slipway.Warrant) { *w = slipway.Warrant{} }, "there is no signed order: it did not come through the API"},
		"a signature made up":       {func(w *slipway.Warrant) { w.Order = "eyJhbGciOiJub25lIn0.e30." }, "the signature of the order is not right"},
		"an order that was changed": {func(w *slipway.Warrant) { w.Order = tampered(w.Order) }, "the signature of the order is not right"},
		"a decision as an order":    {func(w *slipway.Warrant) { w.Order = w.Decisions[0] }, "a signature of another kind was given where a signed order belongs"},
		"no image":                  {func(w *slipway.Warrant) { w.Image = "" }, "there is no signed image"},
		"the image of another order": {func(w *slipway.Warrant) {
			w.Image = seal(slipway.ImageStatement{Order: "another", Digest: image.Digest, Image: image.Identity()})
		}, "was resolved for another order"},
		"an order of another service": {func(w *slipway.Warrant) {
			w.Order = seal(ordering(func(o *slipway.OrderStatement) { o.Service = "shop" }))
		}, "its order was signed for search/shop"},
		"an edge that was not ordered": {func(w *slipway.Warrant) {
			w.Order = seal(ordering(func(o *slipway.OrderStatement) { o.Edges = []string{"e9"} }))
		}, "edge e1 is not among those that were ordered: [e9]"},
		"no decisions":             {decisions(), "gate go of search.api.2 asks for the signed approval of 2 people and has that of 0"},
		"one voice too few":        {decisions(by("go", "lea"), by("sure", "olga")), "asks for the signed approval of 2 people and has that of 1"},
		"one person twice":         {decisions(by("go", "lea"), by("go", "lea"), by("sure", "olga")), "has that of 1"},
		"one gate of two":          {decisions(by("go", "lea"), by("go", "max")), "gate sure of search.api.2 asks for the signed approval of 1"},
		"the requester's own":      {decisions(by("go", "lea"), by("go", "ann"), by("sure", "olga")), "ann asked for search.api.2 and cannot decide on it"},
		"a rejection among them":   {decisions(by("go", "lea", func(d *slipway.DecisionStatement) { d.Verdict = slipway.Reject })), "lea rejected gate go"},
		"a verdict made up":        {decisions(by("go", "lea", func(d *slipway.DecisionStatement) { d.Verdict = "" })), "lea rejected gate go"},
		"of an older release":      {decisions(by("go", "lea", func(d *slipway.DecisionStatement) { d.Release = "search.api.1" })), "was made on search.api.1"},
		"for another order":        {decisions(by("go", "lea", func(d *slipway.DecisionStatement) { d.Order = "another" })), "for another order"},
		"about another digest":     {decisions(by("go", "lea", func(d *slipway.DecisionStatement) { d.Digest = "sha256:other" })), "what was approved has changed"},
		"about other settings":     {decisions(by("go", "lea", func(d *slipway.DecisionStatement) { d.Settings = "other" })), "what was approved has changed"},
		"about another plan":       {decisions(by("go", "lea", func(d *slipway.DecisionStatement) { d.Plan = "other" })), "what was approved has changed"},
		"an order for a decision":  {func(w *slipway.Warrant) { w.Decisions[0] = w.Order }, "a signature of another kind was given where a signed decision belongs"},
		"a decision that has gone": {func(w *slipway.Warrant) { w.Decisions[0] = expired(vote(w, "go", "lea")) }, "ask for it again"},
		"an order that has gone":   {func(w *slipway.Warrant) { w.Order = expired(ordering()) }, "ask for it again"},
		"joined by another order":  {func(w *slipway.Warrant) { w.Joins = []string{joining("another", "e1")} }, "join another release than this one"},
		"joined by nobody":         {func(w *slipway.Warrant) { w.Joins = []string{""} }, "there is no signed"},
		"joined by a decision":     {func(w *slipway.Warrant) { w.Joins = w.Decisions[:1] }, "a signature of another kind"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, central := newGateway()
			stage, commit := staging(), committing()
			c.forge(stage.Warrant)
			c.forge(commit.Warrant)
			failed(t, run(t, central.StageTarget, stage, nil), slipway.CodeForbidden, false, c.says)
			failed(t, run(t, central.CommitTarget, commit, nil), slipway.CodeForbidden, false, c.says)
			if len(g.table) != 0 {
				t.Errorf("the edge has %+v", g.table)
			}
		})
	}
	t.Run("a key that is revoked", func(t *testing.T) {
		t.Parallel()
		g, central := newGateway()
		dir := t.TempDir()
		now := fleet()
		own, err := signing.Open(filepath.Join(dir, "signing.key"), func() *slipway.Fleet { return now }, true, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		in := staging()
		if in.Warrant.Order, err = own.Seal(ordering(), time.Hour); err != nil {
			t.Fatal(err)
		}
		now = fleet()
		now.Signing.Keys = []slipway.SigningKey{{ID: own.ID(), Use: slipway.APIKey, Revoked: true}}
		central.Signatures = own
		failed(t, run(t, central.StageTarget, in, nil), slipway.CodeForbidden, false, "is revoked in signing.keys of the fleet file: nothing that it signed counts")
		if len(g.table) != 0 {
			t.Errorf("the edge has %+v", g.table)
		}
	})
}

// The approval of a canary is not that of the rest, in whatever order somebody
// who can write to Temporal asks for things.
func TestAnEdgeOfALaterGroupSwitchesOnlyWithTheApprovalOfItsGate(t *testing.T) {
	t.Parallel()
	one := slipway.Approvers{Role: slipway.Approver, Quorum: 1}
	inGroups := func(o *slipway.OrderStatement) {
		o.Edges = []string{"e0", "e1"}
		o.Groups = []slipway.PlanGroup{{Hosts: []string{"h0"}, Edges: []string{"e0"}}, {Hosts: []string{"h1", "h2"}, Edges: []string{"e1"}}}
		o.Gates = []slipway.Gate{
			{Name: "go", Before: slipway.BeforeSwitch, Approvers: one},
			{Name: "rest", Before: slipway.BeforeGroup(2), Approvers: one},
			{Name: "sure", Before: slipway.BeforeAccept, Approvers: one},
		}
	}
	refused := "gate rest of search.api.2 asks for the signed approval of 1 people and has that of 0"
	for name, c := range map[string]struct {
		change func(*slipway.OrderStatement)
		gates  []string
		says   string // empty: it switches
	}{
		"with both":                        {nil, []string{"go", "rest"}, ""},
		"with the canary's":                {nil, []string{"go"}, refused},
		"with the canary's, twice":         {nil, []string{"go", "go"}, refused},
		"with that of a gate after it":     {nil, []string{"go", "sure"}, refused},
		"without the canary's":             {nil, []string{"rest"}, "gate go of search.api.2 asks for"},
		"where its gate is of no kind":     {func(o *slipway.OrderStatement) { o.Gates[1].Before = "group two" }, []string{"go"}, refused},
		"where it is in the first group":   {func(o *slipway.OrderStatement) { o.Groups[0], o.Groups[1] = o.Groups[1], o.Groups[0] }, []string{"go"}, ""},
		"where its gate is of a later one": {func(o *slipway.OrderStatement) { o.Gates[1].Before = slipway.BeforeGroup(3) }, []string{"go"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, central := newGateway()
			changes := []func(*slipway.OrderStatement){inGroups}
			if c.change != nil {
				changes = append(changes, c.change)
			}
			w := warranted(changes...)
			w.Decisions = nil
			for i, gate := range c.gates {
				w.Decisions = append(w.Decisions, seal(vote(w, gate, []string{"lea", "max"}[i])))
			}
			stage, commit := staging(), committing()
			stage.Warrant, commit.Warrant = w, w
			staged, committed := run(t, central.StageTarget, stage, nil), run(t, central.CommitTarget, commit, nil)
			if c.says != "" {
				failed(t, staged, slipway.CodeForbidden, false, c.says)
				failed(t, committed, slipway.CodeForbidden, false, c.says)
				return
			}
			if active := g.table[search.Key()].Active; staged != nil || committed != nil || active != "search.api.2" {
				t.Errorf("%q is active; %v, %v", active, staged, committed)
			}
		})
	}
}

// tampered is a token whose content was changed by one letter.
func tampered(token string) string {
	b := []byte(token)
	i := len(b) / 2
	if b[i]++; b[i] == 'z'+1 || b[i] == '.' {
		b[i] = 'A'
	}
	return string(b)
}

// expired is signed as if it had been in time.
func expired(s slipway.Statement) string {
	token, err := keys().Seal(s, -time.Minute)
	if err != nil {
		panic(err)
	}
	return token
}

func TestAnEdgeSendsTrafficOnlyToContainersThatWereStartedForTheRelease(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*activities.StageInput)
		says   string
	}{
		"somewhere else":        {func(in *activities.StageInput) { in.Request.Upstreams = []string{"203.0.113.9:80"} }, "203.0.113.9:80 is no container that was started for it"},
		"another port":          {func(in *activities.StageInput) { in.Request.Upstreams = []string{"192.0.2.2:20003"} }, "is no container that was started for it"},
		"another host's bridge": {func(in *activities.StageInput) { in.Warrant.Containers = in.Warrant.Containers[1:] }, "10.0.0.1:8080 is no container that was started for it"},
		"a container of another release": {func(in *activities.StageInput) {
			s := container(in.Warrant, slipway.ContainerStatement{Host: "h1", Address: "10.0.0.1"})
			s.Release = "search.api.1"
			in.Warrant.Containers[0] = seal(s)
		}, "was started for search.api.1"},
		"a container with another image": {func(in *activities.StageInput) {
			s := container(in.Warrant, slipway.ContainerStatement{Host: "h1", Address: "10.0.0.1"})
			s.Digest = "sha256:other"
			in.Warrant.Containers[0] = seal(s)
		}, "for another order or image"},
		"another route":           {func(in *activities.StageInput) { in.Request.Route.Host = "www.example.com" }, "route www.example.com/ of search/api is not what was ordered"},
		"another service's route": {func(in *activities.StageInput) { in.Request.Service = "shop" }, "is not what was ordered"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, central := newGateway()
			in := staging()
			c.change(&in)
			failed(t, run(t, central.StageTarget, in, nil), slipway.CodeForbidden, false, c.says)
			if len(g.table) != 0 {
				t.Errorf("the edge has %+v", g.table)
			}
		})
	}
}

func TestNothingStartsButWhatWasOrdered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*activities.StartInput)
		says   string
	}{
		"no order":         {func(in *activities.StartInput) { in.Warrant = nil }, "there is no signed order"},
		"changed settings": {func(in *activities.StartInput) { in.Service.Container.Command = []string{"sh"} }, "its settings are"},
		"gates taken out":  {func(in *activities.StartInput) { in.Service.Gates = nil }, "its settings are"},
		"another image":    {func(in *activities.StartInput) { in.Image.Digest = "sha256:other" }, "is not what search/api:v2 was resolved to"},
		"another config":   {func(in *activities.StartInput) { in.Image.Config = "sha256:other" }, "is not what search/api:v2 was resolved to"},
		"another host": {func(in *activities.StartInput) {
			in.Warrant = warranted(func(o *slipway.OrderStatement) { o.Hosts = []string{"h9"} })
		}, "host h1 is not among those that were ordered: [h9]"},
		"another registry": {func(in *activities.StartInput) { in.Registry = "elsewhere" }, `registry "elsewhere" is not the one with the role production`},
		"another name":     {func(in *activities.StartInput) { in.Name = "search.api.1" }, `"search.api.1" is not the name of its container`},
		"one more":         {func(in *activities.StartInput) { in.Name = "search.api.2.1" }, `"search.api.2.1" is not the name of its container`},
		"many more": {func(in *activities.StartInput) {
			in.Service.Replicas, in.Name = 9, "search.api.2.8"
		}, "its settings are"},
		"another's release": {func(in *activities.StartInput) { in.Release, in.Name = "shop.web.1", "shop.web.1" }, "its order was signed for search/api"},
		"a port on every host": {func(in *activities.StartInput) {
			in.Publish = &slipway.Publish{Address: "0.0.0.0", Ports: slipway.PortRange{First: 80, Last: 80}}
		}, "are not those of host h1 in the fleet file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, host := newMachine()
			m.image, m.secrets["env://DB"] = image.Config, "hunter2"
			in := starting()
			c.change(&in)
			failed(t, run(t, host.StartGreen, in, nil), slipway.CodeForbidden, false, c.says)
			if m.spec.Name != "" {
				t.Error("it was started")
			}
		})
	}
}

func TestOnlyWhatWasResolvedForAnOrderIsCopiedAndPulled(t *testing.T) {
	t.Parallel()
	_, host := newMachine()
	_, central := newGateway()
	other := image
	other.Digest = "sha256:other"
	for name, c := range map[string]struct {
		image   slipway.Image
		warrant *slipway.Warrant
		to      string
		says    string
	}{
		"no order":         {image, nil, "production", "there is no signed order"},
		"another image":    {other, warranted(), "production", "is not what search/api:v2 was resolved to"},
		"another registry": {image, warranted(), "elsewhere", `registry "elsewhere" is not the one with the role production`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failed(t, run(t, central.ReplicateImage, activities.ReplicateInput{From: "internal", To: c.to, Image: c.image, Release: "search.api.2", Warrant: c.warrant}, nil),
				slipway.CodeForbidden, false, c.says)
			failed(t, run(t, host.PullImage, activities.PullInput{Host: "h1", Registry: c.to, Image: c.image, Release: "search.api.2", Warrant: c.warrant}, nil),
				slipway.CodeForbidden, false, c.says)
		})
	}
}

func TestWhatAnEdgeMaySendRequestsToIsNotRemoved(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	m.environment = map[string]string{} // it has the container, at 10.0.0.1 and port 20001
	g, _ := newGateway()
	host.Edges = gateways{"e1": g}
	target := func(upstream string) map[string]slipway.Target {
		return map[string]slipway.Target{"search.api.1": {Upstreams: []string{upstream}}}
	}
	remove := activities.RemoveInput{Host: "h1", Container: "search.api.1"}
	for _, upstream := range []string{"10.0.0.1:8080", "192.0.2.1:20001"} {
		g.table[search.Key()] = slipway.RouteState{ServiceID: search, Active: "search.api.2", Generation: 6, Targets: target(upstream)}
		failed(t, run(t, host.RemoveContainer, remove, nil), slipway.CodeConflict, false,
			"container search.api.1 on host h1 stays: edge e1 still knows it, and serves search.api.2")
	}
	if len(m.removed) != 0 {
		t.Errorf("removed were %v", m.removed)
	}
	g.silent = 1 // whoever can write to Temporal cannot silence an edge; an undo must not wait for one
	for range 2 {
		if err := run(t, host.RemoveContainer, remove, nil); err != nil {
			t.Error(err)
		}
		g.table[search.Key()] = slipway.RouteState{ServiceID: search, Active: "search.api.1", Generation: 6, Targets: target("192.0.2.2:20001")}
	}
}

func TestAnEdgeThatWasAwayForLongIsPointedAtWhatAnotherServes(t *testing.T) {
	t.Parallel()
	g, central := newGateway()
	other := &gateway{table: slipway.Table{}}
	central.Edges = gateways{"e1": g, "e2": other}
	in := staging()
	in.Warrant = warranted(func(o *slipway.OrderStatement) { o.Edges = []string{"e1", "e2"} })
	in.Warrant.Order = expired(ordering(func(o *slipway.OrderStatement) { o.Edges = []string{"e1", "e2"} }))
	id := idOf(in.Warrant.Order)
	in.Warrant.Image = seal(slipway.ImageStatement{Order: id, Digest: image.Digest, Image: image.Identity()})
	in.Warrant.Decisions = []string{expired(vote(in.Warrant, "go", "lea")), expired(vote(in.Warrant, "go", "max")), expired(vote(in.Warrant, "sure", "olga"))}
	in.Warrant.Containers = []string{seal(container(in.Warrant, slipway.ContainerStatement{Host: "h1", Address: "10.0.0.1"}))}
	in.Request.Upstreams = []string{"10.0.0.1:8080"}
	failed(t, run(t, central.StageTarget, in, nil), slipway.CodeForbidden, false, "ask for it again")
	other.table[search.Key()] = slipway.RouteState{ServiceID: search, Active: "search.api.2"}
	if err := run(t, central.StageTarget, in, nil); err != nil {
		t.Error(err)
	}
	in.Warrant.Decisions = in.Warrant.Decisions[:1]
	failed(t, run(t, central.StageTarget, in, nil), slipway.CodeForbidden, false, "asks for the signed approval of 2 people")
}

func TestAnEdgeIsNotPointedAtNothingByAnUndoThatComesTooLate(t *testing.T) {
	t.Parallel()
	g, central := newGateway()
	put := func(since time.Duration) {
		g.table[search.Key()] = slipway.RouteState{
			ServiceID: search, Active: "search.api.1", Generation: 1, By: "search.api.1", ChangedAt: time.Now().Add(-since),
			Targets: map[string]slipway.Target{"search.api.1": {}},
		}
	}
	in := activities.RestoreInput{Edge: "e1", Request: slipway.RestoreRequest{ServiceID: search, By: "search.api.1"}}
	put(2 * time.Hour)
	failed(t, run(t, central.RestoreTarget, in, nil), slipway.CodeForbidden, false, "edge e1 has served search.api.1 since")
	put(time.Minute)
	var route slipway.RouteState
	if err := run(t, central.RestoreTarget, in, &route); err != nil || route.Active != "" {
		t.Errorf("%q is active: %v", route.Active, err)
	}
}

func TestTheImageOfAnOrderIsResolvedAndSigned(t *testing.T) {
	t.Parallel()
	_, central := newGateway()
	central.Registries = registry{}
	o := ordering()
	in := activities.VerifyInput{Registry: "internal", Repository: image.Repository, Tag: image.Tag, For: &activities.Claim{
		Release: "search.api.2", Kind: o.Kind, Settings: o.Settings, Plan: o.Plan, RequestedBy: o.RequestedBy, Warrant: slipway.Warrant{Order: seal(o)},
	}}
	var got slipway.Image
	if err := run(t, central.VerifyImage, in, &got); err != nil {
		t.Fatal(err)
	}
	var s slipway.ImageStatement
	if _, err := keys().Open(got.Signature, &s); err != nil || s.Digest != image.Digest || s.Image != got.Identity() || s.Order != idOf(in.For.Warrant.Order) {
		t.Errorf("signed is %+v: %v", s, err)
	}
	in.Tag = "v3"
	failed(t, run(t, central.VerifyImage, in, nil), slipway.CodeForbidden, false, "but ann ordered a release of search/api:v2")
}

// What verifying adds to each activity.
func BenchmarkVerifying(b *testing.B) {
	_, central := newGateway()
	stage, commit := staging(), committing()
	decision := slipway.Decision{Gate: "go", Verdict: slipway.Approve, By: "lea", Digest: image.Digest, Settings: ordering().Settings}
	decision.Signature = stage.Warrant.Decisions[0]
	start := starting()
	_, host := newMachine()
	for name, f := range map[string]func() error{
		"StageTarget, 2 hosts, 3 decisions": func() error { _, err := central.StageTarget(context.Background(), stage); return err },
		"CommitTarget, 3 decisions":         func() error { _, err := central.CommitTarget(context.Background(), commit); return err },
		"CheckDecision": func() error {
			return central.CheckDecision(context.Background(), activities.DecisionInput{Release: "search.api.2", Order: stage.Warrant.Order, Decision: decision})
		},
		"StartGreen": func() error { _, err := host.StartGreen(context.Background(), start); return err },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_ = f()
			}
		})
	}
}

func joining(order string, edges ...string) string {
	return seal(slipway.JoinStatement{Order: order, Hosts: []string{"h1"}, Edges: edges, By: "olga", Reason: "more people"})
}

// What an operator has had join since counts as if it had been ordered.
func TestWhatHasJoinedCountsForTheOrder(t *testing.T) {
	t.Parallel()
	g, central := newGateway()
	in := staging()
	in.Warrant = warranted(func(o *slipway.OrderStatement) { o.Edges = []string{"e9"} })
	failed(t, run(t, central.StageTarget, in, nil), slipway.CodeForbidden, false, "edge e1 is not among those that were ordered")
	in.Warrant.Joins = []string{joining(idOf(in.Warrant.Order), "e1")}
	if err := run(t, central.StageTarget, in, nil); err != nil || len(g.table) == 0 {
		t.Errorf("%v: the edge has %+v", err, g.table)
	}
	m, host := newMachine()
	m.image, m.secrets["env://DB"] = image.Config, "hunter2"
	start := starting()
	start.Warrant = warranted(func(o *slipway.OrderStatement) { o.Hosts = []string{"h2"} })
	failed(t, run(t, host.StartGreen, start, nil), slipway.CodeForbidden, false, "host h1 is not among those that were ordered: [h2]")
	start.Warrant.Joins = []string{joining(idOf(start.Warrant.Order))}
	if err := run(t, host.StartGreen, start, nil); err != nil {
		t.Error(err)
	}
}

func TestAServiceIsTakenAwayOnlyWhereThatWasSigned(t *testing.T) {
	t.Parallel()
	removing := func(change ...func(*slipway.RequestStatement)) string {
		s := slipway.RequestStatement{Act: "remove", ServiceID: search, Release: "search.api.1", By: "olga", Reason: "it is not needed"}
		for _, f := range change {
			f(&s)
		}
		return seal(s)
	}
	for name, c := range map[string]struct{ removal, says string }{
		"nothing signed":     {"", "slipway remove takes a service away"},
		"another request":    {removing(func(s *slipway.RequestStatement) { s.Act = "rollback" }), "what was signed is that olga wanted to rollback"},
		"another service":    {removing(func(s *slipway.RequestStatement) { s.Service = "web" }), "what was signed is"},
		"what served before": {removing(func(s *slipway.RequestStatement) { s.Release = "search.api.0" }), "but edge e1 serves search.api.1"},
		"an order":           {seal(ordering()), "a signature of another kind"},
		"another edge": {removing(func(s *slipway.RequestStatement) {
			s.Act, s.Host, s.Edges = slipway.ActRemoveHost, "h2", []string{"e2"}
		}), "what was signed is"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, central := newGateway()
			g.table[search.Key()] = serving()
			in := activities.RestoreInput{Edge: "e1", Removal: c.removal, Request: slipway.RestoreRequest{ServiceID: search, Generation: 1, By: "search.api.9"}}
			failed(t, run(t, central.RestoreTarget, in, nil), slipway.CodeForbidden, false, c.says)
			failed(t, run(t, central.RemoveRoute, activities.RemoveRouteInput{Edge: "e1", Service: search, Generation: 1}, nil), slipway.CodeConflict, false, "the route of search/api stays")
			if g.table[search.Key()].Active != "search.api.1" {
				t.Error("it serves nothing any more")
			}
		})
	}
	g, central := newGateway()
	for _, removal := range []string{removing(), removing(func(s *slipway.RequestStatement) {
		*s = slipway.RequestStatement{Act: slipway.ActRemoveHost, Host: "h1", Edges: []string{"e1"}, By: "olga", Reason: "it is old"}
	})} {
		g.table[search.Key()] = serving()
		in := activities.RestoreInput{Edge: "e1", Removal: removal, Request: slipway.RestoreRequest{ServiceID: search, Generation: 1, By: "search.api.9"}}
		if err := run(t, central.RestoreTarget, in, nil); err != nil || g.table[search.Key()].Active != "" {
			t.Errorf("%q is active: %v", g.table[search.Key()].Active, err)
		}
	}
}

// serving is a route that has served one release since long ago.
func serving() slipway.RouteState {
	return slipway.RouteState{
		ServiceID: search, Active: "search.api.1", Generation: 1, By: "search.api.1", ChangedAt: time.Now().Add(-24 * time.Hour),
		Targets: map[string]slipway.Target{"search.api.1": {}},
	}
}

func TestAContainerIsAdoptedAndRetiredOnlyAsThatWasOrdered(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	adopting := func(a slipway.Adoption) *slipway.Warrant {
		return &slipway.Warrant{Order: seal(ordering(func(o *slipway.OrderStatement) { o.Kind, o.Adopt = slipway.KindAdopt, &a }))}
	}
	w := adopting(slipway.Adoption{Host: "h1", Container: "legacy", Retire: true})
	found := seal(slipway.ContainerStatement{Order: idOf(w.Order), Release: "search.api.0", Host: "h1", Name: "legacy", ID: "docker-1"})
	w.Containers = []string{found}
	kept := adopting(slipway.Adoption{Host: "h1", Container: "legacy"})
	kept.Containers = []string{seal(slipway.ContainerStatement{Order: idOf(kept.Order), Release: "search.api.0", Host: "h1", Name: "legacy", ID: "docker-1"})}
	for name, c := range map[string]struct {
		in   activities.RemoveInput
		says string
	}{
		"nothing signed":         {activities.RemoveInput{Host: "h1", Container: "legacy", ID: "docker-1", Release: "search.api.0"}, "there is no signed order"},
		"another container":      {activities.RemoveInput{Host: "h1", Container: "db", ID: "docker-2", Release: "search.api.0", Warrant: w}, "nobody ordered to adopt container db on host h1"},
		"one that is to be kept": {activities.RemoveInput{Host: "h1", Container: "legacy", ID: "docker-1", Release: "search.api.0", Warrant: kept}, "nobody ordered to adopt container legacy on host h1 and to retire it"},
		"by an order to release": {activities.RemoveInput{Host: "h1", Container: "legacy", ID: "docker-1", Release: "search.api.0", Warrant: warranted()}, "only what is adopted is release 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failed(t, run(t, host.RemoveContainer, c.in, nil), slipway.CodeForbidden, false, c.says)
		})
	}
	failed(t, run(t, host.FindContainer, activities.FindInput{Host: "h1", Container: "db", Release: "search.api.0", Warrant: w}, nil),
		slipway.CodeForbidden, false, "container db on host h1 is not the one that ann ordered to adopt")
	if len(m.removed) != 0 {
		t.Errorf("removed were %v", m.removed)
	}
}
