package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// leaving is the file that is there while the edge is to get no more traffic.
// It says who wants that, and why.
const leaving = "leaving"

// Leaving reports whether the edge on a data directory is to get no more
// traffic. That stands over restarts.
func Leaving(path string) bool {
	_, err := os.Stat(filepath.Join(path, leaving))
	return err == nil
}

// Leave notes that the edge is to get no more traffic, and why.
func Leave(path, why string) error {
	if _, err := os.Stat(filepath.Join(path, "lock")); err != nil {
		return fmt.Errorf("no edge has its data in %s: %w", path, err)
	}
	return writeSynced(filepath.Join(path, leaving), []byte(why+"\n"))
}

// Stay takes a Leave back, if there was one.
func Stay(path string) error {
	if err := os.Remove(filepath.Join(path, leaving)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
