package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/api"
	"slipway/drivers/audit"
	"slipway/spec"
)

// entries are what the audit log has of a request, as lines that leave out what
// differs each time, the oldest first.
func (s *site) entries(request string) (lines []string) {
	s.t.Helper()
	found, _, err := s.audit.List(slipway.AuditFilter{Request: request})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range found {
		line := fmt.Sprintf("%s %s by %q via %q", e.Kind, e.Action, e.User, e.Via)
		if e.Service != "" {
			line += " on " + e.Project + "/" + e.Service
		}
		if e.Project != "" && e.Service == "" {
			line += " in " + e.Project
		}
		if e.Release != "" {
			line += " " + e.Release
		}
		if e.Gate != "" {
			line += " gate " + e.Gate
		}
		if e.Reason != "" {
			line += " because " + e.Reason
		}
		if e.Code != "" {
			line += ": " + string(e.Code)
		}
		lines = append([]string{line}, lines...)
	}
	return lines
}

// asked sends what a test asks for a pattern.
type asked struct {
	user    string
	method  string // where the pattern has none
	path    string
	body    any
	want    int
	entries []string // with USER for the user
}

// waysIn has for each route that changes something a request that succeeds, and
// what the audit log has of it then. A route that is not here fails the test.
var waysIn = map[string]asked{
	"POST /api/v1/hosts/{host}/cordon": {
		user: "lea", path: "/api/v1/hosts/h1/cordon", want: 204, body: map[string]any{"reason": "kernel"},
		entries: both(`host.cordon by "lea" via "token" because kernel`),
	},
	"POST /api/v1/hosts/{host}/drain": {
		user: "lea", path: "/api/v1/hosts/h1/drain", want: 202, body: map[string]any{"reason": "kernel"},
		entries: both(`host.drain by "lea" via "token" because kernel`),
	},
	"POST /api/v1/hosts/{host}/join": {
		user: "lea", path: "/api/v1/hosts/h1/join", want: 202, body: map[string]any{"reason": "load"},
		entries: both(`host.join by "lea" via "token" because load`),
	},
	"DELETE /api/v1/hosts/{host}": {
		user: "lea", path: "/api/v1/hosts/h1?reason=old", want: 202,
		entries: both(`host.remove by "lea" via "token" because old`),
	},
	"DELETE /api/v1/hosts/{host}/cordon": {
		user: "lea", path: "/api/v1/hosts/h1/cordon?reason=done", want: 204,
		entries: both(`host.uncordon by "lea" via "token" because done`),
	},
	"POST /api/v1/line": {
		user: "lea", path: "/api/v1/line", want: 204, body: map[string]any{"reason": "fire"},
		entries: both(`line.stop by "lea" via "token" because fire`),
	},
	"DELETE /api/v1/line": {
		user: "lea", path: "/api/v1/line?reason=out", want: 204,
		entries: both(`line.resume by "lea" via "token" because out`),
	},
	"POST /api/v1/projects/{project}/line": {
		user: "abel", path: "/api/v1/projects/search/line", want: 204, body: map[string]any{"reason": "fire"},
		entries: both(`line.stop by "abel" via "token" in search because fire`),
	},
	"DELETE /api/v1/projects/{project}/line": {
		user: "abel", path: "/api/v1/projects/search/line?reason=out", want: 204,
		entries: both(`line.resume by "abel" via "token" in search because out`),
	},
	"POST /api/v1/login": {
		path: "/api/v1/login", body: map[string]string{"user": "rita", "password": password}, want: 200,
		entries: []string{`outcome session.begin by "rita" via "password": ok`},
	},
	"POST /login": {
		path: "/login", body: url.Values{"user": {"rita"}, "password": {password}}.Encode(), want: 303,
		entries: []string{`outcome session.begin by "rita" via "password": ok`},
	},
	"POST /api/v1/logout": {user: "rita", path: "/api/v1/logout", want: 204, entries: both(`session.end by "rita" via "token"`)},
	"POST /logout":        {user: "rita", path: "/logout", want: 303, entries: both(`session.end by "rita" via "token"`)},
	"POST /api/v1/releases": {
		user: "rita", path: "/api/v1/releases", want: 202,
		body: map[string]any{"service_file": serviceFile, "tag": "v2", "reason": "faster"},
		entries: []string{
			`intent release.submit by "rita" via "token" on search/query-api because faster`,
			`outcome release.submit by "rita" via "token" on search/query-api search.query-api.1 because faster: ok`,
		},
	},
	"POST /api/v1/releases/{id}/decisions": {
		user: "abel", path: "/api/v1/releases/search.query-api.7/decisions", want: 204,
		body:    map[string]any{"gate": "go", "decision": "approve", "reason": "seen"},
		entries: both(`release.decide by "abel" via "token" on search/query-api search.query-api.7 gate go because seen`),
	},
	"POST /api/v1/releases/{id}/decisions/signature": {
		user: "abel", path: "/api/v1/releases/search.query-api.7/decisions/signature", want: 200,
		body:    map[string]any{"gate": "go", "decision": "approve", "reason": "seen"},
		entries: both(`release.sign by "abel" via "token" on search/query-api search.query-api.7 gate go because seen`),
	},
	"POST /api/v1/releases/{id}/break-glass": {
		user: "rita", path: "/api/v1/releases/search.query-api.7/break-glass", want: 204, body: map[string]any{"reason": "fire"},
		entries: both(`release.break_glass by "rita" via "token" on search/query-api search.query-api.7 because fire`),
	},
	"POST /api/v1/releases/{id}/abort": {
		user: "rita", path: "/api/v1/releases/search.query-api.7/abort", want: 204, body: map[string]any{"reason": "wrong"},
		entries: both(`release.abort by "rita" via "token" on search/query-api search.query-api.7 because wrong`),
	},
	"POST /api/v1/releases/{id}/accept": {
		user: "rita", path: "/api/v1/releases/search.query-api.7/accept", want: 204,
		entries: both(`release.accept by "rita" via "token" on search/query-api search.query-api.7`),
	},
	"POST /api/v1/services/{project}/{service}/rollback": {
		user: "rita", path: "/api/v1/services/search/query-api/rollback", want: 202, body: map[string]any{"reason": "slow"},
		entries: []string{
			`intent service.rollback by "rita" via "token" on search/query-api because slow`,
			`outcome service.rollback by "rita" via "token" on search/query-api search.query-api.7 because slow: ok`,
		},
	},
	"POST /api/v1/tokens": {
		user: "rita", path: "/api/v1/tokens", want: 201,
		body:    map[string]any{"project": "search", "role": "releaser", "expires": "1h", "name": "ci"},
		entries: both(`token.create by "rita" via "token" in search`),
	},
	"DELETE /api/v1/tokens/{id}": {
		user: "otto", path: "/api/v1/tokens/TOKEN", want: 204,
		entries: both(`token.revoke by "otto" via "token"`),
	},
	"POST /api/v1/services/{project}/{service}/restart": {
		user: "rita", path: "/api/v1/services/search/query-api/restart", want: 202, body: map[string]any{"reason": "stuck"},
		entries: []string{
			`intent service.restart by "rita" via "token" on search/query-api because stuck`,
			`outcome service.restart by "rita" via "token" on search/query-api search.query-api.1 because stuck: ok`,
		},
	},
	"POST /api/v1/adoptions": {
		user: "otto", path: "/api/v1/adoptions", want: 202,
		body: map[string]any{"service_file": serviceFile, "container": "legacy", "host": "h1", "reason": "it serves"},
		entries: []string{
			`intent service.adopt by "otto" via "token" on search/query-api because it serves`,
			`outcome service.adopt by "otto" via "token" on search/query-api search.query-api.1 because it serves: ok`,
		},
	},
	"DELETE /api/v1/services/{project}/{service}": {
		user: "otto", path: "/api/v1/services/search/query-api?reason=unused", want: 202,
		entries: []string{
			`intent service.remove by "otto" via "token" on search/query-api because unused`,
			`outcome service.remove by "otto" via "token" on search/query-api search.query-api.99 because unused: ok`,
		},
	},
	"POST /api/v1/services/{project}/{service}/lock": {
		user: "rita", path: "/api/v1/services/search/query-api/lock", want: 204, body: map[string]any{"reason": "moves"},
		entries: both(`service.lock by "rita" via "token" on search/query-api because moves`),
	},
	"DELETE /api/v1/services/{project}/{service}/lock": {
		user: "rita", path: "/api/v1/services/search/query-api/lock?reason=moved", want: 204,
		entries: both(`service.unlock by "rita" via "token" on search/query-api because moved`),
	},
	"/temporal/": {
		user: "lea", method: "POST", path: "/temporal/api/v1/namespaces", want: 200,
		entries: both(`temporal.change by "lea" via "token"`),
	},
}

