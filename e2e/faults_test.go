package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"

	"slipway"
	"slipway/e2e/lab"
	"slipway/e2e/system"
)

// A fault is one thing that goes wrong with version v2 of a service of which v1
// serves.
type fault struct {
	name   string                        // in docs/faults.md
	limits string                        // more keys of container in the service file
	more   string                        // of the service file
	before []string                      // environment of v1
	env    []string                      // of v2
	arm    func(t *testing.T, f *faulty) // before v2 is released
	then   func(t *testing.T, f *faulty) // once it is on its way
	check  func(t *testing.T, f *faulty) // what is left, where that is not what serves and nothing else
}

// faulty is a fault while it happens.
type faulty struct {
	*fault
	*system.System
	service, file string
	first, second string // releases
}

// TestEachFaultEndsWithAMessageWorthReading lets them all happen at the same
// time, each to a service of its own.
func TestEachFaultEndsWithAMessageWorthReading(t *testing.T) {
	t.Parallel() // it has a system of its own
	s := own(t, system.Options{Proxied: true})
	var happening []*faulty
	for i := range faults {
		f := &faulty{fault: &faults[i], System: s, service: fmt.Sprintf("fault%d", i)}
		more := f.more
		if !strings.Contains(more, "strategy:") {
			more += "strategy: {blue_green: {hold: 0s, drain_timeout: 1s}}\n"
		}
		f.file = service(t, s, f.service, more)
		f.limit(t)
		push(t, s, f.service, "v1", f.before...)
		f.first = submit(t, s, f.file, "v1")
		happening = append(happening, f)
	}
	// Those that a person has a part in begin last and are seen to first: what
	// they wait for does not wait for ever. The others end by themselves.
	byPerson := func(f *faulty) bool { return f.then != nil }
	slices.SortStableFunc(happening, func(a, b *faulty) int {
		switch {
		case byPerson(b) && !byPerson(a):
			return -1
		case byPerson(a) && !byPerson(b):
			return 1
		}
		return 0
	})
	for _, f := range happening {
		if f.more != "" && strings.Contains(f.more, "gates:") {
			await(t, s, f.first, slipway.AwaitingApproval)
			as(t, s, "bob", 0, "approve", f.first)
		}
		if first := await(t, s, f.first, slipway.Ended); *first.Outcome != slipway.Live {
			t.Fatalf("%s: v1 ended %s (%s)", f.name, *first.Outcome, first.Reason)
		}
		push(t, s, f.service, "v2", f.env...)
		if f.arm != nil {
			f.arm(t, f)
		}
		f.second = submit(t, s, f.file, "v2")
	}
	away := releaseToHostsThatAreAway(t, s)
	persons := slices.IndexFunc(happening, byPerson)
	happening = slices.Concat(happening[persons:], happening[:persons])
	for _, f := range happening {
		t.Run(f.name, func(t *testing.T) {
			if f.then != nil {
				f.then(t, f)
			}
			ended := await(t, s, f.second, slipway.Ended)
			toldEnd(t, f.name, ended)
			serves, live := "v1", f.first
			if *ended.Outcome == slipway.Live {
				serves, live = "v2", f.second
			}
			if got := ask(t, s, f.service); got != serves {
				t.Errorf("%s serves, want %s", got, serves)
			}
			if f.check != nil {
				f.check(t, f)
				return
			}
			wantContainers(t, s, f.service, live)
		})
	}
	for _, r := range away {
		t.Run(r.fault, func(t *testing.T) { toldEnd(t, r.fault, await(t, s, r.id, slipway.Ended)) })
	}
}

// limit puts more keys of the container into the service file.
func (f *faulty) limit(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(f.file)
	if err != nil {
		t.Fatal(err)
	}
	limited := strings.Replace(string(text), "container: {port: 8080", "container: {port: 8080"+f.limits, 1)
	if err := os.WriteFile(f.file, []byte(limited), 0o600); err != nil {
		t.Fatal(err)
	}
}

