package embedded

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"slipway"
)

// A dirLock makes a directory the property of one process. The kernel drops it
// with the process, however that ends: there is never one to clear by hand.
type dirLock struct{ file *os.File }

func lockDir(dir string) (*dirLock, error) {
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock of the data directory: %w", err)
	}
	switch err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		defer file.Close()
		holder, _ := io.ReadAll(io.LimitReader(file, 32))
		return nil, slipway.Errorf(slipway.CodeConflict,
			"data directory %s is in use by process %s; stop that one, or give this one a --data directory of its own",
			dir, strings.TrimSpace(string(holder)))
	case err != nil:
		return nil, errors.Join(fmt.Errorf("lock data directory %s: %w", dir, err), file.Close())
	}
	lock := &dirLock{file}
	// Only for the message above, so that whoever is refused knows whom to look for.
	if err := errors.Join(file.Truncate(0), writeAt(file, fmt.Sprintln(os.Getpid()))); err != nil {
		return nil, errors.Join(fmt.Errorf("write the lock of the data directory: %w", err), lock.release())
	}
	return lock, nil
}

func writeAt(file *os.File, text string) error {
	_, err := file.WriteAt([]byte(text), 0)
	return err
}

func (l *dirLock) release() error { return l.file.Close() }
