// Package engine tests the Docker driver on real Docker Engines.
package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/client"
	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/drivers/docker"
	"slipway/e2e/lab"
)

// app is the test service, built once.
var app = sync.OnceValues(func() (string, error) { return lab.BuildApp(context.Background(), buildDir) })

// An engineLab is an engine, the driver under test, and an image on it.
type engineLab struct {
	*lab.Engine
	docker   *docker.Engine
	registry *lab.Registry
	image    string // by digest, pulled
}

// newEngineLab is an engine that a test may do with as it likes.
func newEngineLab(t *testing.T) engineLab {
	t.Helper()
	e, err := startEngineLab(t.Context())
	t.Cleanup(func() {
		if err := e.close(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// shared is an engine for tests that leave dockerd as it is, started by the
// first one. TestMain ends it.
var shared struct {
	once sync.Once
	lab  engineLab
	err  error
}

// sharedEngineLab is an engine without containers, which tests have one after
// the other.
func sharedEngineLab(t *testing.T) engineLab {
	t.Helper()
	shared.once.Do(func() { shared.lab, shared.err = startEngineLab(context.Background()) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	t.Cleanup(shared.lab.RemoveContainers)
	return shared.lab
}

func startEngineLab(ctx context.Context) (e engineLab, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if e.Engine, err = lab.StartEngineFor(ctx, way); err != nil {
		return e, err
	}
	if e.registry, err = lab.StartRegistry(ctx); err != nil {
		return e, err
	}
	if e.docker, err = docker.Dial(e.Reached()); err != nil {
		return e, err
	}
	if e.image, err = e.pushed(ctx, lab.Image{Env: []string{"FROM_IMAGE=secret-of-the-image"}}); err != nil {
		return e, err
	}
	_, err = e.docker.Pull(ctx, e.image, slipway.RegistryAuth{}, func(slipway.Progress) {})
	return e, err
}

// close ends what has been started.
func (e engineLab) close() error {
	var errs []error
	if e.docker != nil {
		errs = append(errs, e.docker.Close())
	}
	if e.registry != nil {
		errs = append(errs, e.registry.Close())
	}
	if e.Engine != nil {
		errs = append(errs, e.Engine.Close())
	}
	return errors.Join(errs...)
}

// push puts an image of the test service into the registry and returns its
// reference by digest.
func (e engineLab) push(t *testing.T, image lab.Image) string {
	t.Helper()
	ref, err := e.pushed(t.Context(), image)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func (e engineLab) pushed(ctx context.Context, image lab.Image) (ref string, err error) {
	if image.Binary, err = app(); err != nil {
		return "", err
	}
	repository := e.registry.Address() + "/search/query-api"
	digest, err := lab.Push(ctx, repository+":v1", image)
	return repository + "@" + digest, err
}

// spec is release n of a service, with some environment.
func (e engineLab) spec(n int, environment map[string]string) slipway.ContainerSpec {
	id := slipway.ReleaseID{ServiceID: slipway.ServiceID{Project: "search", Service: "query-api"}, Number: n}
	return slipway.ContainerSpec{
		Name:  id.ContainerName(0),
		Image: e.image,
		Labels: map[string]string{
			slipway.LabelProject: id.Project,
			slipway.LabelService: id.Service,
			slipway.LabelRelease: id.String(),
		},
		Container: slipway.Container{
			Port:            8080,
			Restart:         slipway.DefaultRestart,
			StopGracePeriod: slipway.DefaultStopGracePeriod,
		},
		Environment: environment,
	}
}

func (e engineLab) start(t *testing.T, spec slipway.ContainerSpec) slipway.ContainerState {
	t.Helper()
	state, err := e.docker.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// answer asks the service until it answers, and returns what it said.
func answer(t *testing.T, address string) string {
	t.Helper()
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	var said string
	eventually(t, func() error {
		resp, err := client.Get("http://" + address + "/")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		said = strings.TrimSpace(string(body))
		return err
	})
	return said
}

// eventually repeats check until it succeeds, for up to 20 seconds.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-tick.C:
		}
	}
}

func TestEngineSaysWhatItIs(t *testing.T) {
	e := sharedEngineLab(t)
	facts, err := e.docker.Facts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if facts.Platform != "linux/amd64" || facts.Version == "" || facts.Kernel == "" || facts.StorageDriver == "" || !facts.LiveRestore || facts.Answered <= 0 {
		t.Errorf("facts are incomplete: %+v", facts)
	}
}

func TestEngineStartsAContainerThatServesOnTheBridgeAndOnAHostPort(t *testing.T) {
	e := sharedEngineLab(t)
	spec := e.spec(1, map[string]string{"VERSION": "v1"})
	spec.Publish = &slipway.Publish{Address: "127.0.0.1", Ports: slipway.PortRange{First: 20000, Last: 20999}}
	c := e.start(t, spec)
	if got := answer(t, slipway.HostPort(c.Address, 8080)); got != "v1" {
		t.Errorf("on the bridge it says %q, want v1", got)
	}
	if got := answer(t, slipway.HostPort("127.0.0.1", c.HostPort)); got != "v1" {
		t.Errorf("on the host it says %q, want v1", got)
	}
	if !c.Running || c.Exit != nil || c.StartedAt.IsZero() || c.Image == "" || c.Labels[slipway.LabelRelease] != "search.query-api.1" {
		t.Errorf("state is incomplete: %+v", c)
	}
}

func TestEngineStartingTwiceFindsTheSameContainer(t *testing.T) {
	e := sharedEngineLab(t)
	first := e.start(t, e.spec(1, nil))
	again := e.start(t, e.spec(1, nil))
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("a repeated start changed the container (-first +again):\n%s", diff)
	}
	other := e.spec(1, nil)
	other.Labels[slipway.LabelService] = "another"
	if _, err := e.docker.Start(t.Context(), other); slipway.ErrorCode(err) != slipway.CodeConflict {
		t.Errorf("with other labels: got %v, want a conflict", err)
	}
}

func TestEngineStartsAtTheSameTimeGetDifferentPlaces(t *testing.T) {
	e := sharedEngineLab(t)
	second, err := docker.Dial(e.Reached()) // as another process has it
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	const n = 6
	states, errs := make([]slipway.ContainerState, n), make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			driver := []*docker.Engine{e.docker, second}[i%2]
			spec := e.spec(i+1, nil)
			spec.Publish = &slipway.Publish{Address: "127.0.0.1", Ports: slipway.PortRange{First: 21000, Last: 21099}}
			states[i], errs[i] = driver.Start(t.Context(), spec)
		})
	}
	all.Wait()
	addresses, ports := map[string]bool{}, map[int]bool{}
	for i := range n {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		addresses[states[i].Address], ports[states[i].HostPort] = true, true
		answer(t, slipway.HostPort(states[i].Address, 8080))
	}
	if len(addresses) != n || len(ports) != n {
		t.Errorf("%d containers have %d addresses and %d ports", n, len(addresses), len(ports))
	}
}

func TestEngineKeepsAddressesOverEveryRestart(t *testing.T) {
	e := newEngineLab(t)
	var before []slipway.ContainerState
	for n := range 3 {
		spec := e.spec(n+1, map[string]string{"VERSION": fmt.Sprint("v", n+1)})
		spec.Publish = &slipway.Publish{Address: "127.0.0.1", Ports: slipway.PortRange{First: 22000, Last: 22999}}
		before = append(before, e.start(t, spec))
	}
	for _, restart := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"dockerd killed and started", e.Restart},
		{"all containers stopped and started", e.StopContainersAndRestart},
		{"power failure", e.Reboot},
	} {
		if err := restart.do(t.Context()); err != nil {
			t.Fatalf("%s: %v", restart.name, err)
		}
		for n, c := range before {
			if got, want := answer(t, slipway.HostPort(c.Address, 8080)), fmt.Sprint("v", n+1); got != want {
				t.Errorf("after %s: %s serves %q, want %q", restart.name, c.Address, got, want)
			}
			after, err := e.docker.Inspect(t.Context(), c.Name)
			if err != nil {
				t.Fatal(err)
			}
			if after.Address != c.Address || after.HostPort != c.HostPort || after.ID != c.ID {
				t.Errorf("after %s: container is %+v, was %+v", restart.name, after, c)
			}
		}
	}
}

