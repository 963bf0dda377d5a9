package api_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"slipway"
	"slipway/drivers/signing"
	"slipway/starter"
)

// workflows stands in for Temporal and a worker: it remembers what it was asked
// and shows what the test says.
type workflows struct {
	mu       sync.Mutex
	err      error // of every call, when set
	releases map[string]slipway.Release
	services map[slipway.ServiceID]slipway.ServiceStatus
	reads    int
	orders   []slipway.Order
	keys     []string
	acts     []string
	decided  []slipway.Decision
	heard    int  // decisions that came so far, taken or not
	strict   bool // a decision stays with its release
	anchor   slipway.AuditAnchor
	cordons  slipway.Cordons
	removed  []slipway.Cordon
	joinings []slipway.Joining
	line     slipway.Line
	passes   []slipway.Pass
	planning time.Duration // how long a plan takes
}

func newWorkflows() *workflows {
	return &workflows{releases: map[string]slipway.Release{}, services: map[slipway.ServiceID]slipway.ServiceStatus{}}
}

// change is the only way in for a test while requests are under way.
func (w *workflows) change(f func(*workflows)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(w)
}

func (w *workflows) put(r slipway.Release) { w.change(func(w *workflows) { w.releases[r.ID] = r }) }

func (w *workflows) Ready(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

func (w *workflows) Submit(_ context.Context, order slipway.Order, key string) (slipway.ReleaseID, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return slipway.ReleaseID{}, w.err
	}
	w.orders, w.keys = append(w.orders, order), append(w.keys, key)
	id := slipway.ReleaseID{ServiceID: order.Service.ServiceID, Number: len(w.orders)}
	w.releases[id.String()] = release(id.String(), slipway.Verifying, func(r *slipway.Release) { r.Tag, r.RequestedBy = order.Tag, order.RequestedBy })
	return id, nil
}

func (w *workflows) Plan(ctx context.Context, order slipway.Order) (slipway.Preview, error) {
	w.mu.Lock()
	made := time.NewTimer(w.planning)
	w.mu.Unlock()
	defer made.Stop()
	select {
	case <-made.C:
	case <-ctx.Done():
		return slipway.Preview{}, ctx.Err()
	}
	return slipway.Preview{ServiceID: order.Service.ServiceID, Steps: []slipway.Step{}, Differences: []slipway.Difference{}, Warnings: []string{}}, nil
}

func (w *workflows) Preflight(_ context.Context, plan slipway.Plan, _ *slipway.Order) (slipway.PreflightReport, error) {
	report := slipway.PreflightReport{Findings: []slipway.Finding{}, Fit: true}
	for _, h := range plan.Hosts {
		report.Hosts = append(report.Hosts, slipway.HostReport{Name: h.Name})
	}
	return report, nil
}

// Decide goes by the rule of the workflow itself.
func (w *workflows) Decide(_ context.Context, id slipway.ReleaseID, d slipway.Decision, key string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard++
	r := w.releases[id.String()]
	if err := r.Takes(d); err != nil {
		return err
	}
	w.decided, w.keys = append(w.decided, d), append(w.keys, key)
	if w.strict {
		r.Gates = slices.Clone(r.Gates)
		i := slices.IndexFunc(r.Gates, func(g slipway.GateState) bool { return g.Name == d.Gate })
		r.Gates[i].Decisions = append(slices.Clone(r.Gates[i].Decisions), d)
		w.releases[r.ID] = r
	}
	return w.err
}

// BreakGlass goes by the rule of the workflow itself.
func (w *workflows) BreakGlass(_ context.Context, id slipway.ReleaseID, p slipway.Pass, key string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.releases[id.String()]
	if err := r.TakesPass(p); err != nil && r.Outcome == nil {
		return err
	}
	w.passes, w.keys = append(w.passes, p), append(w.keys, key)
	return w.err
}

func (w *workflows) Abort(_ context.Context, id slipway.ReleaseID, r slipway.Request, key string) error {
	return w.act("abort", id, r.By, r.Reason, key)
}

func (w *workflows) Accept(_ context.Context, id slipway.ReleaseID, r slipway.Request, key string) error {
	return w.act("accept", id, r.By, r.Reason, key)
}

func (w *workflows) Lock(_ context.Context, id slipway.ServiceID, by, reason, key string) error {
	return w.act("lock", id, by, reason, key)
}

func (w *workflows) Unlock(_ context.Context, id slipway.ServiceID, by, reason, key string) error {
	return w.act("unlock", id, by, reason, key)
}

