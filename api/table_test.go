package api_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/api"
	"slipway/drivers/ldap"
	"slipway/drivers/ldap/slapdtest"
	"slipway/spec"
)

var update = flag.Bool("update", false, "rewrite what docs/security.md has from code")

const securityPage = "../docs/security.md"

// section is what stands between two marks in a page. With -update it is
// written anew first.
func section(t *testing.T, mark, want string) {
	t.Helper()
	begin, end := "<!-- "+mark+": made by go test ./api -update -->\n", "<!-- /"+mark+" -->"
	text, err := os.ReadFile(securityPage)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	have, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no %q", securityPage, begin)
	}
	if *update {
		if err := os.WriteFile(securityPage, []byte(head+begin+want+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have != want {
		t.Errorf("%s is not what the code does; run go test ./api -update. It should be\n%s", securityPage, want)
	}
}

// may says what a cell of the table is: whether somebody with a role, in the
// project or in the whole fleet, may do what a route does.
func may(a api.Action, role slipway.Role, inFleet bool) bool {
	switch {
	case a.Anyone:
		return true
	case a.Fleet:
		return inFleet && role.Has(slipway.RightOperate)
	case a.Right == "", a.Lists:
		return true
	}
	return role.Has(a.Right)
}

func TestTheTableOfRightsIsWhatTheCodeDoes(t *testing.T) {
	var table strings.Builder
	fmt.Fprintf(&table, "%d cells are asked for: %d actions by %d kinds of people.\n\n", len(api.Actions())*kinds, len(api.Actions()), kinds)
	table.WriteString("| action | nobody | other project |")
	for _, role := range slipway.Roles {
		fmt.Fprintf(&table, " %s |", role)
	}
	table.WriteString("\n| --- | --- | --- |" + strings.Repeat(" --- |", len(slipway.Roles)) + "\n")
	for _, a := range api.Actions() {
		name := "`" + a.Pattern + "`"
		if a.Summary != "" {
			name = a.Summary + ": " + name
		}
		stranger, other := "–", "–"
		switch {
		case a.Anyone:
			stranger, other = "yes", "yes"
		case a.Lists:
			other = "own"
		case a.Right == "" && !a.Fleet:
			other = "yes"
		}
		fmt.Fprintf(&table, "| %s | %s | %s |", name, stranger, other)
		for _, role := range slipway.Roles {
			cell := "–"
			switch {
			case may(a, role, false) && a.Lists && !role.Has(a.Right):
				cell = "own"
			case may(a, role, false):
				cell = "yes"
			case may(a, role, true):
				cell = "fleet"
			}
			fmt.Fprintf(&table, " %s |", cell)
		}
		table.WriteString("\n")
	}
	section(t, "rights", table.String())
}

// kinds are the principals of the table: nobody, somebody without a role, and
// for each role its members in both projects, and those for the whole fleet.
var kinds = 2 + 4*len(slipway.Roles)

// A principal is somebody who asks, and about which project.
type principal struct {
	name    string // empty: nobody is signed in
	role    slipway.Role
	inFleet bool
	project string
	own     bool // it is theirs
}

// TestEveryCellOfTheTableOfRights asks for everything as everybody, of a real
// directory, over real HTTP.
func TestEveryCellOfTheTableOfRights(t *testing.T) {
	t.Parallel()
	var entries, inSearch, inShop, inFleet strings.Builder
	principals := []principal{{project: "search"}, {name: "nobody", project: "search"}}
	entries.WriteString(slapdtest.Person("nobody") + slapdtest.Person("owner") + slapdtest.Group("owners", slapdtest.PersonDN("owner")))
	for _, role := range slipway.Roles {
		for _, scope := range []string{"search", "fleet"} {
			name := scope + "-" + string(role)
			entries.WriteString(slapdtest.Person(name) + slapdtest.Group(name+"s", slapdtest.PersonDN(name)))
		}
		fmt.Fprintf(&inSearch, "%s: [search-%[1]ss], ", role)
		fmt.Fprintf(&inShop, "%s: [shop-%[1]ss], ", role)
		fmt.Fprintf(&inFleet, "%s: [fleet-%[1]ss], ", role)
		principals = append(principals,
			principal{"search-" + string(role), role, false, "search", true},
			principal{"search-" + string(role), role, false, "shop", false},
			principal{"fleet-" + string(role), role, true, "search", true},
			principal{"fleet-" + string(role), role, true, "shop", true})
	}
	server := slapdtest.Start(t, entries.String())
	hosts, _, _ := strings.Cut(fleetFile, "roles:")
	h1, _, _ := strings.Cut(strings.TrimSpace(hosts), "\n")
	hosts = strings.Replace(hosts, h1, `hosts: [{name: host-of-search, docker: "unix:///s.sock", address: 127.0.0.1, ports: 20000-20999}, {name: host-of-shop, docker: "unix:///t.sock", address: 127.0.0.2, ports: 20000-20999}]`, 1)
	hosts = strings.Replace(hosts, "on: h1", "hosts: [host-of-search, host-of-shop]", 1)
	fleet := parseFleet(t, hosts+fmt.Sprintf("roles: {%soperator: [owners]}\nprojects:\n  - {name: search, hosts: [host-of-search], roles: {%s}}\n  - {name: shop, hosts: [host-of-shop], roles: {%s}}\n",
		strings.ReplaceAll(inFleet.String(), "operator: [fleet-operators], ", ""), inSearch.String(), inShop.String())+
		strings.NewReplacer("URL", server.SecureURL, "CA", server.CA).Replace(directorySection))
	fleet.Roles[slipway.Operator] = append(fleet.Roles[slipway.Operator], "fleet-operators")
	people, err := ldap.New(*fleet.Directory.LDAP, func(context.Context) (string, error) { return slapdtest.Password, nil })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(people.Close)
	s := newSite(t, func(c *api.Config) {
		c.Directory = people
		c.TemporalUI = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	})
	s.fleet.Store(fleet)
	for _, project := range []string{"search", "shop"} {
		s.workflows.put(release(project+".query-api.50", slipway.Ended, gated, func(r *slipway.Release) { r.RequestedBy = "owner" }))
		id := slipway.ServiceID{Project: project, Service: "query-api"}
		svc, err := spec.ParseService("service.yaml", []byte(strings.Replace(serviceFile, "search\n", project+"\n", 1)))
		if err != nil {
			t.Fatal(err)
		}
		live := &slipway.Version{Release: project + ".query-api.50", Digest: "sha256:live", Service: svc, Warrant: warrant(t, svc, "sha256:live")}
		s.workflows.services[id] = slipway.ServiceStatus{Live: live, ServiceID: id, Held: project + ".query-api.50", Queue: []string{}, Good: []slipway.Version{{Release: project + ".query-api.0"}}}
	}
	s.workflows.line = slipway.Line{Stops: []slipway.Stop{{Project: "search", By: "owner", Reason: "x"}, {Project: "shop", By: "owner", Reason: "x"}}}
	tokens := map[string]string{}
	for _, p := range principals {
		if p.name != "" && tokens[p.name] == "" {
			tokens[p.name] = tokenOf(t, s.signIn(p.name, slapdtest.Password))
		}
	}
	cells := 0
	for _, a := range api.Actions() {
		for _, p := range principals {
			cells++
			s.ring.standing = slipway.Standing{Tokens: []slipway.Token{{
				ID: "of-owner-in-" + p.project, Name: "x", Project: p.project, Role: slipway.Viewer, Maker: "owner", ExpiresAt: time.Now().Add(time.Hour),
			}}}
			s.later(2 * time.Second) // the list of tokens is read again
			checkCell(t, s, a, p, tokens[p.name])
		}
	}
	t.Logf("%d cells: %d actions, %d kinds of people", cells, len(api.Actions()), len(principals))
	if want := len(api.Actions()) * kinds; cells != want {
		t.Errorf("the page says %d", want)
	}
}

// checkCell asks for one thing as one person.
func checkCell(t *testing.T, s *site, a api.Action, p principal, token string) {
	t.Helper()
	method, path, _ := strings.Cut(a.Pattern, " ")
	if path == "" {
		method, path = "GET", a.Pattern
	}
	path = strings.NewReplacer("{$}", "", "/tokens/{id}", "/tokens/of-owner-in-"+p.project, "{id}", p.project+".query-api.50",
		"{host}", "host-of-"+p.project, "{project}", p.project, "{service}", "query-api", "{file}", "style.css").Replace(path)
	if method == "DELETE" && (strings.Contains(path, "/services/") || strings.Contains(path, "/hosts/") || strings.HasSuffix(path, "/line")) {
		path += "?reason=because"
	}
	if a.Lists && strings.HasPrefix(path, "/api/") {
		path += "?project=" + p.project
	}
	var body any
	if method == "POST" {
		body = map[string]string{}
	}
	for suffix, content := range map[string]any{
		"/api/v1/login":    map[string]string{"user": "lea", "password": password},
		"/api/v1/releases": map[string]string{"service_file": strings.Replace(serviceFile, "search\n", p.project+"\n", 1), "tag": "v2"},
		"/adoptions":       map[string]string{"service_file": strings.Replace(serviceFile, "search\n", p.project+"\n", 1), "container": "web"},
		"/api/v1/plan":     map[string]string{"service_file": strings.Replace(serviceFile, "search\n", p.project+"\n", 1), "tag": "v2"},
		"/preflight":       map[string]string{"service_file": strings.Replace(serviceFile, "search\n", p.project+"\n", 1), "tag": "v2"},
		"/decisions":       map[string]string{"gate": "go", "decision": "approve"},
		"/signature":       map[string]string{"gate": "go", "decision": "approve"},
		"/rollback":        map[string]string{"reason": "because"},
		"/restart":         map[string]string{"reason": "because"},
		"/cordon":          map[string]string{"reason": "because"},
		"/drain":           map[string]string{"reason": "because"},
		"/join":            map[string]string{"reason": "because"},
		"/lock":            map[string]string{"reason": "because"},
		"/break-glass":     map[string]string{"reason": "because"},
		"/line":            map[string]string{"reason": "because"},
		"/api/v1/tokens":   map[string]string{"project": p.project, "role": "viewer", "expires": "1h"},
	} {
		if method == "POST" && strings.HasSuffix(path, suffix) {
			body = content
		}
	}
	r := s.request(method, path, body)
	r.Header.Set("X-Forwarded-For", "203.0.113.7") // not from this machine
	if path == "/login" && method == "POST" {
		r = s.request(method, path, "user=lea&password="+strings.ReplaceAll(password, " ", "+"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" && !strings.HasSuffix(path, "/logout") { // which would end the session for the cells after
		r.Header.Set("Authorization", "Bearer "+token)
	}
	got := s.send(r)
	want := "yes"
	switch {
	case a.Anyone:
	case p.name == "":
		want = "401"
	case a.Fleet && !may(a, p.role, p.inFleet):
		want = "403"
	case a.Fleet, a.Lists, a.Right == "":
	case !p.own:
		want = "404" // not even that it is there
	case !may(a, p.role, p.inFleet):
		want = "403"
	}
	if a.Pattern == "DELETE /api/v1/tokens/{id}" && want == "403" {
		want = "404" // whoever may not revoke a token does not see it either
	}
	status := fmt.Sprint(got.StatusCode)
	if want == "yes" && got.StatusCode >= 400 || want != "yes" && status != want {
		t.Errorf("%s as %q (fleet: %v) of %s: %s instead of %s: %.200s", a.Pattern, p.name, p.inFleet, p.project, status, want, got.body)
	}
	if a.Lists && p.name != "" {
		thing := p.project + ".query-api"
		switch {
		case strings.HasSuffix(a.Pattern, "/tokens"):
			thing = "of-owner-in-" + p.project
		case strings.HasSuffix(a.Pattern, "/services"), strings.HasSuffix(a.Pattern, "/line"):
			thing = `"project":"` + p.project
		case strings.HasSuffix(a.Pattern, "/hosts"):
			thing = "host-of-" + p.project
		}
		if is, should := strings.Contains(got.body, thing), p.own && p.role.Has(a.Right); is != should {
			t.Errorf("%s as %q: %s is listed: %v instead of %v", a.Pattern, p.name, thing, is, should)
		}
	}
}