func TestEngineDoesNotGiveAFreedAddressToTheNextContainer(t *testing.T) {
	e := sharedEngineLab(t)
	first := e.start(t, e.spec(1, nil))
	second := e.start(t, e.spec(2, nil))
	if err := e.docker.Remove(t.Context(), second.Name, time.Second); err != nil {
		t.Fatal(err)
	}
	third := e.start(t, e.spec(3, nil))
	if third.Address == second.Address || third.Address == first.Address {
		t.Errorf("the third container is at %s; the first is at %s, the second was at %s", third.Address, first.Address, second.Address)
	}
}

func TestEngineTakesAnotherPortWhenSomebodyElseHasIt(t *testing.T) {
	e := sharedEngineLab(t)
	somebody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer somebody.Close()
	taken := somebody.Addr().(*net.TCPAddr).Port
	spec := e.spec(1, nil)
	spec.Publish = &slipway.Publish{Address: "127.0.0.1", Ports: slipway.PortRange{First: taken, Last: taken + 5}}
	c := e.start(t, spec)
	if c.HostPort == taken {
		t.Errorf("it is published on port %d, which is taken", c.HostPort)
	}
	answer(t, slipway.HostPort("127.0.0.1", c.HostPort))
}

func TestEngineMakesItsNetworkAgain(t *testing.T) {
	e := newEngineLab(t)
	c := e.start(t, e.spec(1, nil))
	if err := e.docker.Remove(t.Context(), c.Name, 0); err != nil {
		t.Fatal(err)
	}
	raw, err := client.NewClientWithOpts(client.WithHost(e.Host()), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if err := raw.NetworkRemove(t.Context(), slipway.Network); err != nil {
		t.Fatal(err)
	}
	answer(t, slipway.HostPort(e.start(t, e.spec(2, nil)).Address, 8080))
}

func TestEngineAppliesEverySettingOfTheContainer(t *testing.T) {
	e := sharedEngineLab(t)
	spec := e.spec(1, map[string]string{"VERSION": "v1"})
	data := t.TempDir()
	spec.Container = slipway.Container{
		Port:            8080,
		Entrypoint:      []string{"/app"},
		Command:         []string{"--ignored"},
		User:            "1000:1000",
		WorkingDir:      "/data",
		MemLimit:        64 << 20,
		CPUs:            0.5,
		Restart:         "on-failure",
		StopSignal:      "SIGINT",
		StopGracePeriod: slipway.Duration(1500 * time.Millisecond),
		ReadOnly:        true,
		CapAdd:          []string{"NET_ADMIN"},
		CapDrop:         []string{"NET_RAW"},
		Devices:         []slipway.Device{{Source: "/dev/null", Target: "/dev/fuse", Permissions: "rw"}},
		Ulimits:         map[string]slipway.Ulimit{"nofile": {Soft: 1024, Hard: 2048}},
		Volumes:         []slipway.Volume{{Source: data, Target: "/data", ReadOnly: true}},
		Labels:          map[string]string{"team": "search"},
	}
	c := e.start(t, spec)
	answer(t, slipway.HostPort(c.Address, 8080))
	evidence, err := e.docker.Evidence(t.Context(), c.Name)
	if err != nil {
		t.Fatal(err)
	}
	var found container.InspectResponse
	if err := json.Unmarshal([]byte(evidence.Inspect), &found); err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]any{
		"entrypoint":        {[]string{"/app"}, []string(found.Config.Entrypoint)},
		"command":           {[]string{"--ignored"}, []string(found.Config.Cmd)},
		"user":              {"1000:1000", found.Config.User},
		"working_dir":       {"/data", found.Config.WorkingDir},
		"mem_limit":         {int64(64 << 20), found.HostConfig.Memory},
		"cpus":              {int64(5e8), found.HostConfig.NanoCPUs},
		"restart":           {container.RestartPolicyOnFailure, found.HostConfig.RestartPolicy.Name},
		"stop_signal":       {"SIGINT", found.Config.StopSignal},
		"stop_grace_period": {2, *found.Config.StopTimeout},
		"read_only":         {true, found.HostConfig.ReadonlyRootfs},
		"cap_drop":          {1, len(found.HostConfig.CapDrop)},
		"ulimits":           {[]*container.Ulimit{{Name: "nofile", Soft: 1024, Hard: 2048}}, found.HostConfig.Ulimits},
		"cap_add":           {1, len(found.HostConfig.CapAdd)},
		"devices":           {[]container.DeviceMapping{{PathOnHost: "/dev/null", PathInContainer: "/dev/fuse", CgroupPermissions: "rw"}}, found.HostConfig.Devices},
		"volumes":           {[]mount.Mount{{Type: mount.TypeBind, Source: data, Target: "/data", ReadOnly: true}}, found.HostConfig.Mounts},
		"labels":            {"search", c.Labels["team"]},
	} {
		if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}

func TestEngineMakesNoDirectoryOfTheHostThatIsMissing(t *testing.T) {
	e := sharedEngineLab(t)
	spec := e.spec(1, nil)
	missing := filepath.Join(t.TempDir(), "serach")
	spec.Container.Volumes = []slipway.Volume{{Source: missing, Target: "/data"}}
	_, err := e.docker.Start(t.Context(), spec)
	if slipway.ErrorCode(err) != slipway.CodeInvalid || !strings.Contains(err.Error(), "bind source path does not exist: "+missing) {
		t.Errorf("got %v with code %s, want invalid, naming the directory", err, slipway.ErrorCode(err))
	}
	if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory was made: %v", err)
	}
}

