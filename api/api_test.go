package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/crypto/bcrypt"

	"slipway"
	"slipway/api"
	"slipway/drivers/audit"
	"slipway/spec"
)

const (
	password = "correct horse"
	digest   = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

	serviceFile = "project: search\nservice: query-api\nimage: search/query-api\ncontainer: {port: 8080}\nroute: {host: query.example.com}\n"
)

// fleetFile has one person for each role in project search, one who has
// nothing to do with it, and one of no group.
const fleetFile = `
hosts: [{name: h1, docker: "unix:///var/run/docker.sock", address: 127.0.0.1, ports: 20000-20999}]
edges: [{name: e1, admin: "unix:///run/slipway/edge.sock", on: h1}]
registries: [{name: main, role: [source, production], url: "http://127.0.0.1:5000"}]
roles: {admin: [leads]}
projects:
  - {name: search, roles: {viewer: [viewers], releaser: [releasers], approver: [approvers], operator: [operators]}}
  - {name: shop, roles: {releaser: [shoppers]}}
directory:
  users:
    - {name: vera, password_bcrypt: "HASH", groups: [viewers]}
    - {name: rita, password_bcrypt: "HASH", groups: [releasers]}
    - {name: abel, password_bcrypt: "HASH", groups: [approvers]}
    - {name: otto, password_bcrypt: "HASH", groups: [operators]}
    - {name: lea, password_bcrypt: "HASH", groups: [leads]}
    - {name: shea, password_bcrypt: "HASH", groups: [shoppers]}
    - {name: nils, password_bcrypt: "HASH"}
`

// A site is the API on a real socket, before workflows that a test controls.
type site struct {
	*httptest.Server
	t         *testing.T
	workflows *workflows
	ring      *ring
	fleet     atomic.Pointer[slipway.Fleet]
	clock     atomic.Pointer[time.Time] // nil: the time it is
	log       *lines
	registry  *prometheus.Registry
	audit     *audit.Log
}

type lines struct{ text atomic.Value }

func (l *lines) Write(b []byte) (int, error) {
	before, _ := l.text.Load().(string)
	l.text.Store(before + string(b)) // slog's handlers write one line at a time
	return len(b), nil
}

func (l *lines) String() string { s, _ := l.text.Load().(string); return s }

func parseFleet(t testing.TB, text string) *slipway.Fleet {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	fleet, err := spec.ParseFleet("fleet.yaml", []byte(strings.ReplaceAll(text, "HASH", string(hash))))
	if err != nil {
		t.Fatal(err)
	}
	return fleet
}

func newSite(t *testing.T, change ...func(*api.Config)) *site {
	t.Helper()
	s := unstarted(t, change...)
	s.open()
	return s
}

// open has a site serve.
func (s *site) open() {
	s.Start()
	s.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
}

// unstarted is a site that does not serve yet.
func unstarted(t *testing.T, change ...func(*api.Config)) *site {
	t.Helper()
	s := &site{t: t, workflows: newWorkflows(), ring: new(ring), log: new(lines), registry: prometheus.NewRegistry()}
	s.fleet.Store(parseFleet(t, fleetFile))
	s.audit = openAudit(t, t.TempDir())
	config := api.Config{
		Releases:   s.workflows,
		Tokens:     s.ring,
		Fleet:      s.fleet.Load,
		Audit:      s.audit,
		Signatures: keys(),
		SigningKey: bytes.Repeat([]byte{7}, 32),
		Registry:   s.registry,
		Logger:     slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Version:    "test",
		Now: func() time.Time {
			if now := s.clock.Load(); now != nil {
				return *now
			}
			return time.Now()
		},
	}
	for _, f := range change {
		f(&config)
	}
	handler, err := api.New(config)
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewUnstartedServer(handler)
	t.Cleanup(s.Close)
	return s
}

func openAudit(t testing.TB, dir string) *audit.Log {
	t.Helper()
	log, err := audit.Open(audit.Options{Dir: dir, Part: "slipway-api", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return log
}

// An answer is one whose body has been read.
type answer struct {
	*http.Response
	body string
}

// into decodes the body, which may hold nothing else.
func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
}

// problem decodes a body that must be a problem.
func (a answer) problem(t *testing.T) api.Problem {
	t.Helper()
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("content type %q of %s", got, a.body)
	}
	var p api.Problem
	a.into(t, &p)
	if p.Status != a.StatusCode || p.Title != http.StatusText(a.StatusCode) || p.Detail == "" || p.Code == "" {
		t.Errorf("status %d with problem %s", a.StatusCode, a.body)
	}
	return p
}

// request makes a request; a body that is no string is sent as JSON.
func (s *site) request(method, path string, body any) *http.Request {
	s.t.Helper()
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(body)
	default:
		text, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		reader = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, reader)
	if err != nil {
		s.t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func (s *site) send(r *http.Request) answer {
	s.t.Helper()
	response, err := s.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{response, string(body)}
}

// token signs somebody in.
func (s *site) token(user string) string {
	s.t.Helper()
	a := s.send(s.request("POST", "/api/v1/login", map[string]string{"user": user, "password": password}))
	var in struct{ Token string }
	if a.into(s.t, &in); a.StatusCode != http.StatusOK || in.Token == "" {
		s.t.Fatalf("sign in %s: %d %s", user, a.StatusCode, a.body)
	}
	return in.Token
}

// as sends a request for somebody, who is signed in for it.
func (s *site) as(user, method, path string, body any, header ...string) answer {
	s.t.Helper()
	r := s.request(method, path, body)
	r.Header.Set("Authorization", "Bearer "+s.token(user))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return s.send(r)
}

func submission() map[string]any { return map[string]any{"service_file": serviceFile, "tag": "v2"} }
