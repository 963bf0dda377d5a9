package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"slipway"
	"slipway/e2e/system"
)

// How much is asked for, and how often standalone is killed meanwhile.
const auditedServices = 10 // that wait at gates

func auditedGates() int    { return thorough(10, 3) } // of each service, decided one after the other
func auditedReleases() int { return thorough(100, 30) }
func auditedKills() int    { return thorough(4, 2) }

// A sender asks for things until they are done, whatever happens to the server
// meanwhile.
type sender struct {
	url, token string
	done       *atomic.Int64 // requests that were answered as done
	sent       *atomic.Int64 // requests, those without an answer too
}

func newSender(t testing.TB, s *system.System, user string, done, sent *atomic.Int64) sender {
	t.Helper()
	var in struct{ Token string }
	status, body, err := (sender{url: s.URL, sent: sent}).once(t.Context(), "/login", "", map[string]string{"user": user, "password": system.Password})
	if err == nil {
		err = json.Unmarshal(body, &in)
	}
	if err != nil || in.Token == "" {
		t.Fatalf("sign in %s: %d %s %v", user, status, body, err)
	}
	return sender{url: s.URL, token: in.Token, done: done, sent: sent}
}

func (s sender) once(ctx context.Context, path, key string, body any) (status int, answer []byte, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/api/v1"+path, bytes.NewReader(text))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+s.token)
	r.Header.Set("Idempotency-Key", key)
	s.sent.Add(1)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// until sends the same again until it is done. What is refused because it is
// too early, or because the server is away, is asked for again.
func (s sender) until(ctx context.Context, path, key string, body any) ([]byte, error) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		status, answer, err := s.once(ctx, path, key, body)
		early := status == http.StatusConflict && strings.Contains(string(answer), "is pending, not open")
		switch {
		case err == nil && status/100 == 2:
			s.done.Add(1)
			return answer, nil
		case err != nil, early, status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests:
		default:
			return nil, fmt.Errorf("%s with %v: %d %s", path, body, status, answer)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("%s with %v is not done: %d %s %w", path, body, status, answer, err)
		}
	}
}

// audited lists the audit log, by the reason of what people asked for.
func audited(t *testing.T, s *system.System) map[string][]slipway.AuditEntry {
	t.Helper()
	lines := as(t, s, "olga", 0, "audit", "--lines").Stdout
	entries := map[string][]slipway.AuditEntry{}
	for line := range strings.Lines(lines) {
		e := decode[slipway.AuditEntry](t, line)
		if e.Kind != slipway.AuditEvent {
			entries[e.Reason] = append(entries[e.Reason], e)
		}
	}
	return entries
}

