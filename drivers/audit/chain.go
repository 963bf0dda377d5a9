package audit

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	fileSuffix = ".jsonl"
	lockName   = "lock"
)

// chainDirs are the chains in a directory, by name. A directory that is not
// there has none.
func chainDirs(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the chains of the audit log: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// A segment is one file of a chain.
type segment struct {
	path  string
	first uint64 // the number of its first line
}

func segmentPath(chain string, first uint64) string {
	return filepath.Join(chain, fmt.Sprintf("%012d%s", first, fileSuffix))
}

// segments are the files of a chain, the oldest first.
func segments(chain string) (found []segment, err error) {
	entries, err := os.ReadDir(chain)
	if err != nil {
		return nil, fmt.Errorf("list the files of an audit chain: %w", err)
	}
	for _, e := range entries {
		text, ok := strings.CutSuffix(e.Name(), fileSuffix)
		first, err := strconv.ParseUint(text, 10, 64)
		if !ok || err != nil || !e.Type().IsRegular() {
			continue
		}
		found = append(found, segment{path: filepath.Join(chain, e.Name()), first: first})
	}
	slices.SortFunc(found, func(a, b segment) int { return cmp.Compare(a.first, b.first) })
	return found, nil
}

// syncDir makes names in a directory durable.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close() // it was only read
	return f.Sync()
}
