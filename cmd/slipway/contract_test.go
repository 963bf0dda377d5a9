package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/crypto/bcrypt"

	"slipway"
	"slipway/api"
	"slipway/cmd/slipway/internal/client"
	"slipway/drivers/audit"
	"slipway/drivers/signing"
	"slipway/spec"
	"slipway/starter"
)

// What the scripts hold against a server of their own, this holds against the
// API itself: each verb's request is understood, and so is each answer.
func TestVerbsAndTheAPIUnderstandEachOther(t *testing.T) {
	server := httptest.NewServer(newAPI(t))
	t.Cleanup(server.Close)
	home := t.TempDir()
	t.Setenv("SLIPWAY_URL", server.URL)
	t.Setenv("SLIPWAY_HOME", home)
	t.Setenv("SLIPWAY_TOKEN", "")
	file := filepath.Join(home, "service.yaml")
	password := filepath.Join(home, "password")
	for path, text := range map[string]string{file: serviceFile, password: "correct horse\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		status int
		key    string // of the JSON
		want   any
		args   []string
	}{
		{4, "", nil, []string{"services"}},
		{0, "user", "ann", []string{"login", "--user", "ann", "--password-stdin"}},
		{0, "id", "search.query-api.2", []string{"release", "-f", file, "--tag", "v2", "--force", "--reason", "why not"}},
		{0, "phase", "holding", []string{"release", "-f", file, "--tag", "v2", "--wait"}},
		{0, "live", "search.query-api.1", []string{"plan", "-f", file, "--tag", "v2", "--force"}},
		{0, "fit", true, []string{"preflight", "-f", file, "--tag", "v2"}},
		{0, "phase", "holding", []string{"status", "search.query-api.2"}},
		{0, "", nil, []string{"history", "search/query-api", "--limit", "3"}},
		{0, "", nil, []string{"services", "--project", "search"}},
		{0, "id", "search.query-api.2", []string{"accept", "search.query-api.2"}},
		{0, "id", "search.query-api.2", []string{"abort", "search.query-api.2", "--reason", "wrong tag"}},
		{1, "", nil, []string{"approve", "search.query-api.2", "--gate", "go"}},
		{0, "held", true, []string{"rollback", "search/query-api", "--reason", "slow", "--to", "1"}},
		{0, "phase", "undoing", []string{"rollback", "search/query-api", "--reason", "slow", "--wait"}},
		{0, "id", "search.query-api.2", []string{"restart", "search/query-api", "--reason", "it leaks"}},
		{0, "service", "query-api", []string{"lock", "search/query-api", "--reason", "the database moves"}},
		{4, "", nil, []string{"host", "cordon", "h1", "--reason", "a new kernel"}},
		{4, "", nil, []string{"host", "drain", "h1", "--reason", "a new kernel"}},
		{4, "", nil, []string{"host", "uncordon", "h1", "--reason", "it is there"}},
		{4, "", nil, []string{"host", "join", "h1", "--reason", "more people"}},
		{4, "", nil, []string{"host", "remove", "h1", "--reason", "fewer people"}},
		{4, "", nil, []string{"break-glass", "search.query-api.2", "--reason", "fire"}},
		{0, "", nil, []string{"line", "--project", "search"}},
		{4, "", nil, []string{"line", "stop", "--reason", "fire"}},
		{4, "", nil, []string{"line", "resume", "--project", "search", "--reason", "it is out"}},
		{0, "service", "query-api", []string{"unlock", "search/query-api", "--reason", "it has moved"}},
		{1, "", nil, []string{"status", "search.query-api.99"}},
		{0, "name", "ci", []string{"token", "create", "--project", "search", "--role", "releaser", "--expires", "30d", "--name", "ci"}},
		{4, "", nil, []string{"token", "create", "--fleet", "--role", "viewer", "--expires", "1h"}},
		{2, "", nil, []string{"token", "create", "--project", "search", "--role", "approver", "--expires", "1h"}},
		{2, "", nil, []string{"token", "create", "--project", "search", "--role", "viewer", "--expires", "soon"}},
		{0, "", nil, []string{"token", "list"}},
		{0, "id", "none", []string{"token", "revoke", "none"}},
		{0, "", nil, []string{"audit", "--action", "service.", "--since", "1h", "--project", "search", "--user", "ann", "--limit", "3"}},
		{0, "", nil, []string{"audit", "--service", "search/query-api", "--request", "x"}},
		{2, "", nil, []string{"audit", "--lines"}}, // with -o json
		{0, "signed_out", true, []string{"logout"}},
	} {
		stdin, err := os.Open(password)
		if err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		p := &program{stdin: stdin, out: &output{stdout: &stdout, stderr: &stderr}, patience: client.DefaultPatience}
		status := p.run(t.Context(), append(step.args, "-o", "json"))
		stdin.Close()
		var value map[string]any
		if err := json.Unmarshal(stdout.Bytes(), &value); err != nil || status != step.status || step.key != "" && value[step.key] != step.want {
			t.Errorf("%q: exit status %d, want %d; %s is %v, want %v\n%s%s", step.args, status, step.status, step.key, value[step.key], step.want, &stdout, &stderr)
		}
	}
}

