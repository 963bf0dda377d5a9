package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/e2e/lab"
	"slipway/e2e/system"
)

func TestARemovedServiceIsGoneAndMayComeBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	svc := service(t, s, "leave", "")
	push(t, s, "leave", "v1")
	push(t, s, "leave", "v2")
	release(t, s, svc, "v1", 0)
	second := release(t, s, svc, "v2", 0)
	if second.Phase != slipway.Holding {
		t.Fatalf("phase %s, want holding", second.Phase)
	}
	as(t, s, "ann", 4, "remove", "search/leave", "--reason", "end of life")
	gone := decode[slipway.Release](t, as(t, s, "olga", 0, "remove", "search/leave", "--reason", "end of life", "-o", "json").Stdout)
	if *gone.Outcome != slipway.Removed || gone.CleanupPending || gone.ID != "search.leave.3" {
		t.Errorf("it ended as %+v", gone)
	}
	wantContainers(t, s, "leave")
	if held := status(t, s, second.ID); *held.Outcome != slipway.Live {
		t.Errorf("what was held ended %s (%s)", *held.Outcome, held.Reason)
	}
	if code := edgeStatus(t, s, "leave"); code != http.StatusNotFound {
		t.Errorf("the edge answers %d, want 404 as for any name that it does not know", code)
	}
	if out := cli(t, s, 0, "services"); !strings.Contains(out, "removed by olga: end of life") {
		t.Errorf("services do not say why nothing is live:\n%s", out)
	}
	if out := cli(t, s, 0, "history", "search/leave"); !strings.Contains(out, "search.leave.3") || !strings.Contains(out, "remove ") {
		t.Errorf("the history does not show the removal:\n%s", out)
	}
	as(t, s, "olga", 1, "remove", "search/leave", "--reason", "again")
	record(t, s, "release/"+gone.ID, "removed")

	// Another service may have its route now.
	other := service(t, s, "heir", "")
	rewrite(t, other, "heir.example.com", "leave.example.com")
	push(t, s, "heir", "h1")
	release(t, s, other, "h1", 0)
	if v := ask(t, s, "leave"); v != "h1" {
		t.Errorf("%s serves at its old name", v)
	}
	as(t, s, "olga", 0, "remove", "search/heir", "--reason", "test")

	back := release(t, s, svc, "v1", 0)
	if back.ID != "search.leave.4" {
		t.Errorf("the next release is %s", back.ID)
	}
	record(t, s, "lane/search.leave", "lane_removed")
}

func TestKillingStandaloneInTheMiddleOfARemovalEndsFullyRemoved(t *testing.T) {
	t.Parallel() // it has a system of its own
	s := own(t, system.Options{Proxied: true})
	if err := s.SignIn(t.Context(), "olga"); err != nil {
		t.Fatal(err)
	}
	forget := wire{
		name:  "edge: remove the route",
		proxy: func(s *system.System) *lab.Proxy { return s.Between.Edge },
		match: func(r *http.Request, c cellRun) bool {
			return r.Method == http.MethodDelete && strings.HasSuffix(r.URL.Path, "/"+c.service)
		},
	}
	points := onWires(toEdge("restore"), toEdge("drain"), forget, toDocker("stop", "POST", "/stop"), toDocker("remove", "DELETE", ""))
	random := rand.New(rand.NewPCG(*matrixSeed, 2))
	random.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
	for i, point := range points[:thorough(len(points), 3)] {
		t.Run(point.name, func(t *testing.T) {
			name := fmt.Sprintf("leavekill%d", i)
			svc := service(t, s, name, "")
			push(t, s, name, "v1")
			release(t, s, svc, "v1", 0)
			struck := make(chan error, 1)
			if err := point.arm(t.Context(), &matrix{System: s}, cellRun{service: name}, func() { struck <- s.Standalone.Kill() }); err != nil {
				t.Fatal(err)
			}
			removed := make(chan system.Result, 1)
			go func() {
				result, err := s.CLI(t.Context(), "olga", "remove", "search/"+name, "--reason", "end of life")
				if err != nil {
					t.Error(err)
				}
				removed <- result
			}()
			select {
			case err := <-struck:
				if err != nil {
					t.Fatal(err)
				}
			case <-time.After(decided):
				t.Fatal("the point was never reached")
			}
			if err := s.Standalone.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			if result := <-removed; result.Status != 0 || !strings.Contains(result.Stdout, "was removed by olga: end of life\n") {
				t.Errorf("exit status %d: %s%s", result.Status, result.Stdout, result.Stderr)
			}
			wantContainers(t, s, name)
			if code := edgeStatus(t, s, name); code != http.StatusNotFound {
				t.Errorf("the edge answers %d", code)
			}
		})
	}
}

// edgeStatus is what the edge answers for the service's host name.
func edgeStatus(t *testing.T, s *system.System, name string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.EdgeURL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = system.Host(name)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}