// noticed is how soon the end of a container is to be known: Docker's own share
// is some 70 ms on a quiet machine, and the one that tests is not quiet.
const noticed = 300 * time.Millisecond

func TestEngineNoticesAnExitAtOnce(t *testing.T) {
	e := sharedEngineLab(t)
	fastest := time.Hour // a busy machine may be late now and then; a driver that polls or waits always is
	for n := range 5 {
		c := e.start(t, e.spec(n+1, map[string]string{"EXIT_CODE": "7"}))
		answer(t, slipway.HostPort(c.Address, 8080))
		var exit slipway.Exit
		var err error
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			exit, err = e.docker.AwaitExit(ctx, c.Name)
		}()
		// On a busy machine the process may have ended, and been started again, before
		// anybody awaits its end. Then it is told once more.
		for known := false; !known; {
			told := time.Now()
			if resp, err := http.Get("http://" + slipway.HostPort(c.Address, 8080) + "/exit"); err == nil {
				resp.Body.Close()
			}
			select {
			case <-ended:
				known, fastest = true, min(fastest, time.Since(told))
			case <-time.After(2 * time.Second):
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(slipway.Exit{Code: 7}, exit); diff != "" {
			t.Errorf("exit (-want +got):\n%s", diff)
		}
	}
	t.Logf("noticed after %s", fastest)
	if fastest > noticed {
		t.Errorf("noticed after %s at the earliest", fastest)
	}
}

func TestEngineSaysThatMemoryRanOutAlsoOnceTheProcessRunsAgain(t *testing.T) {
	e := sharedEngineLab(t)
	for n := range 2 {
		spec := e.spec(n+1, map[string]string{"ALLOC_MB": "256"})
		spec.Container.MemLimit = 32 << 20
		c := e.start(t, spec)
		exit, err := e.docker.AwaitExit(t.Context(), c.Name)
		if diff := cmp.Diff(slipway.Exit{Code: 137, OOMKilled: true}, exit); err != nil || diff != "" {
			t.Errorf("error %v, exit (-want +got):\n%s", err, diff)
		}
	}
}

func TestEngineCountsAContainerThatWaitsForItsRestartAsEnded(t *testing.T) {
	e := sharedEngineLab(t)
	c := e.start(t, e.spec(1, map[string]string{"EXIT_AFTER_MS": "0", "EXIT_CODE": "7"}))
	for range 3 { // the engine waits longer from restart to restart
		exit, err := e.docker.AwaitExit(t.Context(), c.Name)
		if diff := cmp.Diff(slipway.Exit{Code: 7}, exit); err != nil || diff != "" {
			t.Errorf("error %v, exit (-want +got):\n%s", err, diff)
		}
	}
}

func TestEngineSaysThatTheContextEndedWhileAContainerRan(t *testing.T) {
	e := sharedEngineLab(t)
	c := e.start(t, e.spec(1, nil))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := e.docker.AwaitExit(ctx, c.Name); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
}

func TestEngineKeepsEvidenceWithoutSecrets(t *testing.T) {
	e := sharedEngineLab(t)
	spec := e.spec(1, map[string]string{"DB_PASSWORD": "hunter2", "EXIT_AFTER_MS": "0", "EXIT_CODE": "3", "EXIT_MESSAGE": "index is missing"})
	spec.Container.Restart = "on-failure"
	c := e.start(t, spec)
	if _, err := e.docker.AwaitExit(t.Context(), c.Name); err != nil {
		t.Fatal(err)
	}
	evidence, err := e.docker.Evidence(t.Context(), c.Name)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(evidence.Logs, "index is missing\n") {
		t.Errorf("logs are %q", evidence.Logs)
	}
	for _, secret := range []string{"hunter2", "secret-of-the-image"} {
		if strings.Contains(evidence.Inspect, secret) {
			t.Errorf("the evidence contains %q", secret)
		}
	}
	if !strings.Contains(evidence.Inspect, "DB_PASSWORD=") {
		t.Errorf("the evidence does not name the variable:\n%s", evidence.Inspect)
	}
}

func TestEngineKeepsTheLast64KilobytesOfLogsInWholeLines(t *testing.T) {
	e := sharedEngineLab(t)
	spec := e.spec(1, map[string]string{"NOISE_BYTES": "1000000", "EXIT_AFTER_MS": "550", "EXIT_MESSAGE": "last words"})
	spec.Container.Restart = "no"
	c := e.start(t, spec)
	if _, err := e.docker.AwaitExit(t.Context(), c.Name); err != nil {
		t.Fatal(err)
	}
	evidence, err := e.docker.Evidence(t.Context(), c.Name)
	if err != nil {
		t.Fatal(err)
	}
	if kept := len(evidence.Logs); kept > 64<<10 || kept < 63<<10 || !strings.HasPrefix(evidence.Logs, "noise noise") || !strings.Contains(evidence.Logs[len(evidence.Logs)-1024:], "last words") {
		t.Errorf("kept %d bytes, ending in %q", len(evidence.Logs), evidence.Logs[max(0, len(evidence.Logs)-200):])
	}
}

func TestEngineSaysWhyACommandCannotBeRun(t *testing.T) {
	e := sharedEngineLab(t)
	spec := e.spec(1, nil)
	spec.Container.Entrypoint = []string{"/no/such/program"}
	_, err := e.docker.Start(t.Context(), spec)
	if slipway.ErrorCode(err) != slipway.CodeInvalid || !strings.Contains(err.Error(), "/no/such/program") {
		t.Errorf("got %v", err)
	}
	evidence, err := e.docker.Evidence(t.Context(), spec.Name)
	if err != nil {
		t.Fatal(err)
	}
	if exit := evidence.Container.Exit; exit == nil || !strings.Contains(exit.Error, "/no/such/program") {
		t.Errorf("evidence says %+v", evidence.Container)
	}
}

func TestEngineRemovesOnceAndForAll(t *testing.T) {
	e := sharedEngineLab(t)
	c := e.start(t, e.spec(1, map[string]string{"IGNORE_SIGTERM": "1"}))
	answer(t, slipway.HostPort(c.Address, 8080))
	began := time.Now()
	if err := e.docker.Remove(t.Context(), c.Name, time.Second); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < time.Second || took > 5*time.Second {
		t.Errorf("removing what ignores SIGTERM took %s with a grace of 1s", took)
	}
	if err := e.docker.Remove(t.Context(), c.Name, time.Second); err != nil {
		t.Errorf("removing it again: %v", err)
	}
	if _, err := e.docker.Inspect(t.Context(), c.Name); slipway.ErrorCode(err) != slipway.CodeNotFound {
		t.Errorf("inspecting it: got %v, want not found", err)
	}
	e.start(t, e.spec(2, nil))
	errs := make(chan error, 2)
	for range 2 {
		go func() { errs <- e.docker.Remove(t.Context(), "search.query-api.2", time.Second) }()
	}
	for range 2 {
		if err := <-errs; err != nil {
			t.Errorf("removing it twice at once: %v", err)
		}
	}
}

func TestEngineListsTheContainersOfOneService(t *testing.T) {
	e := sharedEngineLab(t)
	first, second := e.start(t, e.spec(1, nil)), e.start(t, e.spec(2, nil))
	other := e.spec(3, nil)
	other.Labels[slipway.LabelService] = "another"
	e.start(t, other)
	got, err := e.docker.List(t.Context(), slipway.ServiceID{Project: "search", Service: "query-api"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]slipway.ContainerState{second, first}, got); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

func TestEnginePullReportsProgressAndIsRepeatable(t *testing.T) {
	e := newEngineLab(t)
	const padding = 40 << 20
	ref := e.push(t, lab.Image{Padding: padding})
	var reports []slipway.Progress
	id, err := e.docker.Pull(t.Context(), ref, slipway.RegistryAuth{}, func(p slipway.Progress) { reports = append(reports, p) })
	if err != nil {
		t.Fatal(err)
	}
	if !slipway.IsDigest(id) || len(reports) == 0 {
		t.Fatalf("image ID %q, progress %v", id, reports)
	}
	if last := reports[len(reports)-1]; last.Done != last.Total || last.Total < padding {
		t.Errorf("the last report is %+v", last)
	}
	reports = nil
	again, err := e.docker.Pull(t.Context(), ref, slipway.RegistryAuth{}, func(p slipway.Progress) { reports = append(reports, p) })
	if err != nil || again != id || len(reports) > 0 {
		t.Errorf("the second pull: ID %q, error %v, progress %v", again, err, reports)
	}
}

func TestEnginePullSaysWhatTheRegistrySaid(t *testing.T) {
	e := sharedEngineLab(t)
	quiet := func(slipway.Progress) {}
	repository, _, _ := strings.Cut(e.image, "@")
	missing := repository + "@sha256:" + strings.Repeat("0", 64)
	if _, err := e.docker.Pull(t.Context(), missing, slipway.RegistryAuth{}, quiet); slipway.ErrorCode(err) != slipway.CodeNotFound {
		t.Errorf("a missing digest: got code %q: %v", slipway.ErrorCode(err), err)
	}
	nobody := "127.0.0.1:1/search/query-api@sha256:" + strings.Repeat("0", 64)
	if _, err := e.docker.Pull(t.Context(), nobody, slipway.RegistryAuth{}, quiet); slipway.ErrorCode(err) != slipway.CodeUnavailable {
		t.Errorf("a registry that is not there: got code %q: %v", slipway.ErrorCode(err), err)
	}
}

func TestEngineThatHangsIsUnavailableInTime(t *testing.T) {
	e := newEngineLab(t)
	c := e.start(t, e.spec(1, nil))
	if err := e.Pause(); err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]func(context.Context) error{
		"facts":    func(ctx context.Context) error { _, err := e.docker.Facts(ctx); return err },
		"start":    func(ctx context.Context) error { _, err := e.docker.Start(ctx, e.spec(2, nil)); return err },
		"inspect":  func(ctx context.Context) error { _, err := e.docker.Inspect(ctx, c.Name); return err },
		"evidence": func(ctx context.Context) error { _, err := e.docker.Evidence(ctx, c.Name); return err },
		"remove":   func(ctx context.Context) error { return e.docker.Remove(ctx, c.Name, time.Second) },
		"list":     func(ctx context.Context) error { _, err := e.docker.List(ctx, slipway.ServiceID{}); return err },
		"pull": func(ctx context.Context) error {
			_, err := e.docker.Pull(ctx, e.image, slipway.RegistryAuth{}, func(slipway.Progress) {})
			return err
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		began := time.Now()
		err := call(ctx)
		cancel()
		if slipway.ErrorCode(err) != slipway.CodeUnavailable || !strings.Contains(err.Error(), "host h1") {
			t.Errorf("%s: got code %q: %v", name, slipway.ErrorCode(err), err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
	if err := e.Resume(); err != nil {
		t.Fatal(err)
	}
	if _, err := e.docker.Facts(t.Context()); err != nil {
		t.Errorf("after it goes on: %v", err)
	}
}

func TestEngineWhoseContainerdHangsDoesNotAnswer(t *testing.T) {
	e := newEngineLab(t)
	if err := e.docker.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	heal, err := e.HangContainerd()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := e.docker.Ping(ctx); slipway.ErrorCode(err) != slipway.CodeUnavailable {
		t.Errorf("got code %q: %v", slipway.ErrorCode(err), err)
	}
	if err := heal(); err != nil {
		t.Fatal(err)
	}
	if err := e.docker.Ping(t.Context()); err != nil {
		t.Errorf("after it goes on: %v", err)
	}
}

func TestEngineThatIsNotThereIsUnavailable(t *testing.T) {
	driver, err := docker.Dial(slipway.Host{Name: "h9", Docker: "unix:///nowhere/docker.sock"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := driver.Facts(t.Context()); slipway.ErrorCode(err) != slipway.CodeUnavailable || !strings.Contains(err.Error(), "host h9") {
		t.Errorf("got code %q: %v", slipway.ErrorCode(err), err)
	}
	if _, err := docker.Dial(slipway.Host{Name: "h9", Docker: "tcp://127.0.0.1:2376"}); slipway.ErrorCode(err) != slipway.CodeInvalid {
		t.Errorf("another kind of address: got %v", err)
	}
}

func TestEngineStopsAndStartsAgainWhatKeepsItsAddress(t *testing.T) {
	e := newEngineLab(t)
	c := e.start(t, e.spec(1, nil))
	for range 2 { // the second time it is stopped already
		if err := e.docker.Stop(t.Context(), c.Name, time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if state, err := e.docker.Inspect(t.Context(), c.Name); err != nil || state.Running {
		t.Fatalf("it is %+v, %v", state, err)
	}
	if err := e.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if state, err := e.docker.Inspect(t.Context(), c.Name); err != nil || state.Running {
		t.Fatalf("after dockerd was restarted it is %+v, %v", state, err)
	}
	for range 2 { // the second time it runs already
		state, err := e.docker.Resume(t.Context(), c.Name)
		if err != nil || !state.Running || state.Address != c.Address || state.StartedAt.Equal(c.StartedAt) || state.Restarts != 0 {
			t.Fatalf("it is %+v, %v", state, err)
		}
	}
	answer(t, slipway.HostPort(c.Address, 8080))
	if err := e.docker.Stop(t.Context(), "search.query-api.9", time.Second); err != nil {
		t.Errorf("stopping one that is not there: %v", err)
	}
	if _, err := e.docker.Resume(t.Context(), "search.query-api.9"); slipway.ErrorCode(err) != slipway.CodeNotFound {
		t.Errorf("starting one that is not there: %v", err)
	}
}

func TestEngineRunsACommandInAContainer(t *testing.T) {
	e := sharedEngineLab(t)
	c := e.start(t, e.spec(1, map[string]string{"READY_MS": "never"}))
	answer(t, slipway.HostPort(c.Address, 8080))
	done, err := e.docker.Exec(t.Context(), c.Name, []string{"/app", "check"})
	if err != nil || done.Code != 1 || !strings.HasPrefix(done.Output, "not ready") {
		t.Errorf("got %+v, %v", done, err)
	}
	if done, err = e.docker.Exec(t.Context(), c.Name, []string{"/no-such-program"}); err == nil && done.Code != 126 && done.Code != 127 {
		t.Errorf("a program that is not there: %+v, %v", done, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := e.docker.Exec(ctx, c.Name, []string{"/app", "wait"}); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 2*time.Second {
		t.Errorf("one that does not end: %v after %s", err, time.Since(began))
	}
	if err := e.docker.Stop(t.Context(), c.Name, time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := e.docker.Exec(t.Context(), c.Name, []string{"/app", "check"}); slipway.ErrorCode(err) != slipway.CodeConflict {
		t.Errorf("in one that does not run: %v", err)
	}
}

func TestEngineRunsACommandOnce(t *testing.T) {
	e := sharedEngineLab(t)
	spec := e.spec(1, map[string]string{"MIGRATED": "/migrated"})
	spec.Name += ".pre"
	spec.Container.Command, spec.Container.Restart = []string{"migrate"}, "no"
	var ran slipway.ContainerState
	for i := range 2 {
		if err := e.docker.RunOnce(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
		if exit, err := e.docker.AwaitExit(t.Context(), spec.Name); err != nil || exit.Code != 0 {
			t.Fatalf("it ended with %+v, %v", exit, err)
		}
		state, err := e.docker.Inspect(t.Context(), spec.Name)
		if err != nil || i > 0 && !state.StartedAt.Equal(ran.StartedAt) {
			t.Fatalf("it is %+v, %v", state, err)
		}
		ran = state
	}
	if kept, err := e.docker.Evidence(t.Context(), spec.Name); err != nil || kept.Logs != "migrated to dev\n" {
		t.Errorf("it said %q, %v", kept.Logs, err)
	}
	if err := e.docker.Remove(t.Context(), spec.Name, time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := e.docker.Inspect(t.Context(), spec.Name); slipway.ErrorCode(err) != slipway.CodeNotFound {
		t.Errorf("it is there still: %v", err)
	}
}

// Whoever made it was killed before it could start it.
func TestEngineRunsACommandThatWasNotBegun(t *testing.T) {
	e := sharedEngineLab(t)
	spec := e.spec(1, map[string]string{"MIGRATED": "/migrated"})
	spec.Name += ".pre"
	raw, err := client.NewClientWithOpts(client.WithHost(e.Host()), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	made, err := raw.ContainerCreate(t.Context(), &container.Config{
		Image: e.image, Cmd: []string{"migrate"}, Env: []string{"MIGRATED=/migrated"}, Labels: spec.Labels,
	}, nil, nil, nil, spec.Name)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.docker.RunOnce(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	if exit, err := e.docker.AwaitExit(t.Context(), spec.Name); err != nil || exit.Code != 0 {
		t.Fatalf("it ended with %+v, %v", exit, err)
	}
	state, err := e.docker.Inspect(t.Context(), spec.Name)
	if err != nil || state.ID != made.ID || state.StartedAt.IsZero() {
		t.Errorf("it is %+v, %v", state, err)
	}
}

func TestEngineFixesPortsOfTheHost(t *testing.T) {
	e := sharedEngineLab(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	fixing := func(n int) slipway.ContainerSpec {
		spec := e.spec(n, nil)
		spec.Address = "127.0.0.1"
		spec.Container.Ports = []slipway.FixedPort{{Published: port, Target: 8080, Protocol: "tcp"}, {Published: port, Target: 9125, Protocol: "udp"}}
		return spec
	}
	_, err = e.docker.Start(t.Context(), fixing(1))
	if slipway.ErrorCode(err) != slipway.CodeConflict || !strings.Contains(err.Error(), fmt.Sprintf("port %d/tcp, which container.ports asks for, is taken", port)) {
		t.Fatalf("with a process on the port: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c := e.start(t, fixing(1))
	answer(t, slipway.HostPort("127.0.0.1", port))
	if err := e.docker.Stop(t.Context(), c.Name, time.Second); err != nil { // it is to have them again
		t.Fatal(err)
	}
	facts, err := e.docker.Facts(t.Context())
	want := []slipway.TakenPort{{Port: fmt.Sprintf("%d/tcp", port), By: c.Name}, {Port: fmt.Sprintf("%d/udp", port), By: c.Name}}
	if diff := cmp.Diff(want, facts.Taken); err != nil || diff != "" {
		t.Errorf("taken (-want +got), %v:\n%s", err, diff)
	}
}
