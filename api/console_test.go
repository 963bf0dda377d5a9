package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/api"
	"slipway/spec"
)

func TestConsole_ShowsWhatEachMayDo(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *api.Config) { c.TemporalUI = http.NotFoundHandler() })
	svc, err := spec.ParseService("service.yaml", []byte(serviceFile))
	if err != nil {
		t.Fatal(err)
	}
	then := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	live := slipway.Live
	s.workflows.put(release("search.query-api.1", slipway.Ended, func(r *slipway.Release) { r.Outcome, r.EndedAt = &live, &then }))
	s.workflows.put(release("search.query-api.2", slipway.Holding, func(r *slipway.Release) {
		r.Reason, r.Blue, r.SwitchedAt, r.HoldUntil, r.RollbackReady = "<b>bold</b>", "search.query-api.1", &then, &then, true
		r.Hosts = []slipway.ReleaseHost{{Name: "h1", Phase: slipway.HostServing, Container: "search.query-api.2", Image: digest, Address: "172.18.0.2", HostPort: 20001}}
		r.Edges = []slipway.ReleaseEdge{{Name: "e1", Active: "search.query-api.2", Generation: 4}}
		r.Groups = []slipway.ReleaseGroup{{PlanGroup: slipway.PlanGroup{Hosts: []string{"h1"}, Edges: []string{"e1"}, Watch: slipway.Duration(time.Minute)}, SwitchedAt: &then}}
	}))
	s.workflows.put(release("search.query-api.3", slipway.AwaitingApproval, func(r *slipway.Release) {
		r.Gates = []slipway.GateState{{
			Gate:  slipway.Gate{Name: "go", Approvers: slipway.Approvers{Role: slipway.Approver, Quorum: 2}},
			State: slipway.GateOpen, ExpiresAt: then,
			Decisions: []slipway.Decision{{By: "ada", Verdict: slipway.Approve, Reason: "looks good", At: then}},
		}}
	}))
	for id, during := range map[string]slipway.Phase{"search.query-api.5": slipway.Probing, "search.query-api.6": slipway.Holding} {
		s.workflows.put(release(id, slipway.Stuck, func(r *slipway.Release) {
			r.Stuck = &slipway.StuckState{During: during, Reason: "no such table", Serving: "search.query-api.1 on e1", Since: then}
			r.RollbackReady = during == slipway.Holding
			r.Checks = []slipway.Check{{What: "scan of the image", Found: "not checked"}}
		}))
	}
	id := slipway.ServiceID{Project: "search", Service: "query-api"}
	s.workflows.services[id] = slipway.ServiceStatus{
		Stuck:     []slipway.StuckRelease{{Release: "search.query-api.5", StuckState: slipway.StuckState{Reason: "no such table"}}},
		ServiceID: id, Held: "search.query-api.2", Running: "search.query-api.3", Queue: []string{"search.query-api.4"},
		Live: &slipway.Version{Release: "search.query-api.2", Tag: "v2", Digest: digest, Service: svc},
		Good: []slipway.Version{{Release: "search.query-api.1", Tag: "v1", Digest: digest, Service: svc}},
		Lock: &slipway.Lock{By: "otto", Reason: "the <i>database</i> moves", At: then},
	}
	for _, c := range []struct {
		user, path string
		has, lacks []string
	}{
		{"vera", "/", []string{"search/query-api", "search.query-api.3 is on its way"}, []string{"/temporal/"}},
		{"lea", "/", []string{`href="/temporal/"`}, nil},
		{"nils", "/", []string{"No service was released yet"}, []string{"search"}},
		{"vera", "/releases/search.query-api.2", []string{"&lt;b&gt;bold", "h1", "e1", "port 20001", "2026-01-02 03:04:05 UTC", "ready: going back is possible at once", "/events", "switched at 03:04:05 UTC"}, []string{"Roll back", "Accept", "Abort", "<b>bold"}},
		{"rita", "/releases/search.query-api.2", []string{"Roll back", "Accept now"}, []string{"Abort"}},
		{"rita", "/releases/search.query-api.3", []string{"Abort", "ada", "looks good", "2 of approver"}, []string{"Approve</button>", "Roll back"}},
		{"abel", "/releases/search.query-api.3", []string{"Approve</button>", "Reject</button>", `name="digest" value="` + digest, `name="settings" value="s1"`}, nil},
		{"lea", "/releases/search.query-api.3", []string{`href="/temporal/namespaces/slipway/workflows/release%2Fsearch.query-api.3"`}, nil},
		{"rita", "/releases/search.query-api.1", []string{"live"}, []string{"Abort", "Roll back", "/events"}},
		{"rita", "/services/search/query-api", []string{"query.example.com/", "search.query-api.4", "Roll back", "v1 (search.query-api.1)", `data-method="DELETE"`, "Unlock</button>"}, []string{"Lock</button>"}},
		{"vera", "/services/search/query-api", []string{"v2", "by otto", "the &lt;i&gt;database"}, []string{"Roll back", "nlock</button>"}},
		{"vera", "/", []string{"locked</span>", "search.query-api.5 is stuck"}, nil},
		{"vera", "/services/search/query-api", []string{"search.query-api.5", "no such table"}, nil},
		{"vera", "/releases/search.query-api.5", []string{"while probing", "search.query-api.1 on e1", "scan of the image", "not checked"}, []string{"Go on", "Abort", "Way back"}},
		{"rita", "/releases/search.query-api.5", []string{"Go on", "Abort"}, []string{"Roll back"}},
		{"rita", "/releases/search.query-api.6", []string{"Go on", "Roll back", "ready: going back is possible at once"}, []string{"Abort"}},
		{"vera", "/releases/search.query-api.9", []string{"there is no release search.query-api.9", "Not Found"}, nil},
	} {
		a := s.as(c.user, "GET", c.path, nil, "Accept", "text/html")
		for _, text := range c.has {
			if !strings.Contains(a.body, text) {
				t.Errorf("%s sees no %q at %s:\n%s", c.user, text, c.path, a.body)
			}
		}
		for _, text := range c.lacks {
			if strings.Contains(a.body, text) {
				t.Errorf("%s sees %q at %s", c.user, text, c.path)
			}
		}
		if policy := a.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") ||
			!strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") || !strings.Contains(a.body, "</html>") {
			t.Errorf("%s: %v\n%s", c.path, a.Header, a.body)
		}
	}
}

