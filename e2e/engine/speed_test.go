package engine

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"

	"slipway"
)

// TestEngineStartsAsFastAsDockerDoes compares Start with the two
// calls that nobody can do without, in turn, on one engine.
func TestEngineStartsAsFastAsDockerDoes(t *testing.T) {
	e := sharedEngineLab(t)
	raw, err := client.NewClientWithOpts(client.WithHost(e.Host()), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	e.start(t, e.spec(100, nil)) // makes the network
	var floor, start, again []time.Duration
	for n := range 10 {
		name := fmt.Sprint("floor-", n)
		began := time.Now()
		created, err := raw.ContainerCreate(t.Context(), &container.Config{Image: e.image}, &container.HostConfig{NetworkMode: slipway.Network}, nil, nil, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := raw.ContainerStart(t.Context(), created.ID, container.StartOptions{}); err != nil {
			t.Fatal(err)
		}
		floor = append(floor, time.Since(began))
		if err := raw.ContainerRemove(t.Context(), name, container.RemoveOptions{Force: true}); err != nil {
			t.Fatal(err)
		}
		began = time.Now()
		c := e.start(t, e.spec(n, nil))
		start = append(start, time.Since(began))
		began = time.Now()
		e.start(t, e.spec(n, nil))
		again = append(again, time.Since(began))
		if err := e.docker.Remove(t.Context(), c.Name, 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range [][]time.Duration{floor, start, again} {
		slices.Sort(d)
	}
	t.Logf("median of %d: create and start by the API %s, Start %s, Start again %s", len(floor), floor[5], start[5], again[5])
	if start[5] > 2*floor[5] {
		t.Errorf("Start takes %s, create and start by the API %s", start[5], floor[5])
	}
}
