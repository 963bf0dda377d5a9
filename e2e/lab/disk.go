package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// makeDisk makes a disk of so many bytes: a file with a file system in it.
func makeDisk(path string, bytes int64) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Truncate(bytes), file.Close()); err != nil {
		return err
	}
	return run("mkfs.ext4", "-q", "-m", "0", path)
}

func mountDisk(path, dir string) error {
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return err
	}
	return run("mount", "-o", "loop", path, dir)
}

// fill leaves no byte free on the file system that holds the directory. It
// returns what frees them again.
func fill(dir string) (free func() error, err error) {
	path := filepath.Join(dir, "lab-filling")
	free = func() error { return os.Remove(path) }
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	chunk, offset := int64(1<<20), int64(0)
	for chunk >= 4096 {
		err := unix.Fallocate(int(file.Fd()), 0, offset, chunk)
		switch {
		case errors.Is(err, unix.ENOSPC):
			chunk /= 2
		case err != nil:
			return nil, errors.Join(fmt.Errorf("fill the disk of %s: %w", dir, err), free())
		default:
			offset += chunk
		}
	}
	return free, nil
}