func TestConsole_SignsInAndOutWithoutAScript(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if a := s.send(s.request("GET", "/login?next=%2F%22%3Ex", nil)); a.StatusCode != http.StatusOK || !strings.Contains(a.body, `value="/&#34;&gt;x"`) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	form := func(path string, values url.Values) answer {
		r := s.request("POST", path, values.Encode())
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return s.send(r)
	}
	if a := form("/login", url.Values{"user": {"rita"}, "password": {"guess"}}); a.StatusCode != http.StatusUnauthorized || !strings.Contains(a.body, "is wrong") || strings.Contains(a.body, "guess") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	in := form("/login", url.Values{"user": {"rita"}, "password": {password}})
	if len(in.Cookies()) != 1 {
		t.Fatal(in.Header)
	}
	r := s.request("GET", "/", nil)
	r.AddCookie(in.Cookies()[0])
	if a := s.send(r); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "rita") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := form("/logout", nil); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/login" || a.Cookies()[0].MaxAge >= 0 {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
}

func TestConsole_ServesItsStyleAndScriptAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for file, kind := range map[string]string{"style.css": "text/css", "console.js": "text/javascript", "icon.svg": "image/svg+xml"} {
		if a := s.send(s.request("GET", "/static/"+file, nil)); a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Type"), kind) {
			t.Errorf("%s: %d %v", file, a.StatusCode, a.Header)
		}
	}
	for _, file := range []string{"layout.html", "nothing.css", "..%2Flayout.html", "%2e%2e%2flayout.html"} {
		if a := s.send(s.request("GET", "/static/"+file, nil)); a.StatusCode == http.StatusOK {
			t.Errorf("%s: %s", file, a.body)
		}
	}
}
