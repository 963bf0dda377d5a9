package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"slipway"
)

func TestProblem_OfEachCode(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for code, want := range map[slipway.Code]int{
		slipway.CodeInvalid: 422, slipway.CodeUnauthenticated: 401, slipway.CodeForbidden: 403, slipway.CodeNotFound: 404,
		slipway.CodeConflict: 409, slipway.CodeTooMany: 429, slipway.CodeUnavailable: 503,
	} {
		s.workflows.change(func(w *workflows) { w.err = fmt.Errorf("submit: %w", slipway.Errorf(code, "said of %s", code)) })
		a := s.as("rita", "POST", "/api/v1/releases", submission())
		if p := a.problem(t); p.Status != want || p.Code != code || p.Detail != "said of "+string(code) {
			t.Errorf("%s: %s", code, a.body)
		}
		if waits := a.Header.Get("Retry-After") != ""; waits != (want == 429 || want == 503) {
			t.Errorf("%s: Retry-After %q", code, a.Header.Get("Retry-After"))
		}
	}
}

func TestProblem_HidesFaultsOfOurs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, err := range []error{errors.New("key=hunter2"), slipway.Errorf("PanicError", "key=hunter2"), slipway.Errorf(slipway.CodeInternal, "key=hunter2"), context.Canceled} {
		s.workflows.change(func(w *workflows) { w.err = err })
		a := s.as("rita", "GET", "/api/v1/releases/search.query-api.1", nil, "X-Request-Id", "r-1")
		if p := a.problem(t); p.Status != http.StatusInternalServerError || p.Code != slipway.CodeInternal || strings.Contains(a.body, "hunter2") || !strings.Contains(p.Detail, "r-1") {
			t.Errorf("%v: %s", err, a.body)
		}
		if a.Header.Get("X-Request-Id") != "r-1" {
			t.Errorf("%v", a.Header)
		}
	}
	s.Close() // the log is whole when all requests are over
	if log := s.log.String(); !strings.Contains(log, `"level":"ERROR","msg":"Request answered"`) || !strings.Contains(log, "hunter2") || !strings.Contains(log, `"request":"r-1"`) {
		t.Error(log)
	}
}

func TestProblem_OfARequestThatIsNotOne(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, c := range []struct {
		path   string
		body   any
		status int
		field  string
	}{
		{"/api/v1/releases", "{", 400, "body"},
		{"/api/v1/releases", "", 400, ""},
		{"/api/v1/releases", map[string]any{"service_file": "x"}, 422, "body"},
		{"/api/v1/releases", map[string]any{"service_file": "x", "tag": 7}, 422, "body.tag"},
		{"/api/v1/releases", map[string]any{"service_file": "x", "tag": "v", "colour": "red"}, 422, "body.colour"},
		{"/api/v1/releases", map[string]any{"service_file": strings.Repeat("x", 3<<20), "tag": "v"}, 413, ""},
		{"/api/v1/releases/search.query-api.1/decisions", map[string]any{"gate": "go", "decision": "maybe"}, 422, "body.decision"},
		{"/api/v1/services/search/query-api/rollback", map[string]any{"reason": ""}, 422, "body.reason"},
	} {
		a := s.as("rita", "POST", c.path, c.body)
		p := a.problem(t)
		if p.Status != c.status || p.Code != slipway.CodeInvalid || c.field != "" && (len(p.Errors) == 0 || p.Errors[0].Field != c.field) {
			t.Errorf("%.80v: %s", c.body, a.body)
		}
	}
	a := s.send(s.request("POST", "/api/v1/login", map[string]any{"user": "rita", "password": password, "colour": "red"}))
	if a.problem(t).Code != slipway.CodeInvalid || strings.Contains(a.body, password) {
		t.Error(a.body)
	}
	s.send(s.request("POST", "/api/v1/login", map[string]any{"user": "rita", "password": []string{password}}))
	s.send(s.request("POST", "/api/v1/login", map[string]any{"user": "rita", "password": strings.Repeat(password, 100)}))
	for _, query := range []string{"?limit=0", "?limit=x", "?phase=done", "?service=search", "?project=S", "?page=!"} {
		if a := s.as("rita", "GET", "/api/v1/releases"+query, nil); a.problem(t).Code != slipway.CodeInvalid {
			t.Errorf("%s: %s", query, a.body)
		}
	}
	s.Close() // the log is whole when all requests are over
	if log := s.log.String(); strings.Contains(log, password) || !strings.Contains(log, "body.colour: unexpected property") {
		t.Errorf("the log of what was wrong with requests: %s", log)
	}
}

func TestHealth_SaysLessThanReady(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{"/healthz", "/readyz"} {
		if a := s.send(s.request("GET", path, nil)); a.StatusCode != http.StatusOK || a.body != "ok\n" {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
		}
	}
	s.workflows.change(func(w *workflows) { w.err = slipway.Errorf(slipway.CodeUnavailable, "dial 10.0.0.7:7233") })
	if a := s.send(s.request("GET", "/healthz", nil)); a.StatusCode != http.StatusOK {
		t.Error(a.body)
	}
	if a := s.send(s.request("GET", "/readyz", nil)); a.problem(t).Code != slipway.CodeUnavailable || strings.Contains(a.body, "10.0.0.7") {
		t.Error(a.body)
	}
}