func both(what string) []string { return []string{"intent " + what, "outcome " + what + ": ok"} }

func auditedSite(t *testing.T, change ...func(*api.Config)) *site {
	s := newSite(t, append(change, func(c *api.Config) {
		c.TemporalUI = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	})...)
	s.workflows.put(release("search.query-api.7", slipway.AwaitingApproval, func(r *slipway.Release) {
		r.Gates = []slipway.GateState{{Gate: slipway.Gate{Name: "go", Approvers: slipway.Approvers{Role: slipway.Approver, Quorum: 1}}, State: slipway.GateOpen}}
	}))
	id := slipway.ServiceID{Project: "search", Service: "query-api"}
	svc, err := spec.ParseService("service.yaml", []byte(serviceFile))
	if err != nil {
		t.Fatal(err)
	}
	live := slipway.Version{Release: "search.query-api.6", Tag: "v1", Digest: digest, Service: svc, Warrant: warrant(t, svc, digest)}
	s.workflows.services[id] = slipway.ServiceStatus{
		ServiceID: id, Live: &live, Held: "search.query-api.7", Good: []slipway.Version{{Release: "search.query-api.5"}},
		Lock: &slipway.Lock{By: "otto", Reason: "the database moves"},
	}
	return s
}

// changing are the patterns of routes that change something.
func changing() (patterns []string) {
	for _, a := range api.Actions() {
		if !api.Reading(a.Pattern) {
			patterns = append(patterns, a.Pattern)
		}
	}
	return patterns
}

