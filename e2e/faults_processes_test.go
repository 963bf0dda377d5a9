package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/e2e/system"
)

// refusedStart runs a program that is to end by itself, soon, with a message.
func refusedStart(t *testing.T, s *system.System, env []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.Bin(name), args...)
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); !errors.As(err, new(*exec.ExitError)) || ctx.Err() != nil {
		t.Fatalf("%s %s: %v, want it to end with an error: %s", name, strings.Join(args, " "), err, &stderr)
	}
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	return lines[len(lines)-1]
}

func TestStandaloneSaysWhyItDoesNotStart(t *testing.T) {
	s := start(t)
	listen := strings.TrimPrefix(s.URL, "http://")
	told(t, "port in use", refusedStart(t, s, nil, "slipway-standalone",
		"--data", t.TempDir(), "--fleet", s.FleetFile(), "--listen", listen, "--temporal-listen", "127.0.0.1:0"), "refused")
	told(t, "data directory in use", refusedStart(t, s, nil, "slipway-standalone",
		"--data", filepath.Join(s.Dir, "standalone"), "--fleet", s.FleetFile(), "--listen", "127.0.0.1:0", "--temporal-listen", "127.0.0.1:0"), "refused")
	broken := filepath.Join(t.TempDir(), "fleet.yaml")
	if err := os.WriteFile(broken, []byte("hosts:\n  - {name: h1, dokcer: unix:///run/docker.sock}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	told(t, "fleet file broken at the start", refusedStart(t, s, nil, "slipway-standalone",
		"--data", t.TempDir(), "--fleet", broken, "--listen", "127.0.0.1:0", "--temporal-listen", "127.0.0.1:0"), "refused")
	for name, version := range map[string]string{"database of an older schema": "1.28.0", "database of a newer schema": "1.99.0"} {
		data := t.TempDir()
		if err := os.CopyFS(data, os.DirFS(filepath.Join(s.Dir, "standalone"))); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(data, "signing.key"), 0o600); err != nil { // which the copy is not
			t.Fatal(err)
		}
		file := filepath.Join(data, "schema.json")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text = regexp.MustCompile(`1\.\d+\.\d+`).ReplaceAll(text, []byte(version))
		text = bytes.Replace(text, []byte(`"digest": "`), []byte(`"digest": "00`), 1)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		told(t, name, refusedStart(t, s, nil, "slipway-standalone",
			"--data", data, "--fleet", s.FleetFile(), "--listen", "127.0.0.1:0", "--temporal-listen", "127.0.0.1:0"), "refused")
	}
}

func TestAFleetFileThatIsBrokenWhileRunningIsRefusedAndTheOldOneStays(t *testing.T) {
	s := start(t)
	before, err := os.ReadFile(s.FleetFile())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { writeFleet(t, s, string(before)) })
	writeFleet(t, s, strings.Replace(string(before), "registries:", "registreis:", 1))
	said := regexp.MustCompile(`msg="(Fleet file refused[^"]*)".* error="((?:[^"\\]|\\.)*)"`)
	var found []string
	eventually(t, func() error {
		if found = said.FindStringSubmatch(s.Standalone.Log()); found == nil {
			return fmt.Errorf("nothing about the fleet file in the log: %s", s.Standalone.Log())
		}
		return nil
	})
	told(t, "fleet file broken while running", found[1]+": "+strings.ReplaceAll(found[2], `\n`, " "), "live")
	file := service(t, s, "brokenfleet", "")
	push(t, s, "brokenfleet", "v1")
	release(t, s, file, "v1", 0)
}

func TestTemporalThatIsAwayIsSaidAndNothingIsLost(t *testing.T) {
	s := start(t)
	env := []string{"TEMPORAL_ADDRESS=" + s.Temporal}
	data := t.TempDir()
	args := []string{"--fleet", s.FleetFile(), "--data", data}
	if err := s.Trust(t.Context(), filepath.Join(s.Dir, "standalone"), data); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Trust(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	apiArgs := append([]string{"api", "--listen", "127.0.0.1:0"}, args...)
	workerArgs := append([]string{"worker"}, args...)
	file := service(t, s, "temporalaway", "strategy: {blue_green: {hold: 0s, drain_timeout: 1s}}\n")
	push(t, s, "temporalaway", "v1")
	push(t, s, "temporalaway", "v2")
	release(t, s, file, "v1", 0)

	if err := s.Standalone.Kill(); err != nil {
		t.Fatal(err)
	}
	back := func() {
		if err := s.Standalone.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	told(t, "Temporal away when the API starts", refusedStart(t, s, env, "slipway", apiArgs...), "refused")
	told(t, "Temporal away when a worker starts", refusedStart(t, s, env, "slipway", workerArgs...), "refused")
	back()

	// A free port, looked for only now: the standalone has taken some as it came
	// back.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	apiArgs[2] = l.Addr().String()
	url := "http://" + apiArgs[2]
	l.Close()
	for _, args := range [][]string{apiArgs, workerArgs} {
		cmd := exec.CommandContext(t.Context(), s.Bin("slipway"), args...)
		cmd.Env = append(os.Environ(), env...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Wait() }) // the test's context has ended it by then
	}
	ready := func() (int, string) {
		resp, err := http.Get(url + "/readyz")
		if err != nil {
			return 0, err.Error()
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body)
	}
	awaitReady := func(want int) (said string) {
		eventually(t, func() error {
			status, text := ready()
			if said = text; status != want {
				return fmt.Errorf("the API is ready: %d %s, want %d", status, text, want)
			}
			return nil
		})
		return said
	}
	awaitReady(http.StatusOK)
	login := s.Command(t.Context(), "ann", "login", "--user", "ann", "--password-stdin")
	login.Env, login.Stdin = append(login.Env, "SLIPWAY_URL="+url), strings.NewReader(system.Password+"\n")
	if out, err := login.CombinedOutput(); err != nil {
		t.Fatalf("sign in: %v: %s", err, out)
	}

	if err := s.Standalone.Kill(); err != nil {
		t.Fatal(err)
	}
	problem := decode[struct {
		Detail string `json:"detail"`
	}](t, awaitReady(http.StatusServiceUnavailable))
	told(t, "Temporal away while the API runs", problem.Detail, "live")
	released := make(chan system.Result, 1)
	go func() {
		cmd := s.Command(t.Context(), "ann", "release", "-f", file, "--tag", "v2", "--wait")
		cmd.Env = append(cmd.Env, "SLIPWAY_URL="+url)
		out, _ := cmd.CombinedOutput()
		released <- system.Result{Status: cmd.ProcessState.ExitCode(), Stdout: string(out)}
	}()
	select {
	case r := <-released:
		t.Errorf("the command did not wait for Temporal: status %d: %s", r.Status, r.Stdout)
	case <-time.After(time.Second):
	}
	back()
	if r := <-released; r.Status != 0 {
		t.Errorf("the command ended with status %d: %s", r.Status, r.Stdout)
	}
	if ended := await(t, s, "search.temporalaway.2", slipway.Ended); *ended.Outcome != slipway.Live {
		t.Errorf("outcome %s (%s), want live", *ended.Outcome, ended.Reason)
	}
	wantContainers(t, s, "temporalaway", "search.temporalaway.2")
}
