package docker

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/system"
)

// An engine elsewhere has a directory of the same name as one that is here. So
// has another one on this machine, behind another socket.
func TestHomeIsTheEnginesOrNotKnown(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "containers", "ours"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "engine-id"), []byte("our-engine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	containerd := [][2]string{{"driver-type", "io.containerd.snapshotter.v1"}}
	for name, c := range map[string]struct {
		id         string
		containers []string
		status     [][2]string
		known      bool
	}{
		"a container of it is here":             {"", []string{"another", "ours"}, nil, true},
		"its containers are elsewhere":          {"our-engine", []string{"another"}, nil, false},
		"it has none, and its ID is here":       {"our-engine", nil, nil, true},
		"it has none, and another's ID is here": {"another-engine", nil, nil, false},
		"it says no ID":                         {"", nil, nil, false},
		"its images are elsewhere":              {"our-engine", []string{"ours"}, containerd, false},
	} {
		var containers []container.Summary
		for _, id := range c.containers {
			containers = append(containers, container.Summary{ID: id})
		}
		here := homeOf(system.Info{ID: c.id, DockerRootDir: root, DriverStatus: c.status}, containers)
		if (here.disk() != nil) != c.known {
			t.Errorf("%s: its home is %q", name, here)
		}
	}
	if disk := homeOf(system.Info{ID: "x", DockerRootDir: filepath.Join(root, "nowhere")}, nil).disk(); disk != nil {
		t.Errorf("a directory that is not here has %+v", disk)
	}
}
