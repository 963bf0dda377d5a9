package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// A Dir is an edge's data directory, held by this process alone. It is not
// safe for concurrent use.
type Dir struct {
	path     string
	lock     *os.File
	sequence uint64 // of the last record that was read or begun to be written
}

// Open makes the directory if there is none and takes its lock, which the
// kernel gives back when the process ends, however it ends. It fails at once
// where another process holds the lock.
func Open(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock of data directory: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("data directory %s is in use by another slipway-edge: give each edge a directory of its own", path)
		}
		return nil, fmt.Errorf("lock data directory %s: %w", path, err)
	}
	return Adopt(path, lock), nil
}

// Adopt makes a Dir of a directory whose lock another process took and handed
// over: both hold it now, and it is given back when both have closed it.
func Adopt(path string, lock *os.File) *Dir { return &Dir{path: path, lock: lock} }

// Lock is the file whose lock is held, for handing it over.
func (d *Dir) Lock() *os.File { return d.lock }

// Close gives the lock back, if no other process shares it.
func (d *Dir) Close() error { return d.lock.Close() }

func (d *Dir) file(name string) string { return filepath.Join(d.path, name) }

// sync makes renames within the directory durable.
func (d *Dir) sync() error {
	dir, err := os.Open(d.path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