// at matches the requests about the service to a registry.
func (f *faulty) at(method, part string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		return r.Method == method && strings.HasPrefix(r.URL.Path, "/v2/search/"+f.service+"/") && strings.Contains(r.URL.Path, part)
	}
}

// asked matches every request about the service to a registry.
func (f *faulty) asked(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/v2/search/"+f.service+"/")
}

// pulls matches the engine being told to pull the service's image.
func (f *faulty) pulls(r *http.Request) bool {
	return strings.HasSuffix(r.URL.Path, "/images/create") && strings.HasSuffix(r.URL.Query().Get("fromImage"), "/"+f.service)
}

// on arms a fault for as long as the test goes on.
func (f *faulty) on(t *testing.T, p *lab.Proxy, match func(*http.Request) bool, do func(http.ResponseWriter, *http.Request, http.Handler)) {
	t.Cleanup(p.Arm(lab.Fault{Match: match, Do: do}))
}

// first makes a match of its first so many.
func first(n int32, match func(*http.Request) bool) func(*http.Request) bool {
	var seen atomic.Int32
	return func(r *http.Request) bool { return match(r) && seen.Add(1) <= n }
}

// abort is what a person does when the release has come so far.
func abort(phase slipway.Phase) func(*testing.T, *faulty) {
	return func(t *testing.T, f *faulty) {
		t.Helper()
		if r := await(t, f.System, f.second, phase); r.Phase != phase {
			t.Fatalf("%s is %s, want %s", f.second, r.Phase, phase)
		}
		cli(t, f.System, 0, "abort", f.second, "--reason", "wrong branch")
	}
}

// engineAPI is the engine as somebody with a shell on the host has it.
func (f *faulty) engineAPI(t *testing.T) *client.Client {
	t.Helper()
	api, err := client.NewClientWithOpts(client.WithHost(f.Docker().Docker), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { api.Close() })
	return api
}

