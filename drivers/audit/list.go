package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"slipway"
)

const (
	defaultLimit = 100
	maxLimit     = 1000
)

// List returns entries of all chains of the directory, the latest first, and the
// page to go on with, which is empty at the end. It reads while others write.
// Errors: CodeInvalid for a page that no list returned.
func (l *Log) List(f slipway.AuditFilter) (entries []slipway.AuditEntry, page string, err error) {
	return List(l.Dir, f)
}

// List is the method of that name, for a directory that nobody needs to write.
func List(dir string, f slipway.AuditFilter) (entries []slipway.AuditEntry, page string, err error) {
	cursor := map[string]uint64{} // by chain: the number of the line that was listed last
	if f.Page != "" && json.Unmarshal([]byte(f.Page), &cursor) != nil {
		return nil, "", slipway.Errorf(slipway.CodeInvalid, "page is not the next page of another list")
	}
	names, err := chainDirs(dir)
	if err != nil {
		return nil, "", err
	}
	var tails []*tail
	for _, name := range names {
		files, err := segments(filepath.Join(dir, name))
		if err != nil {
			return nil, "", err
		}
		t := &tail{chain: name, files: files, before: cursor[name], filter: f}
		if err := t.next(); err != nil {
			return nil, "", err
		}
		tails = append(tails, t)
	}
	limit := f.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	limit = min(limit, maxLimit)
	entries = []slipway.AuditEntry{}
	cursor = maps.Clone(cursor)
	for {
		var latest *tail
		for _, t := range tails {
			if t.now != nil && (latest == nil || t.now.Time.After(latest.now.Time)) {
				latest = t
			}
		}
		if latest == nil {
			return entries, "", nil
		}
		if len(entries) == limit {
			text, err := json.Marshal(cursor)
			return entries, string(text), err
		}
		entries = append(entries, *latest.now)
		cursor[latest.chain] = latest.now.Seq
		if err := latest.next(); err != nil {
			return nil, "", err
		}
	}
}

// A tail reads a chain from its end.
type tail struct {
	chain  string
	files  []segment // that were not read yet
	before uint64    // lines from this number on were listed; 0: none
	filter slipway.AuditFilter
	read   []slipway.AuditEntry // of the file that was read last, the oldest first
	now    *slipway.AuditEntry  // nil: there are no more
}

func (t *tail) next() error {
	for len(t.read) == 0 && len(t.files) > 0 {
		last := t.files[len(t.files)-1]
		t.files = t.files[:len(t.files)-1]
		if t.before != 0 && last.first >= t.before {
			continue
		}
		if err := t.load(last); err != nil {
			return err
		}
	}
	if t.now = nil; len(t.read) > 0 {
		t.now = &t.read[len(t.read)-1]
		t.read = t.read[:len(t.read)-1]
	}
	return nil
}

// load reads what the filter takes of a file. A clock may have been set back, so
// only a whole file without a younger entry says that older ones are of no
// interest.
func (t *tail) load(s segment) error {
	text, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // begun in vain, and gone since
	}
	if err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	young, number := false, uint64(0)
	lines(text, func(line []byte) bool {
		number++
		var e slipway.AuditEntry
		if json.Unmarshal(line, &e) != nil {
			e = event("audit.unreadable", fmt.Sprintf("line %d of %s cannot be read: slipway audit verify says more", number, filepath.Join(t.chain, filepath.Base(s.path))))
			e.Chain, e.Seq = t.chain, s.first+number-1
		}
		young = young || e.Time.IsZero() || !e.Time.Before(t.filter.Since)
		if t.filter.Takes(e) && (t.before == 0 || e.Seq < t.before) {
			t.read = append(t.read, e)
		}
		return true
	})
	if !young {
		t.files = nil
	}
	return nil
}
