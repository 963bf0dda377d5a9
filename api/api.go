package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"

	"slipway"
	"slipway/starter"
)

// Releases is what the API asks of the workflows; *starter.Client is one. Its
// errors have the codes of package slipway. An empty key is no key.
type Releases interface {
	Ready(ctx context.Context) error

	Submit(ctx context.Context, order slipway.Order, key string) (slipway.ReleaseID, error)
	Plan(ctx context.Context, order slipway.Order) (slipway.Preview, error)
	Preflight(ctx context.Context, plan slipway.Plan, order *slipway.Order) (slipway.PreflightReport, error)
	Decide(ctx context.Context, id slipway.ReleaseID, decision slipway.Decision, key string) error
	BreakGlass(ctx context.Context, id slipway.ReleaseID, pass slipway.Pass, key string) error
	Abort(ctx context.Context, id slipway.ReleaseID, request slipway.Request, key string) error
	Accept(ctx context.Context, id slipway.ReleaseID, request slipway.Request, key string) error
	Rollback(ctx context.Context, service slipway.ServiceID, back starter.WayBack, key string) (slipway.ReleaseID, error)

	Adopt(ctx context.Context, order slipway.Order, key string) (slipway.ReleaseID, error)
	Remove(ctx context.Context, service slipway.ServiceID, request slipway.Request, key string) (slipway.ReleaseID, error)
	Lock(ctx context.Context, service slipway.ServiceID, by, reason, key string) error
	Unlock(ctx context.Context, service slipway.ServiceID, by, reason, key string) error

	Release(ctx context.Context, id slipway.ReleaseID) (slipway.Release, error)
	Releases(ctx context.Context, filter starter.Filter) (releases []slipway.Release, page string, err error)
	Service(ctx context.Context, id slipway.ServiceID) (slipway.ServiceStatus, error)
	Services(ctx context.Context, project string) ([]slipway.ServiceStatus, error)
	Overview(ctx context.Context, project string) ([]slipway.ServiceStatus, error)

	Hosts(ctx context.Context, hosts []slipway.Host) ([]slipway.HostStatus, error)
	Anchored(ctx context.Context) (slipway.AuditAnchor, error)
	HostCare(ctx context.Context, host string) (slipway.HostCare, error)
	Cordon(ctx context.Context, host, by, reason, key string) error
	Drain(ctx context.Context, host, by, reason, key string) error
	Uncordon(ctx context.Context, host, by, reason, key string) error
	Cordons(ctx context.Context) (slipway.Cordons, error)
	RemoveHost(ctx context.Context, cordon slipway.Cordon, key string) error
	Join(ctx context.Context, service slipway.ServiceID, joining slipway.Joining, key string) error

	Line(ctx context.Context) (slipway.Line, error)
	StopLine(ctx context.Context, project, by, reason, key string) error
	ResumeLine(ctx context.Context, project, by, reason, key string) error
}

// Config is what the API is made of. What may be left out says so.
type Config struct {
	Releases   Releases
	Fleet      func() *slipway.Fleet // the current one; asked on each request, from several goroutines
	Tokens     Tokens                // of machines, and the sessions that are over
	Directory  Directory             // of people beside those of the fleet; nil: there is none
	Audit      Audit                 // of what people do and are refused; without it nothing is done
	Signatures Signatures            // of orders, decisions and requests
	SigningKey []byte                // of sessions, at least 32 bytes, as LoadKey gives them; a new one signs everybody out
	TemporalUI http.Handler          // serves below /temporal/, with that prefix in the path; nil: not found
	Registry   *prometheus.Registry  // served on /metrics; the API's own metrics are added to it
	Logger     *slog.Logger          // nil: slog.Default()
	Version    string                // of this program, for people; may be empty
	Now        func() time.Time      // nil: time.Now
}

type server struct {
	Config
	people    *people
	tokens    tokens
	passwords *passwords
	watches   *watches
	streams   *share // by who follows
	looks     *share // by project
	refusals  *refusals
	metrics   metrics
	pages     pages
	spec      *huma.OpenAPI
}

// New makes the handler of everything that is served over HTTP. A stream of
// events ends when its request's context does: a server that is to shut down
// gracefully cancels the base context of its connections first.
func New(c Config) (http.Handler, error) {
	if c.Releases == nil || c.Tokens == nil || c.Fleet == nil || c.Audit == nil || c.Signatures == nil || c.Registry == nil {
		return nil, errors.New("api: Releases, Tokens, Fleet, Audit, Signatures and Registry must be set")
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &server{Config: c, watches: newWatches(c.Releases.Release), refusals: newRefusals(c.Audit, c.Logger)}
	s.streams = newShare(streamsEach, "%s follows %d releases already, which is as many as one may: close some of them")
	s.looks = newShare(looksEach, "for %s there are %d plans and preflights under way already: try again when they are done")
	s.people = newPeople(c)
	var err error
	if s.tokens, err = newTokens(c, s.people, &standing{read: c.Tokens.Standing, clock: c.Now}); err != nil {
		return nil, err
	}
	if s.metrics, err = newMetrics(c.Registry, c.Releases); err != nil {
		return nil, fmt.Errorf("register the metrics of the API: %w", err)
	}
	if s.pages, err = newPages(); err != nil {
		return nil, fmt.Errorf("read the pages of the console: %w", err)
	}
	s.passwords = newPasswords(s.people, c.Now)

	mux := http.NewServeMux()
	operations := humago.New(mux, description(c.Version))
	s.spec = operations.OpenAPI()
	routes := s.routes()
	for _, r := range routes {
		r.add(mux, operations)
	}
	return s.observe(s.guard(mux, routes)), nil
}

// description is the head of the OpenAPI document. It serves nothing by itself:
// all paths are in routes.
func description(version string) huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "Slipway", Version: version},
			Components: &huma.Components{
				Schemas:         huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer", BearerFormat: "JWT"}},
			},
		},
		Formats:       map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat: "application/json",
	}
}
