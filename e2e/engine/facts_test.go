package engine

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/client"
)

// What Docker's API does not say is seen in the engine's own directory, where
// that is on this machine.
func TestFactsOfAnEngineOnThisMachine(t *testing.T) {
	t.Parallel()
	e := newEngineLab(t)
	started, err := e.docker.Start(t.Context(), e.spec(1, nil))
	if err != nil {
		t.Fatal(err)
	}
	from := time.Now()
	facts, err := e.docker.Facts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if facts.Time.Before(from.Add(-time.Second)) || facts.Time.After(time.Now().Add(time.Second)) {
		t.Errorf("its clock says %s", facts.Time)
	}
	var fs syscall.Statfs_t
	if facts.Disk == nil || syscall.Statfs(facts.Disk.Root, &fs) != nil || facts.Disk.Free <= 0 || facts.Disk.Inodes != int64(fs.Files) {
		t.Fatalf("its disk is %+v", facts.Disk)
	}
	if (facts.Cgroup != "1" && facts.Cgroup != "2") || facts.Stuck != nil || facts.Leaked != nil {
		t.Errorf("facts are %+v", facts)
	}

	raw, err := client.NewClientWithOpts(client.WithHost(e.Host()), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	var one, all []time.Duration
	for range 41 {
		began := time.Now()
		if _, err := raw.Info(t.Context()); err != nil {
			t.Fatal(err)
		}
		one = append(one, time.Since(began))
		began = time.Now()
		if _, err := e.docker.Facts(t.Context()); err != nil {
			t.Fatal(err)
		}
		all = append(all, time.Since(began))
	}
	slices.Sort(one)
	slices.Sort(all)
	t.Logf("median of %d: one question %s, all facts %s", len(all), one[len(one)/2], all[len(all)/2])

	for name, id := range map[string]string{"there": started.Image, "not there": "sha256:" + strings.Repeat("0", 64)} {
		if got, err := e.docker.HasImage(t.Context(), id); err != nil || got != (name == "there") {
			t.Errorf("image that is %s: %t, %v", name, got, err)
		}
	}

	gone := strings.Repeat("f", 64)
	left := []string{
		filepath.Join(facts.Disk.Root, "containers", gone, "mounts", "shm"),
		filepath.Join(facts.Disk.Root, "overlay2", gone, "merged"),
	}
	for _, dir := range left {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mount("left", dir, "tmpfs", 0, "size=4k"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := syscall.Unmount(dir, 0); err != nil {
				t.Error(err)
			}
		})
	}
	facts, err = e.docker.Facts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if facts.StorageDriver != "overlay2" {
		left = left[:1]
	}
	if got := slices.Sorted(slices.Values(facts.Leaked)); !slices.Equal(got, left) {
		t.Errorf("left over are %q, want %q", got, left)
	}
}