func (s *site) ask(pattern string, way asked) answer {
	s.t.Helper()
	method, _, ok := strings.Cut(pattern, " ")
	if !ok {
		method = way.method
	}
	if strings.HasSuffix(way.path, "/TOKEN") {
		var made struct{ ID string }
		s.as("rita", "POST", "/api/v1/tokens", map[string]any{"project": "search", "role": "releaser", "expires": "1h"}).into(s.t, &made)
		way.path = strings.TrimSuffix(way.path, "TOKEN") + made.ID
	}
	r := s.request(method, way.path, way.body)
	if _, form := way.body.(string); form {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if way.user != "" {
		r.Header.Set("Authorization", "Bearer "+s.token(way.user))
	}
	return s.send(r)
}

func TestEveryRouteThatChangesSomethingIsAudited(t *testing.T) {
	t.Parallel()
	for _, pattern := range changing() {
		way, ok := waysIn[pattern]
		if !ok {
			t.Errorf("%s changes something, and this test does not know how to ask for it: add it to waysIn, and to actions", pattern)
			continue
		}
		s := auditedSite(t)
		a := s.ask(pattern, way)
		if a.StatusCode != way.want {
			t.Errorf("%s: %d %s", pattern, a.StatusCode, a.body)
		}
		if diff := cmp.Diff(way.entries, s.entries(a.Header.Get("X-Request-Id"))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", pattern, diff)
		}
	}
	reference, err := os.ReadFile("../docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range api.AuditActions() {
		if !strings.Contains(action, ".") || strings.ContainsAny(action, " /") {
			t.Errorf("%q is not the name of an action", action)
		}
		if !strings.Contains(string(reference), "`"+action+"`") {
			t.Errorf("docs/audit.md does not know %s", action)
		}
	}
}

// What nobody may do leaves its refusal, and what is wrong with it.
func TestEveryRefusalOfARouteThatChangesSomethingIsAudited(t *testing.T) {
	t.Parallel()
	for _, pattern := range changing() {
		way := waysIn[pattern]
		if way.user == "" || strings.Contains(pattern, "logout") {
			continue
		}
		s := auditedSite(t)
		for user, code := range map[string]string{"": "unauthenticated", "nils": "not_found", "vera": "forbidden"} {
			way.user = user
			a := s.ask(pattern, way)
			entries := s.entries(a.Header.Get("X-Request-Id"))
			switch {
			case (pattern == "/temporal/" || strings.Contains(pattern, "/hosts/") || strings.HasSuffix(pattern, "/v1/line")) && user == "nils":
				code = "forbidden"
			case strings.Contains(pattern, "/tokens/") && user == "vera":
				code = "not_found" // others' tokens are not hers to know of
			}
			if a.StatusCode < 400 || len(entries) == 0 || !strings.HasSuffix(entries[len(entries)-1], ": "+code) {
				t.Errorf("%s by %q: %d, entries %q, want the last to be %s", pattern, user, a.StatusCode, entries, code)
			}
		}
		s.workflows.change(func(w *workflows) {
			if len(w.orders)+len(w.acts)+len(w.decided) > 0 {
				t.Errorf("%s: refused, and done: %v %v %v", pattern, w.orders, w.acts, w.decided)
			}
		})
	}
}

func TestSignInsThatAreRefusedAreAudited(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	wrong := s.send(s.request("POST", "/api/v1/login", map[string]string{"user": "rita", "password": "hunter2"}))
	if got := s.entries(wrong.Header.Get("X-Request-Id")); len(got) != 1 || got[0] != `refused session.begin by "rita" via "password": unauthenticated` {
		t.Errorf("a wrong password: %q", got)
	}
	stolen := s.request("GET", "/api/v1/services", nil)
	stolen.Header.Set("Authorization", "Bearer "+s.token("rita")+"x")
	a := s.send(stolen)
	if got := s.entries(a.Header.Get("X-Request-Id")); len(got) != 1 || got[0] != `refused view by "" via "token": unauthenticated` {
		t.Errorf("a token that is not ours: %q", got)
	}
	a = s.send(s.request("GET", "/api/v1/services", nil))
	if got := s.entries(a.Header.Get("X-Request-Id")); len(got) != 0 {
		t.Errorf("somebody who is not signed in yet: %q", got)
	}
	a = s.as("shea", "GET", "/api/v1/services/search/query-api", nil)
	if got := s.entries(a.Header.Get("X-Request-Id")); len(got) != 1 || got[0] != `refused view by "shea" via "token" on search/query-api: not_found` {
		t.Errorf("a look into another project: %q", got)
	}
}

func TestTheAuditLogHoldsNoSecretAndNoFile(t *testing.T) {
	t.Parallel()
	s := auditedSite(t)
	token := s.token("rita")
	s.send(s.request("POST", "/api/v1/login", map[string]string{"user": "rita", "password": "hunter2"}))
	file := serviceFile + "x-note: hunter3\n"
	s.as("rita", "POST", "/api/v1/releases", map[string]any{"service_file": file, "tag": "v2"})
	s.as("rita", "POST", "/api/v1/releases", map[string]any{"service_file": strings.Replace(file, "8080", "hunter4", 1), "tag": "v2"})
	s.as("rita", "POST", "/api/v1/releases", map[string]any{"service_file": file, "tag": 5, "extra": "hunter6"})
	entries, _, err := s.audit.List(slipway.AuditFilter{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(entries)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{password, "hunter", token, "query.example.com"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the audit log has %q in it: %s", secret, text)
		}
	}
	if !strings.Contains(string(text), "the file is wrong at service.yaml:4: container.port") {
		t.Errorf("it does not say where the file is wrong: %s", text)
	}
	var submitted slipway.AuditEntry
	for _, e := range entries {
		if e.Action == "release.submit" && e.Code == slipway.AuditOK {
			submitted = e
		}
	}
	if submitted.Before["digest"] != digest || submitted.Before["release"] != "search.query-api.6" || !strings.Contains(submitted.Before["lock"], "otto") ||
		submitted.After["tag"] != "v2" || submitted.After["settings"] == "" || !strings.HasPrefix(submitted.After["service_file"], "sha256:") {
		t.Errorf("it does not say what was before, and what was asked for: %+v", submitted)
	}
}

// Nothing is done that cannot be written; everything can still be seen.
func TestWithTheDiskOfTheAuditLogFullNothingIsDone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=512k"); err != nil {
		t.Fatal("mount a small file system (this test needs root): ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	log := openAudit(t, dir)
	s := auditedSite(t, func(c *api.Config) { c.Audit = log })
	s.audit = log
	tokens := map[string]string{"rita": s.token("rita"), "abel": s.token("abel"), "otto": s.token("otto"), "lea": s.token("lea")}
	for _, size := range []int{4000, 0} { // until not even a small one fits
		for log.Append(t.Context(), slipway.AuditEntry{Kind: slipway.AuditIntent, Action: "fill", Detail: strings.Repeat("x", size)}) == nil {
		}
	}
	for _, pattern := range changing() {
		way := waysIn[pattern]
		if strings.Contains(pattern, "POST /login") {
			continue // a page, which says it in words
		}
		method, _, ok := strings.Cut(pattern, " ")
		if !ok {
			method = way.method
		}
		r := s.request(method, way.path, way.body)
		if way.user != "" {
			r.Header.Set("Authorization", "Bearer "+tokens[way.user])
		}
		a := s.send(r)
		if pattern == "POST /api/v1/login" && a.StatusCode == http.StatusOK {
			continue // an outcome, for which room is kept
		}
		if a.StatusCode != http.StatusServiceUnavailable || !strings.Contains(a.body, "nothing was done, because it cannot be written to the audit log") {
			t.Errorf("%s: %d %s", pattern, a.StatusCode, a.body)
		}
		if strings.HasPrefix(way.path, "/api/v1/releases/") {
			told(t, "disk of the audit log full", a.problem(t).Detail, a.StatusCode, s.log.String())
		}
	}
	s.workflows.change(func(w *workflows) {
		if len(w.orders)+len(w.acts)+len(w.decided) > 0 {
			t.Errorf("done although it was not written: %v %v %v", w.orders, w.acts, w.decided)
		}
	})
	for _, path := range []string{"/api/v1/releases", "/api/v1/services", "/api/v1/audit?limit=3", "/"} {
		r := s.request("GET", path, nil)
		r.Header.Set("Authorization", "Bearer "+tokens["lea"])
		if a := s.send(r); a.StatusCode != http.StatusOK {
			t.Errorf("%s cannot be read: %d %s", path, a.StatusCode, a.body)
		}
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=8m"); err != nil {
		t.Fatal(err)
	}
	r := s.request("POST", "/api/v1/releases/search.query-api.7/abort", nil)
	r.Header.Set("Authorization", "Bearer "+tokens["rita"])
	if a := s.send(r); a.StatusCode != http.StatusNoContent {
		t.Errorf("with room again: %d %s", a.StatusCode, a.body)
	}
	report, err := audit.Verify(dir, nil)
	if err != nil || len(report.Findings) > 0 {
		t.Errorf("findings %v, %v", report.Findings, err)
	}
}

func TestWhoSeesWhichEntries(t *testing.T) {
	t.Parallel()
	s := auditedSite(t)
	s.as("rita", "POST", "/api/v1/services/search/query-api/lock", map[string]any{"reason": "moves"})
	s.as("shea", "POST", "/api/v1/services/shop/cart/lock", map[string]any{"reason": "sale"})
	type seen struct{ projects, addresses string }
	for user, want := range map[string]seen{
		"vera": {"search", "no"}, "rita": {"search", "no"}, "otto": {"search", "yes"}, "shea": {"shop", "no"}, "nils": {"", "no"}, "lea": {" search shop", "yes"},
	} {
		var list struct {
			Entries []slipway.AuditEntry `json:"entries"`
		}
		a := s.as(user, "GET", "/api/v1/audit", nil)
		a.into(t, &list)
		projects, addresses := map[string]bool{}, "no"
		for _, e := range list.Entries {
			projects[e.Project] = true
			if e.Address != "" {
				addresses = "yes"
			}
		}
		var names []string
		for _, name := range []string{"", "search", "shop"} {
			if projects[name] {
				names = append(names, name)
			}
		}
		if got := (seen{strings.Join(names, " "), addresses}); got != want {
			t.Errorf("%s sees %+v, want %+v", user, got, want)
		}
	}
	for user, want := range map[string]int{"lea": 200, "otto": 403, "nils": 403} {
		if a := s.as(user, "GET", "/api/v1/audit/anchor", nil); a.StatusCode != want {
			t.Errorf("the anchor for %s: %d", user, a.StatusCode)
		}
	}
	for path, want := range map[string]int{
		"?project=search": 200, "?project=Search!": 422, "?service=search": 422, "?service=search/query-api": 200,
		"?page=xx": 422, "?since=yesterday": 422, "?since=2026-11-22T10:00:00Z": 200, "?limit=0": 422,
	} {
		if a := s.as("lea", "GET", "/api/v1/audit"+path, nil); a.StatusCode != want {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
		}
	}
}

// Whoever asks chooses much of what is written, and must not fill the disk by it.
func TestALongRequestIsAShortEntry(t *testing.T) {
	t.Parallel()
	s := auditedSite(t)
	long := strings.Repeat("long", 50_000)
	for _, r := range []*http.Request{
		s.request("POST", "/api/v1/releases", map[string]any{"service_file": "project: " + long, "tag": long, "reason": "x"}),
		s.request("POST", "/api/v1/services/"+long+"/x/lock", map[string]any{"reason": "x"}),
		s.request("DELETE", "/api/v1/tokens/"+long, nil),
		s.request("GET", "/api/v1/releases/"+long, nil),
		s.request("POST", "/login", url.Values{"user": {long}, "password": {"x"}}.Encode()),
	} {
		if strings.HasSuffix(r.URL.Path, "/login") {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		} else {
			r.Header.Set("Authorization", "Bearer "+s.token("rita"))
		}
		s.send(r)
	}
	entries, _, err := s.audit.List(slipway.AuditFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := json.Marshal(e)
		if err != nil || len(text) > 6000 {
			t.Errorf("%d bytes, %v: %.300s", len(text), err, text)
		}
	}
}

func TestManyAtOnceAreAllAudited(t *testing.T) {
	t.Parallel()
	s := auditedSite(t)
	token := s.token("rita")
	var group sync.WaitGroup
	for range 100 {
		r := s.request("POST", "/api/v1/releases/search.query-api.7/abort", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		group.Go(func() {
			if a := s.send(r); a.StatusCode != http.StatusNoContent {
				t.Errorf("%d %s", a.StatusCode, a.body)
			}
		})
	}
	group.Wait()
	found, _, err := s.audit.List(slipway.AuditFilter{Action: "release.abort", Limit: 1000})
	if err != nil || len(found) != 200 {
		t.Errorf("%d entries of 100 requests, %v", len(found), err)
	}
}
