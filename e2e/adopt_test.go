package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
	"github.com/docker/go-connections/nat"

	"slipway"
	"slipway/e2e/system"
)

// byHand starts a container as people do: on a network of its own, with a port
// published, and without anything of Slipway's about it. It returns its ID and
// the port.
func byHand(t *testing.T, s *system.System, name, repository string) (id, port string) {
	t.Helper()
	docker, err := client.NewClientWithOpts(client.WithHost(s.Docker().Docker), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = docker.ContainerRemove(context.Background(), name, container.RemoveOptions{Force: true})
		_ = docker.NetworkRemove(context.Background(), name)
		docker.Close()
	})
	ctx := t.Context()
	ref := s.Source.Address() + "/" + repository
	pulled, err := docker.ImagePull(ctx, ref, image.PullOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, pulled)
	pulled.Close()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := docker.NetworkCreate(ctx, name, network.CreateOptions{Driver: "bridge"}); err != nil {
		t.Fatal(err)
	}
	made, err := docker.ContainerCreate(ctx, &container.Config{Image: ref}, &container.HostConfig{
		NetworkMode:  container.NetworkMode(name),
		PortBindings: nat.PortMap{"8080/tcp": {{HostIP: "127.0.0.1"}}},
	}, nil, nil, name)
	if err != nil {
		t.Fatal(err)
	}
	if err := docker.ContainerStart(ctx, made.ID, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	state, err := docker.ContainerInspect(ctx, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	port = state.NetworkSettings.Ports["8080/tcp"][0].HostPort
	awaitHealthy(t, "http://127.0.0.1:"+port+"/healthz")
	return made.ID, port
}

func stopByHand(t *testing.T, s *system.System, name string) {
	t.Helper()
	docker, err := client.NewClientWithOpts(client.WithHost(s.Docker().Docker), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	defer docker.Close()
	if err := docker.ContainerStop(t.Context(), name, container.StopOptions{}); err != nil {
		t.Fatal(err)
	}
}

// rewrite changes what a file says.
func rewrite(t *testing.T, path, from, to string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), from) {
		t.Fatalf("%s does not say %q", path, from)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func awaitHealthy(t *testing.T, url string) {
	t.Helper()
	deadline, tick := time.After(20*time.Second), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for {
		resp, err := http.Get(url)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s does not answer: %v", url, err)
		}
	}
}

// untouched is what of a container would change if anybody touched it.
func untouched(t *testing.T, s *system.System, id string) string {
	t.Helper()
	docker, err := client.NewClientWithOpts(client.WithHost(s.Docker().Docker), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	defer docker.Close()
	c, err := docker.ContainerInspect(t.Context(), id)
	if errdefs.IsNotFound(err) {
		return "gone"
	}
	if err != nil {
		t.Fatal(err)
	}
	networks := []string{}
	for name, endpoint := range c.NetworkSettings.Networks {
		networks = append(networks, name+"="+endpoint.IPAddress)
	}
	return fmt.Sprint(c.Name, c.State.Running, c.State.Pid, c.State.StartedAt, c.RestartCount, networks, c.Config.Labels)
}

func TestAContainerStartedByHandIsAdoptedReleasedOverAndGoneBackToWithoutLosingARequest(t *testing.T) {
	t.Parallel()
	s := start(t)
	push(t, s, "adopt", "old")
	push(t, s, "adopt", "v1")
	push(t, s, "adopt", "v2")
	svc := service(t, s, "adopt", "strategy: {blue_green: {hold: 10m, drain_timeout: 2s}}\n")
	id, port := byHand(t, s, "adopt-legacy", "search/adopt:old")
	before := untouched(t, s, id)
	old := system.StartTraffic(t.Context(), "http://127.0.0.1:"+port, "adopt", rate/4) // those who have not moved to the edge yet
	as(t, s, "ann", 4, "adopt", "-f", svc, "--container", "adopt-legacy")
	adopted := decode[slipway.Release](t, as(t, s, "olga", 0, "adopt", "-f", svc, "--container", "adopt-legacy", "-o", "json").Stdout)
	if *adopted.Outcome != slipway.Live || adopted.Kind != slipway.KindAdopt || !strings.HasPrefix(adopted.Digest, "sha256:") {
		t.Errorf("it ended as %+v", adopted)
	}
	traffic := s.StartTraffic(t.Context(), "adopt", rate)
	if zero := status(t, s, "search.adopt.0"); zero.Hosts[0].Container != "adopt-legacy" || zero.RequestedBy != "olga" {
		t.Errorf("release 0 is %+v", zero)
	}
	as(t, s, "olga", 1, "adopt", "-f", svc, "--container", "adopt-legacy") // it is live already
	plan := cli(t, s, 0, "plan", "-f", svc, "--tag", "v1")
	if want := "adopt-legacy on h1 was adopted: it is left running when this release has taken its place"; !strings.Contains(plan, want) {
		t.Errorf("the plan does not say %q:\n%s", want, plan)
	}
	first := release(t, s, svc, "v1", 0)
	if first.Blue != "search.adopt.0" || !first.RollbackReady {
		t.Errorf("blue is %q, going back is possible: %t", first.Blue, first.RollbackReady)
	}
	cli(t, s, 0, "rollback", "search/adopt", "--reason", "users see errors", "--wait")
	if v := ask(t, s, "adopt"); v != "old" {
		t.Errorf("%s serves after going back", v)
	}
	if ended := await(t, s, first.ID, slipway.Ended); *ended.Outcome != slipway.RolledBack {
		t.Errorf("outcome %s (%s)", *ended.Outcome, ended.Reason)
	}
	second := release(t, s, svc, "v2", 0)
	cli(t, s, 0, "accept", second.ID)
	if ended := await(t, s, second.ID, slipway.Ended); *ended.Outcome != slipway.Live || ended.CleanupPending {
		t.Errorf("outcome %s (%s)", *ended.Outcome, ended.Reason)
	}
	report := stop(t, traffic)
	if report.Answers["old"] == 0 || report.Answers["v1"] == 0 || report.Answers["v2"] == 0 {
		t.Errorf("answers: %v", report.Answers)
	}
	stop(t, old)
	t.Logf("%d requests through the edge: %v", report.Total, report.Answers)
	if after := untouched(t, s, id); after != before {
		t.Errorf("it was touched:\n%s\n%s", before, after)
	}
	wantContainers(t, s, "adopt", second.ID)
	record(t, s, "release/"+adopted.ID, "adopted")
	record(t, s, "release/"+first.ID, "rolled_back_to_adopted")
	record(t, s, "lane/search.adopt", "lane_adopted")
}

func TestAnAdoptedContainerIsRemovedOnlyWhereThatWasSaid(t *testing.T) {
	t.Parallel()
	s := start(t)
	push(t, s, "adoptretire", "old")
	push(t, s, "adoptretire", "v1")
	svc := service(t, s, "adoptretire", "strategy: {blue_green: {hold: 0s, drain_timeout: 2s}}\n")
	id, _ := byHand(t, s, "retire-legacy", "search/adoptretire:old")
	as(t, s, "olga", 0, "adopt", "-f", svc, "--container", "retire-legacy", "--host", "h1", "--retire")
	done := release(t, s, svc, "v1", 0)
	await(t, s, done.ID, slipway.Ended)
	if state := untouched(t, s, id); state != "gone" {
		t.Errorf("it is still there: %s", state)
	}
	wantContainers(t, s, "adoptretire", done.ID)
	record(t, s, "release/"+done.ID, "live_over_adopted")
}

func TestAnAdoptionThatCannotServeIsRefusedWithWhatWouldBeRight(t *testing.T) {
	t.Parallel()
	s := start(t)
	push(t, s, "adoptno", "old")
	svc := service(t, s, "adoptno", "")
	byHand(t, s, "no-legacy", "search/adoptno:old")
	refused := func(container, want string) {
		t.Helper()
		if out := as(t, s, "olga", 1, "adopt", "-f", svc, "--container", container); !strings.Contains(out.Stdout, want) {
			t.Errorf("%s: refused with %q, want %q", container, out.Stdout+out.Stderr, want)
		}
	}
	refused("nobody", "host h1: there is no container nobody: docker ps says what runs there")
	push(t, s, "adoptours", "v1")
	ours := release(t, s, service(t, s, "adoptours", ""), "v1", 0)
	refused(ours.ID, "container "+ours.ID+" on host h1 is Slipway's own, of "+ours.ID)

	svc = service(t, s, "adoptno", "")
	rewrite(t, svc, "port: 8080", "port: 9090")
	refused("no-legacy", "see that container.port is right (it is 9090; ports that the image exposes: 8080)")
	stopByHand(t, s, "no-legacy")
	svc = service(t, s, "adoptno", "")
	refused("no-legacy", "container no-legacy on host h1 is not running: start it first (docker start no-legacy)")
}
