package audit

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"slipway"
)

// reserveStep is how much disk space is taken at a time.
const reserveStep = 1 << 20

// A writer appends to the last file of a chain. What it returned nil for is on
// disk; what it returned an error for is not, nor is any part of it.
type writer struct {
	dir     string // of the chain
	chain   string
	maxSize int64

	file     *os.File // nil: the next line begins one
	size     int64    // of the file, as far as it is good
	reserved int64    // bytes of disk that the file has
	torn     bool     // there is more in it, which a failed write left
	seq      uint64   // of the last line; 0: there is none
	hash     string   // of the last line
}

// put writes entries, and leaves at least room bytes of disk for those that
// come later.
func (w *writer) put(entries []slipway.AuditEntry, room int64) error {
	seq, hash := w.seq, w.hash
	var text []byte
	for _, e := range entries {
		seq++
		e.Chain, e.Seq, e.Prev = w.chain, seq, hash
		line, sealed, err := seal(e)
		if err != nil {
			return err
		}
		text, hash = append(text, line...), sealed
	}
	if err := w.write(text, room); err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	w.seq, w.hash = seq, hash
	return nil
}

func (w *writer) write(text []byte, room int64) (err error) {
	if w.file != nil && w.size > 0 && w.size+int64(len(text)) > w.maxSize {
		if err := w.close(); err != nil {
			return err
		}
	}
	if w.file == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	if w.torn {
		if err := w.file.Truncate(w.size); err != nil {
			return err
		}
		w.torn = false
	}
	if err := w.reserve(w.size + int64(len(text)) + room); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			w.torn = w.file.Truncate(w.size) != nil
			w.reserved = 0 // a truncation gives it back
		}
	}()
	if _, err := w.file.WriteAt(text, w.size); err != nil {
		return err
	}
	if err := w.file.Sync(); err != nil {
		return err
	}
	w.size += int64(len(text))
	return nil
}

// begin makes the next file.
func (w *writer) begin() error {
	file, err := os.OpenFile(segmentPath(w.dir, w.seq+1), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	// It may be there, empty or torn: one that could not be written before.
	if err := errors.Join(file.Truncate(0), syncDir(w.dir)); err != nil {
		return errors.Join(err, file.Close())
	}
	w.file, w.size, w.reserved, w.torn = file, 0, 0, false
	return nil
}

func (w *writer) reserve(size int64) error {
	if size <= w.reserved {
		return nil
	}
	step := (size/reserveStep + 1) * reserveStep
	err := reserve(w.file, step)
	if errors.Is(err, syscall.ENOSPC) {
		step = size
		err = reserve(w.file, step)
	}
	if err == nil {
		w.reserved = step
	}
	return err
}

// close gives the file's unused space back.
func (w *writer) close() error {
	if w.file == nil {
		return nil
	}
	err := errors.Join(w.file.Truncate(w.size), w.file.Close())
	w.file = nil
	return err
}
