package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/client"

	"slipway"
	"slipway/e2e/system"
)

// Two containers of each version serve on one host. Whatever takes over and goes
// back is both of them, and where one dies the other goes on.
func TestTwoContainersOfAVersionTakeOverServeAndGoBackTogether(t *testing.T) {
	t.Parallel()
	s := start(t)
	svc := service(t, s, "twice", "replicas: 2\nstrategy: {blue_green: {hold: 10m, drain_timeout: 1s}}\n")
	for _, tag := range []string{"v1", "v2", "v3", "v4"} {
		push(t, s, "twice", tag)
	}
	first := release(t, s, svc, "v1", 0)
	traffic := s.StartTraffic(t.Context(), "twice", rate)
	second := release(t, s, svc, "v2", 0)
	if second.Phase != slipway.Holding || !second.RollbackReady {
		t.Fatalf("phase %s, rollback ready %t: want a release that holds its blue", second.Phase, second.RollbackReady)
	}
	wantContainers(t, s, "twice", first.ID, first.ID+".1", second.ID, second.ID+".1")
	for _, id := range []string{first.ID, second.ID} {
		eventually(t, func() error {
			if answered := upstreams(t, s, "answered_total", id); len(answered) != 2 || slices.Contains(answered, "0") {
				return fmt.Errorf("requests that each container of %s answered: %v", id, answered)
			}
			return nil
		})
	}
	cli(t, s, 0, "rollback", "search/twice", "--reason", "users see errors", "--wait")
	ended := await(t, s, second.ID, slipway.Ended)
	if *ended.Outcome != slipway.RolledBack || !strings.Contains(ended.Reason, "users see errors") {
		t.Errorf("outcome %s, reason %q", *ended.Outcome, ended.Reason)
	}
	wantContainers(t, s, "twice", first.ID, first.ID+".1")
	record(t, s, "release/"+second.ID, "replicas_rolled_back_while_held")

	third := release(t, s, svc, "v3", 0)
	killByHand(t, s, third.ID+".1")
	ended = await(t, s, third.ID, slipway.Ended)
	if *ended.Outcome != slipway.RolledBack || !strings.Contains(ended.Reason, third.ID+".1 on h1 does not answer any more") {
		t.Errorf("outcome %s, reason %q", *ended.Outcome, ended.Reason)
	}
	wantContainers(t, s, "twice", first.ID, first.ID+".1")
	record(t, s, "release/"+third.ID, "replicas_rolled_back_fallen")

	killByHand(t, s, first.ID) // nothing is held, so nothing goes back
	eventually(t, func() error {
		if out := upstreams(t, s, "out", first.ID); !slices.Equal(out, []string{"0", "1"}) {
			return fmt.Errorf("containers of %s that are left out: %v", first.ID, out)
		}
		return nil
	})
	if v := ask(t, s, "twice"); v != "v1" {
		t.Errorf("%s serves, want v1", v)
	}
	wantContainers(t, s, "twice", first.ID+stopped, first.ID+".1")

	once := service(t, s, "twice", "strategy: {blue_green: {hold: 0s, drain_timeout: 1s}}\n")
	fourth := release(t, s, once, "v4", 0)
	await(t, s, fourth.ID, slipway.Ended)
	wantContainers(t, s, "twice", fourth.ID)
	if report := stop(t, traffic); report.Answers["v3"] == 0 {
		t.Errorf("answers: %v, want some of v3, too", report.Answers)
	}
}

// upstreams are what the edge says of a release's containers, the lowest first.
func upstreams(t *testing.T, s *system.System, metric, release string) []string {
	t.Helper()
	line := regexp.MustCompile(`(?m)^slipway_edge_upstream_` + metric + `\{.*release="` + release + `".*\} (.+)$`)
	var values []string
	for _, found := range line.FindAllStringSubmatch(edgeMetrics(t, s), -1) {
		values = append(values, found[1])
	}
	slices.Sort(values)
	return values
}

func edgeMetrics(t *testing.T, s *system.System) string {
	t.Helper()
	return fetch(t, &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", strings.TrimPrefix(s.EdgeAdmin(), "unix:"))
		},
	}}, "http://edge/metrics")
}

func killByHand(t *testing.T, s *system.System, name string) {
	t.Helper()
	docker, err := client.NewClientWithOpts(client.WithHost(s.Docker().Docker), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	defer docker.Close()
	if err := docker.ContainerKill(t.Context(), name, "KILL"); err != nil {
		t.Fatal(err)
	}
}
