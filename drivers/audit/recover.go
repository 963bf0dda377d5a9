package audit

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"slipway"
)

// errDamaged says that a chain cannot be gone on with.
var errDamaged = errors.New("damaged")

// acquire takes a chain and makes the writer ready. What it returns is to be
// written down first.
func (l *Log) acquire() (found []slipway.AuditEntry, err error) {
	names, err := chainDirs(l.Dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !strings.HasPrefix(name, l.Part+"-") {
			continue
		}
		dir := filepath.Join(l.Dir, name)
		lock, ok, err := tryLock(filepath.Join(dir, lockName))
		if err != nil {
			return nil, fmt.Errorf("lock the audit log: %w", err)
		}
		if !ok {
			continue
		}
		l.lock = lock
		w, events, err := resume(dir, name, l.MaxSize)
		found = append(found, events...)
		if err == nil {
			l.chain, l.w = name, w
			return found, nil
		}
		if err := l.release(); err != nil {
			return nil, err
		}
		if !errors.Is(err, errDamaged) {
			return nil, fmt.Errorf("go on with the audit log: %w", err)
		}
		l.Logger.Error("Audit chain damaged; a new one is begun", "chain", name, "error", err)
		found = append(found, event("audit.damaged", fmt.Sprintf("chain %s was left as it is: %v", name, err)))
	}
	return found, l.beginChain()
}

func event(action, detail string) slipway.AuditEntry {
	return slipway.AuditEntry{Kind: slipway.AuditEvent, Action: action, Code: slipway.AuditOK, Detail: detail}
}

func (l *Log) beginChain() error {
	name := l.Part + "-" + strings.ToLower(rand.Text()[:10])
	dir := filepath.Join(l.Dir, name)
	if err := errors.Join(os.Mkdir(dir, 0o700), syncDir(l.Dir)); err != nil {
		return fmt.Errorf("begin an audit chain: %w", err)
	}
	lock, ok, err := tryLock(filepath.Join(dir, lockName))
	if err != nil || !ok {
		return fmt.Errorf("lock a new audit chain: %w", err)
	}
	l.lock, l.chain = lock, name
	l.w = writer{dir: dir, chain: name, maxSize: l.MaxSize, hash: none}
	return nil
}

// resume finds the end of a chain, and cuts off a line that was being written
// when its process ended.
func resume(dir, name string, maxSize int64) (w writer, found []slipway.AuditEntry, err error) {
	w = writer{dir: dir, chain: name, maxSize: maxSize, hash: none}
	files, err := segments(dir)
	if err != nil {
		return w, nil, err
	}
	for len(files) > 0 {
		last := files[len(files)-1]
		files = files[:len(files)-1]
		text, err := os.ReadFile(last.path)
		if err != nil {
			return w, nil, err
		}
		good, seq, hash := soundPart(text)
		if torn := text[good:]; len(torn) > 0 {
			if holdsLine(torn) {
				return w, found, fmt.Errorf("%w: %s, from byte %d on", errDamaged, filepath.Base(last.path), good)
			}
			e, err := setAside(dir, last, torn, good)
			if err != nil {
				return w, found, err
			}
			found = append(found, e)
		}
		if good == 0 {
			if err := os.Remove(last.path); err != nil { // begun, and nothing written: the end is in the file before
				return w, found, err
			}
			continue
		}
		w.seq, w.hash, w.size = seq, hash, int64(good)
		w.file, err = os.OpenFile(last.path, os.O_RDWR, 0o600)
		return w, found, err
	}
	return w, found, nil
}

// soundPart is how much of a file is lines that follow one another, with the
// number and hash of the last of them.
func soundPart(text []byte) (size int, seq uint64, hash string) {
	rest := lines(text, func(line []byte) bool {
		now, err := intact(line)
		if err != nil {
			return false
		}
		var e struct {
			Seq  uint64 `json:"seq"`
			Prev string `json:"prev"`
		}
		if json.Unmarshal(line, &e) != nil || seq != 0 && (e.Seq != seq+1 || e.Prev != hash) {
			return false
		}
		seq, hash = e.Seq, now
		return true
	})
	return len(text) - len(rest), seq, hash
}

// holdsLine reports whether there is an intact line in what does not follow
// what is before it: no crash leaves that.
func holdsLine(text []byte) (found bool) {
	lines(text, func(line []byte) bool {
		_, err := intact(bytes.TrimLeft(line, "\x00"))
		found = found || err == nil
		return !found
	})
	return found
}

// setAside cuts the torn end of a file off and keeps it.
func setAside(dir string, last segment, torn []byte, good int) (slipway.AuditEntry, error) {
	aside := filepath.Join(dir, "torn-"+hashOf(torn)[:16])
	if err := os.WriteFile(aside, torn, 0o600); err != nil { //nolint:gosec // dir is a chain of ours
		// On a full disk nothing is kept but its hash; the line was never
		// acknowledged to anybody.
		aside = ""
	}
	if err := os.Truncate(last.path, int64(good)); err != nil {
		return slipway.AuditEntry{}, err
	}
	e := event("audit.repaired", "a line that was being written when the process ended was cut off")
	e.After = map[string]string{
		"file": filepath.Base(last.path), "bytes": fmt.Sprint(len(torn)), "sha256": hashOf(torn), "kept": filepath.Base(aside),
	}
	if aside == "" {
		e.After["kept"] = "nowhere"
	}
	return e, nil
}
