package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"slipway/cmd/slipway/internal/client"
)

// TestMain lets scripts run this very binary as slipway, which waits less long
// for a server that does not answer.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"slipway": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			patience := client.Patience{Answer: 5 * time.Second, Retry: 3 * time.Second, Watch: 3 * time.Second, Quiet: 5 * time.Second}
			os.Exit(newProgram(patience).run(ctx, os.Args[1:]))
		},
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			server := newFakeServer()
			env.Defer(server.close)
			env.Values["server"] = server
			env.Setenv("SLIPWAY_URL", server.URL)
			env.Setenv("SLIPWAY_HOME", env.WorkDir+"/home/slipway")
			env.Setenv("SLIPWAY_TOKEN", "token-of-ann")
			env.Setenv("TZ", "UTC")
			env.Setenv("GORACE", "atexit_sleep_ms=20") // and not a second for each command
			return os.WriteFile(env.WorkDir+"/service.yaml", []byte(serviceFile), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":   exitsWith,
			"json":     holdsJSON,
			"requests": showRequests,
			"busy":     makeBusy,
			"seen":     awaitLook,
			"await":    awaitPhase,
			"mode":     hasMode,
			"auditlog": writeAuditLog,
		},
		RequireUniqueNames: true,
	})
}

const serviceFile = `project: search
service: query-api
image: search/query-api
container: {port: 8080}
route: {host: query.example.com}
`

func (s *fakeServer) close() {
	s.mu.Lock()
	s.moved.Broadcast()
	s.mu.Unlock()
	s.CloseClientConnections()
	s.Close()
}

func of(ts *testscript.TestScript) *fakeServer { return ts.Value("server").(*fakeServer) }

// exitsWith runs a command that exits with a status: status 3 slipway ….
func exitsWith(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}

// holdsJSON checks that a file is exactly one JSON value with a text at a
// path: json stdout .error.code invalid.
func holdsJSON(ts *testscript.TestScript, _ bool, args []string) {
	decoder := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	var value any
	ts.Check(decoder.Decode(&value))
	if _, err := decoder.Token(); err != io.EOF {
		ts.Fatalf("%s holds more than one JSON value", args[0])
	}
	for key := range strings.SplitSeq(strings.Trim(args[1], "."), ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(v) {
				ts.Fatalf("%s has no %s", args[0], args[1])
			}
			value = v[i]
		}
	}
	if got := fmt.Sprint(value); got != args[2] {
		ts.Fatalf("%s of %s is %q, want %q", args[1], args[0], got, args[2])
	}
}

// showRequests checks how many requests of a kind arrived: requests 1 'POST
// /api/v1/releases'.
func showRequests(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.requests {
		if r == args[1] {
			n++
		}
	}
	if strconv.Itoa(n) != args[0] {
		ts.Fatalf("%d requests %q, want %s, in %q", n, args[1], args[0], s.requests)
	}
}

// makeBusy has the next requests answered with 503: busy 2.
func makeBusy(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	s := of(ts)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = n
}

// awaitLook waits until somebody has looked at a release: seen ID.
func awaitLook(ts *testscript.TestScript, _ bool, args []string) {
	of(ts).await(ts, args[0], func(p *play) bool { return p.seen != "" })
}

// awaitPhase waits until somebody has seen a release in a phase: await ID PHASE.
func awaitPhase(ts *testscript.TestScript, _ bool, args []string) {
	of(ts).await(ts, args[0], func(p *play) bool { return string(p.seen) == args[1] })
}

func (s *fakeServer) await(ts *testscript.TestScript, id string, holds func(*play) bool) {
	deadline := time.Now().Add(10 * time.Second)
	late := time.AfterFunc(10*time.Second, s.moved.Broadcast)
	defer late.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.releases[id] == nil || !holds(s.releases[id]) {
		if time.Now().After(deadline) {
			ts.Fatalf("waited for %s for too long", id)
		}
		s.moved.Wait()
	}
}

// hasMode checks the mode of a file: mode 600 FILE.
func hasMode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := strconv.FormatUint(uint64(info.Mode().Perm()), 8); got != args[0] {
		ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
	}
}