func TestAKilledProcessLosesNoDecisionNoReleaseAndNoLineOfTheAuditLog(t *testing.T) {
	t.Parallel() // it has a system of its own
	s := own(t, system.Options{})
	copied := collect(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	gates := "gates:\n"
	for g := range auditedGates() {
		gates += fmt.Sprintf("  - {name: g%d, approvers: {role: approver}}\n", g)
	}
	var waiting []string
	for i := range auditedServices {
		name := fmt.Sprintf("audited%d", i)
		push(t, s, name, "v1")
		waiting = append(waiting, submit(t, s, service(t, s, name, gates+"strategy: {blue_green: {hold: 0s}}\n"), "v1"))
	}
	push(t, s, "audited", "v1", "READY_MS=never")
	flood := service(t, s, "audited", "strategy: {blue_green: {deploy_timeout: 1h}}\n")
	first := submit(t, s, flood, "v1")
	await(t, s, first, slipway.Probing)
	for _, id := range waiting {
		await(t, s, id, slipway.AwaitingApproval)
	}

	var done, sent atomic.Int64
	bob, ann := newSender(t, s, "bob", &done, &sent), newSender(t, s, "ann", &done, &sent)
	var senders sync.WaitGroup
	for i, id := range waiting {
		senders.Go(func() {
			for g := range auditedGates() {
				body := map[string]string{"gate": fmt.Sprintf("g%d", g), "decision": "approve", "reason": fmt.Sprintf("decision %d of %d", g, i)}
				if _, err := bob.until(ctx, "/releases/"+id+"/decisions", fmt.Sprintf("d-%d-%d", i, g), body); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	file := string(readFile(t, flood))
	var mu sync.Mutex
	answered := map[string]string{} // release ids by reason
	next := make(chan int, auditedReleases())
	for n := range auditedReleases() {
		next <- n
	}
	close(next)
	for range 10 {
		senders.Go(func() {
			for n := range next {
				reason := fmt.Sprintf("release %d", n)
				answer, err := ann.until(ctx, "/releases", fmt.Sprintf("r-%d", n), map[string]string{"service_file": file, "tag": "v1", "reason": reason})
				var r slipway.Release
				if err == nil {
					err = json.Unmarshal(answer, &r)
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				answered[reason] = r.ID
				mu.Unlock()
			}
		})
	}
	all := auditedServices*auditedGates() + auditedReleases()
	for kill := range auditedKills() {
		goal := int64(all * (2*kill + 1) / (2*auditedKills() + 1))
		awaitCount(ctx, t, &done, goal)
		if err := s.Standalone.Kill(); err != nil {
			t.Fatal(err)
		}
		t.Logf("killed after %d of %d were done", done.Load(), all)
		if err := s.Standalone.Start(ctx); err != nil {
			t.Fatal(err)
		}
	}
	senders.Wait()
	if t.Failed() {
		t.FailNow()
	}

	wantEachDecisionOnce(t, s, waiting)
	if len(answered) != auditedReleases() {
		t.Errorf("%d releases were answered, want %d", len(answered), auditedReleases())
	}
	ids := map[string]string{}
	for reason, id := range answered {
		if other, ok := ids[id]; ok {
			t.Errorf("%s is the answer to %q and to %q", id, reason, other)
		}
		ids[id] = reason
	}
	for n := range auditedReleases() { // number 1 was there before
		if id := fmt.Sprintf("search.audited.%d", n+2); ids[id] == "" {
			t.Errorf("%s does not belong to any request, and %d were made", id, auditedReleases())
		}
	}
	wantAllAudited(t, s, answered)
	wantAllCollected(t, s, copied)
	t.Logf("%d requests for %d decisions and releases, %d kills", sent.Load(), all, auditedKills())
	cli(t, s, 0, "abort", first)
	for id := range ids {
		if r := status(t, s, id); r.Phase != slipway.Ended {
			cli(t, s, 0, "abort", id)
		}
	}
	wantEachEndOnce(t, s, append(slices.Collect(maps.Keys(ids)), waiting...))
}

// wantEachEndOnce wants one entry about the end of each release, whoever was
// killed when it was written.
func wantEachEndOnce(t *testing.T, s *system.System, ids []string) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); ; <-tick.C {
		ends, missing := map[string]int{}, 0
		for line := range strings.Lines(as(t, s, "olga", 0, "audit", "--action", "release.end", "--lines").Stdout) {
			ends[decode[slipway.AuditEntry](t, line).Release]++
		}
		for _, id := range ids {
			switch {
			case ends[id] > 1:
				t.Fatalf("the log says %d times how %s ended", ends[id], id)
			case ends[id] == 0:
				missing++
			}
		}
		if missing == 0 {
			t.Logf("%d releases, and one entry about the end of each", len(ids))
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("of %d of %d releases the log does not say how they ended", missing, len(ids))
		}
	}
}

func awaitCount(ctx context.Context, t *testing.T, count *atomic.Int64, goal int64) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for count.Load() < goal {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%d are done, want %d", count.Load(), goal)
		}
	}
}

// wantEachDecisionOnce wants every gate to have exactly the one decision that
// was sent for it.
func wantEachDecisionOnce(t *testing.T, s *system.System, waiting []string) {
	t.Helper()
	for i, id := range waiting {
		r := await(t, s, id, slipway.Ended)
		if *r.Outcome != slipway.Live {
			t.Errorf("%s ended %s: %s", id, *r.Outcome, r.Reason)
		}
		for g, gate := range r.Gates {
			want := fmt.Sprintf("decision %d of %d", g, i)
			if len(gate.Decisions) != 1 || gate.Decisions[0].Reason != want || gate.Decisions[0].By != "bob" {
				t.Errorf("%s, gate %s: %+v, want %q of bob once", id, gate.Name, gate.Decisions, want)
			}
		}
	}
}

// wantAllAudited wants the files of the audit log to be untouched, anchored and
// complete: whatever was done has its intent before its outcome.
func wantAllAudited(t *testing.T, s *system.System, answered map[string]string) {
	t.Helper()
	entries := audited(t, s)
	reasons := map[string]string{}
	for i := range auditedServices {
		for g := range auditedGates() {
			reasons[fmt.Sprintf("decision %d of %d", g, i)] = fmt.Sprintf("search.audited%d.1", i)
		}
	}
	maps.Copy(reasons, answered)
	open, complete := 0, 0
	for reason, id := range reasons {
		byRequest := map[string][]slipway.AuditEntry{}
		for _, e := range slices.Backward(entries[reason]) { // the oldest first
			byRequest[e.Request] = append(byRequest[e.Request], e)
		}
		ok := 0
		for request, e := range byRequest {
			switch {
			case e[0].Kind != slipway.AuditIntent || len(e) > 2:
				t.Errorf("%s of request %s: %+v, want an intent and an outcome", reason, request, e)
			case len(e) == 1:
				open++ // its process was killed
			default:
				complete++
				if e[1].Code == slipway.AuditOK {
					ok++
				}
				if e[1].Code == slipway.AuditOK && e[1].Release != id {
					t.Errorf("%s: the log says %s, the answer was %s", reason, e[1].Release, id)
				}
			}
		}
		if ok == 0 {
			t.Errorf("%s was done, and the log has no outcome of it: %+v", reason, entries[reason])
		}
	}
	t.Logf("%d requests with intent and outcome, %d whose process was killed before the outcome", complete, open)
	if open > auditedKills()*(auditedServices+10) {
		t.Errorf("%d intents have no outcome", open)
	}
	dir := filepath.Join(s.Dir, "standalone", "audit")
	verified := as(t, s, "olga", 0, "audit", "verify", "--dir", dir)
	if !strings.Contains(verified.Stdout, "nothing was changed") || !strings.Contains(verified.Stdout, "anchored up to entry") {
		t.Errorf("verify says\n%s%s", verified.Stdout, verified.Stderr)
	}
	t.Log(strings.TrimSpace(verified.Stdout))
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// What nobody asked the API for is in the log, too.
func TestWhatMachinesDoAndFindIsAudited(t *testing.T) {
	s := start(t)
	svc := service(t, s, "overridden", "strategy: {blue_green: {hold: 10m}}\n")
	push(t, s, "overridden", "v1")
	push(t, s, "overridden", "v2")
	first := release(t, s, svc, "v1", 0)
	second := release(t, s, svc, "v2", 0)
	override := func(to, reason string) {
		t.Helper()
		restore := exec.CommandContext(t.Context(), s.Bin("slipway-edge"), "restore", "search/overridden", "--to", to, "--admin", s.EdgeAdmin(), "--reason", reason)
		restore.Env = append(os.Environ(), "SUDO_USER=otto")
		if out, err := restore.CombinedOutput(); err != nil {
			t.Fatalf("restore on the edge: %v\n%s", err, out)
		}
	}
	// Slipway is away while somebody goes back, and forth, and once more back.
	if err := s.Standalone.Kill(); err != nil {
		t.Fatal(err)
	}
	override(first.ID, "users see errors")
	override(second.ID, "it was the database")
	if err := s.Standalone.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	override(first.ID, "it was not")
	await(t, s, second.ID, slipway.Ended)
	want := []string{first.ID + ": users see errors", second.ID + ": it was the database", first.ID + ": it was not"}
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		list := decode[struct{ Entries []slipway.AuditEntry }](t, as(t, s, "olga", 0, "audit", "--service", "search/overridden", "-o", "json").Stdout)
		var found []string
		for _, e := range slices.Backward(list.Entries) { // the oldest first
			if e.Action == "edge.override" {
				found = append(found, e.Release+": "+e.Reason)
				if e.User != "operator:otto" || e.Edge != "e1" || e.After["at"] == "" {
					t.Errorf("the override is %+v", e)
				}
			}
		}
		if slices.Equal(found, want) {
			break
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the overrides in the log are %q, want %q", found, want)
		}
	}
	processes := as(t, s, "olga", 0, "audit", "--action", "process.started").Stdout
	if !strings.Contains(processes, "process.started") {
		t.Errorf("the log does not say when the process was started: %s", processes)
	}
}
