package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/api"
)

func TestNothingIsOpenButTheSignInAndHealth(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var open []string
	for pattern, anyone := range api.Patterns() {
		if anyone {
			open = append(open, pattern)
			continue
		}
		method, path, there := strings.Cut(pattern, " ")
		if !there {
			method, path = "GET", pattern
		}
		path = strings.NewReplacer("{$}", "", "/tokens/{id}", "/tokens/x", "{id}", "search.query-api.1", "{project}", "search", "{service}", "query-api").Replace(path)
		for _, credential := range []string{"", "Bearer ", "Bearer x", "Basic cml0YTp4"} {
			r := s.request(method, path, nil)
			r.Header.Set("X-Forwarded-For", "203.0.113.7") // not from this machine
			r.Header.Set("Authorization", credential)
			if a := s.send(r); a.StatusCode != http.StatusUnauthorized || a.problem(t).Code != slipway.CodeUnauthenticated || a.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s with %q: %d %s", pattern, credential, a.StatusCode, a.body)
			}
		}
	}
	slices.Sort(open)
	want := []string{
		"GET /healthz", "GET /login", "GET /readyz", "GET /static/{file}",
		"POST /api/v1/login", "POST /api/v1/logout", "POST /login", "POST /logout",
	}
	if diff := cmp.Diff(want, open); diff != "" {
		t.Error(diff)
	}
	for _, path := range []string{"/nothing", "/api/v1/nothing", "/docs", "/openapi.yaml", "/schemas/Release.json", "/debug/pprof/", "/static/", "/api/v1/login"} {
		if a := s.send(s.request("GET", path, nil)); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
	if len(s.workflows.keys) != 0 || s.workflows.reads != 0 {
		t.Error("somebody who is not signed in reached the workflows")
	}
}

func TestABrowserIsSentToTheSignInPageAndBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{"/", "/releases/search.query-api.1", "/temporal/namespaces/slipway/workflows/release%2Fsearch.query-api.1?page=2", "/nothing"} {
		r := s.request("GET", path, nil)
		r.Header.Set("Accept", "text/html,*/*")
		a := s.send(r)
		if want := "/login?next=" + url.QueryEscape(path); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != want {
			t.Errorf("%s: %d to %s, not %s", path, a.StatusCode, a.Header.Get("Location"), want)
		}
	}
	for next, want := range map[string]string{
		"/releases/search.query-api.1": "/releases/search.query-api.1",
		"/temporal/a%2Fb?c=d":          "/temporal/a%2Fb?c=d",
		"":                             "/",
		"https://evil.example":         "/",
		"//evil.example/x":             "/",
		"/\\evil.example":              "/",
		"/\t/evil.example":             "/",
		"javascript:alert(1)":          "/",
	} {
		form := url.Values{"user": {"rita"}, "password": {password}, "next": {next}}
		r := s.request("POST", "/login", form.Encode())
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if a := s.send(r); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != want || len(a.Cookies()) != 1 {
			t.Errorf("next %q: %d to %q", next, a.StatusCode, a.Header.Get("Location"))
		}
	}
}

func TestPagesOfOtherSitesWriteNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.workflows.put(release("search.query-api.1", slipway.Deploying))
	cookie := s.cookie()
	for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		for _, path := range []string{"/api/v1/releases/search.query-api.1/abort", "/login", "/logout", "/api/v1/login"} {
			r := s.request("POST", path, map[string]any{})
			r.AddCookie(cookie)
			r.Header.Set(header, value)
			if a := s.send(r); a.problem(t).Code != slipway.CodeForbidden {
				t.Errorf("%s with %s: %d %s", path, header, a.StatusCode, a.body)
			}
		}
	}
	if len(s.workflows.acts) != 0 {
		t.Errorf("%q", s.workflows.acts)
	}
	r := s.request("POST", "/api/v1/releases/search.query-api.1/abort", map[string]any{})
	r.AddCookie(cookie)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if a := s.send(r); a.StatusCode != http.StatusNoContent {
		t.Errorf("the console itself: %d %s", a.StatusCode, a.body)
	}
}

func TestUnknownPathsAndMethodsAreProblems(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if a := s.as("rita", "GET", "/api/v1/nothing", nil); a.problem(t).Code != slipway.CodeNotFound {
		t.Error(a.body)
	}
	a := s.as("rita", "DELETE", "/api/v1/releases", nil)
	if a.problem(t).Status != http.StatusMethodNotAllowed || !strings.Contains(a.Header.Get("Allow"), "POST") {
		t.Errorf("%v %s", a.Header, a.body)
	}
}

func TestMetrics_AreForThisMachineAndOperators(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.as("rita", "GET", "/api/v1/releases/search.query-api.1", nil)
	a := s.send(s.request("GET", "/metrics", nil))
	for _, line := range []string{
		`slipway_api_request_duration_seconds_count{route="GET /api/v1/releases/{id}",status="404"} 1`,
		`slipway_api_sign_ins_total{result="ok"} 1`,
	} {
		if !strings.Contains(a.body, line) {
			t.Errorf("no line %s in\n%s", line, a.body)
		}
	}
	for user, want := range map[string]int{"lea": 200, "otto": 403, "rita": 403} {
		if a := s.as(user, "GET", "/metrics", nil, "X-Forwarded-For", "203.0.113.7"); a.StatusCode != want {
			t.Errorf("%s: %d", user, a.StatusCode)
		}
	}
}

func TestOpenAPI_DescribesTheWholeAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.as("nils", "GET", "/openapi.json", nil)
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name, In string }
			Responses  map[string]any
		}
	}
	a.into(t, &doc)
	for pattern := range api.Patterns() {
		method, path, _ := strings.Cut(pattern, " ")
		if _, there := doc.Paths[path][strings.ToLower(method)]; there != strings.HasPrefix(path, "/api/") {
			t.Errorf("%s: %v", pattern, there)
		}
	}
	back := doc.Paths["/api/v1/services/{project}/{service}/rollback"]["post"]
	var names []string
	for _, p := range back.Parameters {
		names = append(names, p.In+" "+p.Name)
	}
	if diff := cmp.Diff([]string{"path project", "path service", "header Idempotency-Key"}, names); diff != "" {
		t.Error(diff)
	}
	if _, there := back.Responses["202"]; !there {
		t.Errorf("%v", back.Responses)
	}
}

func TestTemporalUI_IsForOperatorsOfTheFleet(t *testing.T) {
	t.Parallel()
	ui := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s auth=%q cookie=%q", r.URL.EscapedPath(), r.Header.Get("Authorization"), r.Header.Get("Cookie"))
	})
	s := newSite(t, func(c *api.Config) { c.TemporalUI = ui })
	const path = "/temporal/namespaces/slipway/workflows/release%2Fsearch.query-api.1"
	a := s.as("lea", "GET", path, nil, "Cookie", "slipway_session=x; other=y")
	if a.body != path+` auth="" cookie="other=y"` {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	for _, user := range []string{"otto", "abel", "nils"} {
		if a := s.as(user, "GET", path, nil); a.problem(t).Code != slipway.CodeForbidden {
			t.Errorf("%s: %s", user, a.body)
		}
	}
	if a := newSite(t).as("lea", "GET", path, nil); a.problem(t).Code != slipway.CodeNotFound {
		t.Errorf("without a UI: %s", a.body)
	}
}
