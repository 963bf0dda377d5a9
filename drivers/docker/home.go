package docker

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/system"

	"slipway"
)

// A home is the directory that an engine keeps images and containers in, as
// this process sees it; empty where it does not. A path alone would prove
// nothing: another machine has one of the same name, and so may this one.
type home string

// homeOf finds the directory by the containers that are in it, whose IDs no
// other engine has, or, while there are none, by the ID that engines from 25 on
// keep there. One with containerd's image store keeps its images elsewhere.
func homeOf(info system.Info, containers []container.Summary) home {
	for _, status := range info.DriverStatus {
		if strings.Contains(status[1], "io.containerd.snapshotter") {
			return ""
		}
	}
	for _, c := range containers {
		if _, err := os.Stat(filepath.Join(info.DockerRootDir, "containers", c.ID)); err == nil {
			return home(info.DockerRootDir)
		}
	}
	id, err := os.ReadFile(filepath.Join(info.DockerRootDir, "engine-id"))
	if err != nil || len(containers) > 0 || info.ID == "" || strings.TrimSpace(string(id)) != info.ID {
		return ""
	}
	return home(info.DockerRootDir)
}

// disk is the room that the engine, which is root, has; nil: not known.
func (h home) disk() *slipway.Disk {
	var fs syscall.Statfs_t
	if h == "" || syscall.Statfs(string(h), &fs) != nil {
		return nil
	}
	block := int64(fs.Bsize) //nolint:unconvert // it has another type on other systems
	return &slipway.Disk{Root: string(h), Free: signed(fs.Bfree) * block, Inodes: signed(fs.Files), InodesFree: signed(fs.Ffree)}
}

// signed is n, of which file systems that cannot count say the most there is.
func signed(n uint64) int64 { return int64(min(n, 1<<42)) } // so that bytes do not overflow

// mountsBelow are the mounts below a directory.
func mountsBelow(dir string) []string {
	if dir == "" {
		return nil
	}
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	var out []string
	for line := range strings.Lines(string(table)) {
		if fields := strings.Fields(line); len(fields) > 4 && strings.HasPrefix(fields[4], dir+"/") {
			out = append(out, fields[4])
		}
	}
	return out
}

// leaked are the mounts of containers that are gone. Containers come and go
// while one looks: a mount counts that was there before they were listed, and
// is there after.
func (h home) leaked(before []string, containers []container.Summary) []string {
	if h == "" {
		return nil
	}
	layers := h.layers()
	after := mountsBelow(string(h))
	var out []string
	for _, mount := range before {
		if !slices.Contains(after, mount) {
			continue
		}
		kind, rest, _ := strings.Cut(strings.TrimPrefix(mount, string(h)+"/"), "/")
		id, _, _ := strings.Cut(rest, "/")
		switch kind {
		case "containers":
			if !slices.ContainsFunc(containers, func(c container.Summary) bool { return c.ID == id }) {
				out = append(out, mount)
			}
		case "overlay2":
			if layers != nil && strings.HasSuffix(mount, "/merged") && !layers[id] {
				out = append(out, mount)
			}
		}
	}
	return out
}

// layers are the directories in overlay2 that belong to containers which the
// engine knows; nil: not known.
func (h home) layers() map[string]bool {
	files, err := filepath.Glob(filepath.Join(string(h), "image/overlay2/layerdb/mounts/*/mount-id"))
	if err != nil || len(files) == 0 {
		return nil
	}
	out := map[string]bool{}
	for _, file := range files {
		if id, err := os.ReadFile(file); err == nil {
			out[strings.TrimSpace(string(id))] = true
		}
	}
	return out
}