func (f *faulty) removeByHand(t *testing.T, name string) {
	t.Helper()
	if err := f.engineAPI(t).ContainerRemove(t.Context(), name, container.RemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
}

func (f *faulty) stopByHand(t *testing.T, name string) {
	t.Helper()
	now := 0
	if err := f.engineAPI(t).ContainerStop(t.Context(), name, container.StopOptions{Timeout: &now}); err != nil {
		t.Fatal(err)
	}
}

// gated is the part of a service file that has approvers decide.
const gated = "gates: [{name: go, approvers: {role: approver}}]\n"

var faults = []fault{
	{
		name: "aborted while verifying",
		arm:  func(t *testing.T, f *faulty) { f.on(t, f.Between.Source, f.asked, lab.Hung) },
		then: abort(slipway.Verifying),
	},
	{
		name: "source registry down",
		arm:  func(t *testing.T, f *faulty) { f.on(t, f.Between.Source, f.asked, lab.Broken) },
	},
	{
		name: "source registry slow",
		arm: func(t *testing.T, f *faulty) {
			f.on(t, f.Between.Source, f.asked, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				select {
				case <-time.After(500 * time.Millisecond):
				case <-r.Context().Done():
				}
				next.ServeHTTP(w, r)
			})
		},
	},
	{
		name: "source registry refuses the credentials (401)",
		arm: func(t *testing.T, f *faulty) {
			f.on(t, f.Between.Source, f.asked, lab.Refused(http.StatusUnauthorized, `{"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}`))
		},
	},
	{
		name: "source registry has had too many requests (429), for a moment",
		arm: func(t *testing.T, f *faulty) {
			f.on(t, f.Between.Source, first(2, f.asked), lab.Refused(http.StatusTooManyRequests, "slow down", "Retry-After", "1"))
		},
	},
	{
		name: "source registry has had too many requests (429), for long",
		arm: func(t *testing.T, f *faulty) {
			f.on(t, f.Between.Source, f.asked, lab.Refused(http.StatusTooManyRequests, "slow down", "Retry-After", "60"))
		},
	},
	{
		name: "blob cut while it is copied",
		arm: func(t *testing.T, f *faulty) {
			f.on(t, f.Between.Source, first(3, f.at("GET", "/blobs/")), func(w http.ResponseWriter, r *http.Request, next http.Handler) { lab.Cut(w, r, next, 100) })
		},
	},
	{
		name: "blob cut while it is pulled",
		arm: func(t *testing.T, f *faulty) {
			f.on(t, f.Between.Production, first(3, f.at("GET", "/blobs/")), func(w http.ResponseWriter, r *http.Request, next http.Handler) { lab.Cut(w, r, next, 100) })
		},
	},
	{
		name: "production registry down for a moment",
		arm:  func(t *testing.T, f *faulty) { f.on(t, f.Between.Production, first(2, f.asked), lab.Broken) },
	},
	{
		name: "image for another platform",
		arm: func(t *testing.T, f *faulty) {
			_, err := lab.Push(t.Context(), f.Source.Address()+"/search/"+f.service+":v2", lab.Image{Binary: f.App, Port: 8080, Platform: "linux/arm64"})
			if err != nil {
				t.Fatal(err)
			}
		},
	},
	{
		name: "index of several platforms",
		arm: func(t *testing.T, f *faulty) {
			_, err := lab.PushIndex(t.Context(), f.Source.Address()+"/search/"+f.service+":v2",
				lab.Image{Binary: f.App, Port: 8080, Platform: "linux/arm64", Env: []string{"VERSION=arm"}},
				lab.Image{Binary: f.App, Port: 8080, Env: []string{"VERSION=v2"}})
			if err != nil {
				t.Fatal(err)
			}
		},
	},
	{
		name: "tag moved after it was verified",
		arm: func(t *testing.T, f *faulty) {
			// The image changes under the tag at the last moment before the host pulls.
			f.on(t, f.Between.Docker, first(1, f.pulls), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if _, err := f.Push(r.Context(), "search/"+f.service, "v2", "VERSION=moved"); err != nil {
					t.Error(err)
				}
				next.ServeHTTP(w, r)
			})
		},
	},
	{
		name: "process exits at once",
		env:  []string{"EXIT_AFTER_MS=0", "EXIT_CODE=7", "EXIT_MESSAGE=no index at /data"},
	},
	{
		name: "never ready",
		more: "strategy: {blue_green: {deploy_timeout: 2s}}\n",
		env:  []string{"READY_MS=never"},
	},
	{
		name:   "out of memory",
		limits: ", mem_limit: 32m",
		env:    []string{"ALLOC_MB=256", "READY_MS=never"},
	},
	{
		name: "dies at the gate, before the switch",
		more: gated,
		then: func(t *testing.T, f *faulty) {
			await(t, f.System, f.second, slipway.AwaitingApproval)
			f.stopByHand(t, f.second)
			as(t, f.System, "bob", 0, "approve", f.second)
		},
	},
	{
		name: "deleted by hand at the gate",
		more: gated,
		then: func(t *testing.T, f *faulty) {
			await(t, f.System, f.second, slipway.AwaitingApproval)
			f.removeByHand(t, f.second)
			as(t, f.System, "bob", 0, "approve", f.second)
		},
	},
	{
		name: "dies right after the switch",
		more: "strategy: {blue_green: {hold: 10m, drain_timeout: 1s}}\n",
		then: func(t *testing.T, f *faulty) {
			await(t, f.System, f.second, slipway.Holding)
			f.stopByHand(t, f.second)
		},
	},
	{
		name:   "pre_deploy fails",
		more:   "pre_deploy: {command: [migrate]}\n",
		before: []string{"MIGRATED=/dev/null"},
		env:    []string{"MIGRATED=/dev/null", "MIGRATE_EXIT=3"},
	},
	{
		name: "never ready, when the old version was stopped first",
		more: "strategy: {blue_green: {order: stop_first, deploy_timeout: 2s}}\n",
		env:  []string{"READY_MS=never"},
	},
	{
		name: "cannot be started, and the old version would be stopped first",
		more: "strategy: {blue_green: {order: stop_first}}\n",
		arm: func(t *testing.T, f *faulty) {
			text := filepath.Join(t.TempDir(), "app")
			if err := os.WriteFile(text, []byte("not a program"), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := lab.Push(t.Context(), f.Source.Address()+"/search/"+f.service+":v2", lab.Image{Binary: text, Port: 8080}); err != nil {
				t.Fatal(err)
			}
		},
		check: func(t *testing.T, f *faulty) {
			blue, err := f.engineAPI(t).ContainerInspect(t.Context(), f.first)
			if err != nil {
				t.Fatal(err)
			}
			began, err := time.Parse(time.RFC3339Nano, blue.State.StartedAt)
			if err != nil || began.After(status(t, f.System, f.second).StartedAt) {
				t.Errorf("the old version was stopped: it has run since %s only (%v)", began, err)
			}
		},
	},
	{
		name: "dies while the old version is stopped",
		more: "strategy: {blue_green: {order: stop_first, hold: 10m, drain_timeout: 1s}}\n",
		then: func(t *testing.T, f *faulty) {
			await(t, f.System, f.second, slipway.Holding)
			f.stopByHand(t, f.second)
		},
	},
	{
		name:   "old version ignores SIGTERM",
		limits: ", stop_grace_period: 1s",
		before: []string{"IGNORE_SIGTERM=1"},
	},
	{
		name: "another container in our name",
		arm: func(t *testing.T, f *faulty) {
			id := slipway.ReleaseID{ServiceID: slipway.ServiceID{Project: "search", Service: f.service}, Number: 2}
			api := f.engineAPI(t)
			_, err := api.ContainerCreate(t.Context(), &container.Config{Image: imageOf(t, api, f.first)}, nil, nil, nil, id.ContainerName(0))
			if err != nil {
				t.Fatal(err)
			}
		},
		check: func(t *testing.T, f *faulty) {
			api := f.engineAPI(t)
			if _, err := api.ContainerInspect(t.Context(), f.second); err != nil {
				t.Errorf("what somebody else made has gone: %v", err)
			}
			f.removeByHand(t, f.second)
		},
	},
	{
		name: "aborted while replicating",
		arm:  func(t *testing.T, f *faulty) { f.on(t, f.Between.Production, f.asked, lab.Hung) },
		then: abort(slipway.Replicating),
	},
	{
		name: "aborted while pulling",
		arm:  func(t *testing.T, f *faulty) { f.on(t, f.Between.Docker, f.pulls, lab.Hung) },
		then: abort(slipway.Deploying),
	},
	{
		name: "aborted while probing",
		env:  []string{"READY_MS=never"},
		then: abort(slipway.Probing),
	},
	{
		name: "aborted at a gate",
		more: gated,
		then: abort(slipway.AwaitingApproval),
	},
	{
		name: "aborted while switching",
		more: "strategy: {blue_green: {hold: 0s, switch_timeout: 10m}}\n",
		arm: func(t *testing.T, f *faulty) {
			f.on(t, f.Between.Edge, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/"+f.service+"/stage") }, lab.Hung)
		},
		then: abort(slipway.Switching),
	},
	{
		name: "edge does not take the switch in time",
		more: "strategy: {blue_green: {hold: 0s, switch_timeout: 2s}}\n",
		arm: func(t *testing.T, f *faulty) {
			f.on(t, f.Between.Edge, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/"+f.service+"/commit") }, lab.Broken)
		},
	},
}

func imageOf(t *testing.T, api *client.Client, name string) string {
	t.Helper()
	found, err := api.ContainerInspect(context.WithoutCancel(t.Context()), name)
	if err != nil {
		t.Fatal(err)
	}
	return found.Image
}

// eventually repeats check until it succeeds, for up to 20 seconds.
func eventually(t testing.TB, check func() error) {
	t.Helper()
	if err := within(t.Context(), 20*time.Second, 20*time.Millisecond, check); err != nil {
		t.Fatal(err)
	}
}

// within repeats check until it succeeds, and returns its error when the time is
// up.
func within(ctx context.Context, patience, interval time.Duration, check func() error) error {
	deadline := time.After(patience)
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-deadline:
			return err
		case <-ctx.Done():
			return err
		}
	}
}