func (w *workflows) Adopt(ctx context.Context, order slipway.Order, key string) (slipway.ReleaseID, error) {
	return w.Submit(ctx, order, key)
}

func (w *workflows) Remove(_ context.Context, id slipway.ServiceID, r slipway.Request, key string) (slipway.ReleaseID, error) {
	return slipway.ReleaseID{ServiceID: id, Number: 99}, w.act("remove", id, r.By, r.Reason, key)
}

func (w *workflows) act(what string, id fmt.Stringer, by, reason, key string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acts = append(w.acts, strings.Join([]string{what, id.String(), by, reason}, " "))
	w.keys = append(w.keys, key)
	return w.err
}

func (w *workflows) Rollback(_ context.Context, id slipway.ServiceID, back starter.WayBack, key string) (slipway.ReleaseID, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	status, order, to := w.services[id], back.Order, back.To
	w.keys = append(w.keys, key)
	if order != nil {
		w.orders = append(w.orders, *order)
	}
	switch {
	case back.Switching != 0:
		return slipway.ReleaseID{ServiceID: id, Number: back.Switching}, nil
	case status.Held != "" && (to == 0 || status.Good[0].Release == slipway.ReleaseID{ServiceID: id, Number: to}.String()):
		return slipway.ParseReleaseID(status.Held)
	case order == nil:
		return slipway.ReleaseID{}, slipway.Errorf(slipway.CodeNotFound, "%s has nothing to go back to", id)
	}
	return slipway.ReleaseID{ServiceID: id, Number: 99}, w.err
}

func (w *workflows) Release(_ context.Context, id slipway.ReleaseID) (slipway.Release, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reads++
	if w.err != nil {
		return slipway.Release{}, w.err
	}
	if r, ok := w.releases[id.String()]; ok {
		return r, nil
	}
	return slipway.Release{}, slipway.Errorf(slipway.CodeNotFound, "there is no release %s", id)
}