func newAPI(t *testing.T) http.Handler {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte("correct horse"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	fleet := &slipway.Fleet{
		Hosts: []slipway.Host{{Name: "h1", Address: "127.0.0.1"}},
		Edges: []slipway.Edge{{Name: "e1", On: "h1"}},
		Registries: []slipway.Registry{
			{Name: "internal", Roles: []slipway.RegistryRole{slipway.SourceRegistry, slipway.ProductionRegistry}},
		},
		Projects:  []slipway.Project{{Name: "search", Roles: map[slipway.Role][]string{slipway.Releaser: {"search-dev"}}}},
		Directory: slipway.Directory{Users: []slipway.User{{Name: "ann", PasswordBcrypt: string(hash), Groups: []string{"search-dev"}}}},
	}
	current := func() *slipway.Fleet { return fleet }
	keys, err := signing.Open(filepath.Join(t.TempDir(), "signing.key"), current, true, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := api.New(api.Config{
		Releases:   &oneRelease{play: (&fakeServer{}).stage(two, "v2", ""), warrant: warrant(t, keys)},
		Tokens:     oneToken{},
		Fleet:      current,
		Audit:      openAudit(t),
		Signatures: keys,
		SigningKey: bytes.Repeat([]byte("k"), 32),
		Registry:   prometheus.NewRegistry(),
		Logger:     slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

// oneToken stands for the workflow that knows tokens: there is one called none.
type oneToken struct{}

func (oneToken) Standing(context.Context) (slipway.Standing, error) {
	return slipway.Standing{Tokens: []slipway.Token{{ID: "none", Name: "none", Project: "search", Role: slipway.Viewer, Maker: "ann", ExpiresAt: time.Now().Add(time.Hour)}}}, nil
}

func (oneToken) CreateToken(_ context.Context, token slipway.Token) (slipway.Token, error) {
	return token, nil
}

func (oneToken) RevokeToken(context.Context, string, string) error { return nil }

func (oneToken) EndSession(context.Context, string, string, time.Time) error { return nil }

func openAudit(t *testing.T) *audit.Log {
	t.Helper()
	log, err := audit.Open(audit.Options{Dir: filepath.Join(t.TempDir(), "audit"), Part: "slipway-api", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return log
}

var two = slipway.ReleaseID{ServiceID: slipway.ServiceID{Project: "search", Service: "query-api"}, Number: 2}

// oneRelease stands for the workflows: whatever is asked for is release 2 of
// search/query-api, which is one state further each time somebody looks.
type oneRelease struct {
	mu      sync.Mutex
	play    *play
	warrant *slipway.Warrant // of release 1, which is live
}

// warrant is what the one digest of search/query-api was released by.
func warrant(t *testing.T, keys *signing.Keys) *slipway.Warrant {
	t.Helper()
	svc, err := spec.ParseService("service.yaml", []byte(serviceFile))
	if err != nil {
		t.Fatal(err)
	}
	seal := func(s slipway.Statement) string {
		token, err := keys.Seal(s, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	order := slipway.Order{Service: svc, Tag: "v1", Kind: slipway.KindRelease, RequestedBy: "ann"}.Statement()
	w := &slipway.Warrant{Order: seal(order)}
	opened, err := keys.Open(w.Order, &order)
	if err != nil {
		t.Fatal(err)
	}
	w.Image = seal(slipway.ImageStatement{Order: opened.ID, Digest: digest})
	return w
}

func (o *oneRelease) Ready(context.Context) error { return nil }

func (o *oneRelease) Anchored(context.Context) (slipway.AuditAnchor, error) {
	return slipway.AuditAnchor{}, nil
}

func (o *oneRelease) Submit(context.Context, slipway.Order, string) (slipway.ReleaseID, error) {
	return two, nil
}

func (o *oneRelease) Decide(context.Context, slipway.ReleaseID, slipway.Decision, string) error {
	return nil
}

func (o *oneRelease) Abort(context.Context, slipway.ReleaseID, slipway.Request, string) error {
	return nil
}

func (o *oneRelease) Accept(context.Context, slipway.ReleaseID, slipway.Request, string) error {
	return nil
}

func (o *oneRelease) Plan(_ context.Context, order slipway.Order) (slipway.Preview, error) {
	return preview(order.Service.ServiceID), nil
}

func (o *oneRelease) Preflight(context.Context, slipway.Plan, *slipway.Order) (slipway.PreflightReport, error) {
	return report("h1"), nil
}

func (o *oneRelease) Lock(context.Context, slipway.ServiceID, string, string, string) error {
	return nil
}

func (o *oneRelease) Unlock(context.Context, slipway.ServiceID, string, string, string) error {
	return nil
}

func (o *oneRelease) HostCare(_ context.Context, host string) (slipway.HostCare, error) {
	return slipway.HostCare{Cordon: &slipway.Cordon{Host: host, By: "ann", Reason: "a new kernel"}, Left: []slipway.Remaining{}}, nil
}

func (o *oneRelease) Cordon(context.Context, string, string, string, string) error   { return nil }
func (o *oneRelease) Drain(context.Context, string, string, string, string) error    { return nil }
func (o *oneRelease) Uncordon(context.Context, string, string, string, string) error { return nil }

func (o *oneRelease) Cordons(context.Context) (slipway.Cordons, error) {
	return slipway.Cordons{}, nil
}

func (o *oneRelease) RemoveHost(context.Context, slipway.Cordon, string) error { return nil }

func (o *oneRelease) Join(context.Context, slipway.ServiceID, slipway.Joining, string) error {
	return nil
}

func (o *oneRelease) Line(context.Context) (slipway.Line, error) { return slipway.Line{}, nil }

func (o *oneRelease) StopLine(context.Context, string, string, string, string) error { return nil }

func (o *oneRelease) ResumeLine(context.Context, string, string, string, string) error { return nil }

func (o *oneRelease) BreakGlass(context.Context, slipway.ReleaseID, slipway.Pass, string) error {
	return nil
}

func (o *oneRelease) Adopt(context.Context, slipway.Order, string) (slipway.ReleaseID, error) {
	return two, nil
}

func (o *oneRelease) Remove(context.Context, slipway.ServiceID, slipway.Request, string) (slipway.ReleaseID, error) {
	return two, nil
}

func (o *oneRelease) Rollback(_ context.Context, _ slipway.ServiceID, back starter.WayBack, _ string) (slipway.ReleaseID, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if back.To == 0 {
		o.play.then(undoing, ended(slipway.RolledBack, back.By+" went back: "+back.Reason))
	}
	return two, nil
}

func (o *oneRelease) Release(_ context.Context, id slipway.ReleaseID) (slipway.Release, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if id != two {
		return slipway.Release{}, slipway.Errorf(slipway.CodeNotFound, "there is no release %s", id)
	}
	now := o.play.now()
	o.play.at = min(o.play.at+1, len(o.play.states)-1)
	return now, nil
}

func (o *oneRelease) Releases(context.Context, starter.Filter) ([]slipway.Release, string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return []slipway.Release{o.play.now()}, "", nil
}

func (o *oneRelease) Service(context.Context, slipway.ServiceID) (slipway.ServiceStatus, error) {
	svc, err := spec.ParseService("service.yaml", []byte(serviceFile))
	return slipway.ServiceStatus{ServiceID: two.ServiceID, Held: two.String(), Live: &slipway.Version{Release: "search.query-api.1", Digest: digest, Service: svc, Warrant: o.warrant}}, err
}

func (o *oneRelease) Overview(ctx context.Context, project string) ([]slipway.ServiceStatus, error) {
	return o.Services(ctx, project)
}

func (o *oneRelease) Services(ctx context.Context, _ string) ([]slipway.ServiceStatus, error) {
	status, err := o.Service(ctx, two.ServiceID)
	return []slipway.ServiceStatus{status}, err
}

func (o *oneRelease) Hosts(context.Context, []slipway.Host) ([]slipway.HostStatus, error) {
	return []slipway.HostStatus{}, nil
}