// Releases lists one release to a page, and has pages whose names are no text.
func (w *workflows) Releases(_ context.Context, f starter.Filter) ([]slipway.Release, string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var ids []string
	for id, r := range w.releases {
		if (f.Projects == nil || slices.Contains(f.Projects, r.Project)) && (f.Service.Service == "" || r.Service == f.Service.Service) &&
			(f.Phase == "" || r.Phase == f.Phase) && id > strings.TrimPrefix(f.Page, "\xff") {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	if w.err != nil || len(ids) == 0 {
		return []slipway.Release{}, "", w.err
	}
	page := ""
	if len(ids) > 1 {
		page = "\xff" + ids[0]
	}
	return []slipway.Release{w.releases[ids[0]]}, page, nil
}

func (w *workflows) Service(_ context.Context, id slipway.ServiceID) (slipway.ServiceStatus, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s, ok := w.services[id]; ok {
		return s, w.err
	}
	return slipway.ServiceStatus{}, slipway.Errorf(slipway.CodeNotFound, "there is no service %s", id)
}

func (w *workflows) Services(_ context.Context, project string) ([]slipway.ServiceStatus, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []slipway.ServiceStatus
	for _, s := range w.services {
		if project == "" || s.Project == project {
			found = append(found, s)
		}
	}
	return found, w.err
}

func (w *workflows) Overview(ctx context.Context, project string) ([]slipway.ServiceStatus, error) {
	return w.Services(ctx, project)
}

func (w *workflows) Hosts(_ context.Context, hosts []slipway.Host) ([]slipway.HostStatus, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []slipway.HostStatus
	for _, h := range hosts {
		all = append(all, slipway.HostStatus{Name: h.Name, Way: h.Way(), Answers: true})
	}
	return all, w.err
}

func (w *workflows) Anchored(context.Context) (slipway.AuditAnchor, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.anchor.Heads) == 0 {
		return slipway.AuditAnchor{}, slipway.Errorf(slipway.CodeNotFound, "there is no anchor")
	}
	return w.anchor, w.err
}

func (w *workflows) HostCare(context.Context, string) (slipway.HostCare, error) {
	return slipway.HostCare{Left: []slipway.Remaining{}}, w.err
}

func (w *workflows) Cordon(_ context.Context, host, by, reason, key string) error {
	return w.act("cordon", named(host), by, reason, key)
}

func (w *workflows) Drain(_ context.Context, host, by, reason, key string) error {
	return w.act("drain", named(host), by, reason, key)
}

func (w *workflows) Uncordon(_ context.Context, host, by, reason, key string) error {
	return w.act("uncordon", named(host), by, reason, key)
}

func (w *workflows) Cordons(context.Context) (slipway.Cordons, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cordons, nil
}

func (w *workflows) RemoveHost(_ context.Context, c slipway.Cordon, key string) error {
	w.change(func(w *workflows) { w.removed = append(w.removed, c) })
	return w.act("remove", named(c.Host), c.By, c.Reason, key)
}

func (w *workflows) Join(_ context.Context, id slipway.ServiceID, j slipway.Joining, key string) error {
	w.change(func(w *workflows) { w.joinings = append(w.joinings, j) })
	return w.act("join "+j.Host, id, j.By, j.Reason, key)
}

func (w *workflows) Line(context.Context) (slipway.Line, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.line, w.err
}

func (w *workflows) StopLine(_ context.Context, project, by, reason, key string) error {
	return w.act("stop", named(project), by, reason, key)
}

func (w *workflows) ResumeLine(_ context.Context, project, by, reason, key string) error {
	return w.act("resume", named(project), by, reason, key)
}

type named string

func (n named) String() string { return string(n) }

// release makes a release in a phase, as the test changes it.
func release(text string, phase slipway.Phase, change ...func(*slipway.Release)) slipway.Release {
	id, err := slipway.ParseReleaseID(text)
	if err != nil {
		panic(err)
	}
	r := slipway.Release{
		ID: text, Project: id.Project, Service: id.Service, Tag: "v1", Digest: digest, Settings: "s1",
		Kind: slipway.KindRelease, Phase: phase, RequestedBy: "rita",
		Hosts: []slipway.ReleaseHost{}, Edges: []slipway.ReleaseEdge{}, Gates: []slipway.GateState{},
	}
	for _, f := range change {
		f(&r)
	}
	r.Signature = ordered(r)
	return r
}

// ring stands in for Tokens, as far as several API processes share it.
type ring struct {
	mu       sync.Mutex
	err      error // of every call, when set
	hangs    atomic.Bool
	standing slipway.Standing
}

func (r *ring) Standing(ctx context.Context) (slipway.Standing, error) {
	if r.hangs.Load() {
		<-ctx.Done()
		return slipway.Standing{}, slipway.Errorf(slipway.CodeUnavailable, "Temporal does not answer")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return slipway.Standing{Tokens: slices.Clone(r.standing.Tokens), Ended: maps.Clone(r.standing.Ended)}, r.err
}

func (r *ring) CreateToken(_ context.Context, token slipway.Token) (slipway.Token, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if have, again := r.standing.Token(token.ID); again {
		return have, r.err
	}
	r.standing.Tokens = append(r.standing.Tokens, token)
	return token, r.err
}

func (r *ring) RevokeToken(_ context.Context, id, _ string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.standing.Tokens = slices.DeleteFunc(r.standing.Tokens, func(t slipway.Token) bool { return t.ID == id })
	return r.err
}

func (r *ring) EndSession(_ context.Context, person, session string, expires time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.standing.Ended == nil {
		r.standing.Ended = map[string]slipway.SignOuts{}
	}
	ended := r.standing.Ended[person]
	sessions := maps.Clone(ended.Sessions)
	if sessions == nil {
		sessions = map[string]time.Time{}
	}
	sessions[session] = expires
	r.standing.Ended[person] = slipway.SignOuts{Sessions: sessions}
	return r.err
}

// ordered is the signed order of a release.
func ordered(r slipway.Release) string {
	statement := slipway.OrderStatement{
		ServiceID: slipway.ServiceID{Project: r.Project, Service: r.Service}, Kind: r.Kind,
		Tag: r.Tag, Settings: r.Settings, Plan: r.Plan, RequestedBy: r.RequestedBy,
	}
	for _, g := range r.Gates {
		statement.Gates = append(statement.Gates, g.Gate)
	}
	token, err := keys().Seal(statement, time.Hour)
	if err != nil {
		panic(err)
	}
	return token
}

// keys are those of an API that trusts itself, as standalone does.
var keys = sync.OnceValue(func() *signing.Keys {
	dir, err := os.MkdirTemp("", "slipway-api-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	keys, err := signing.Open(filepath.Join(dir, "signing.key"), func() *slipway.Fleet { return &slipway.Fleet{} }, true, time.Now)
	if err != nil {
		panic(err)
	}
	return keys
})
