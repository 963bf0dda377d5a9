package audit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"slipway"
)

// A Position is how far somebody has read a chain: up to its line Seq, which had
// the Hash. The zero Position is before the first line.
type Position struct {
	Seq  uint64 `json:"seq"`
	Hash string `json:"hash"`
}

// Chains are the names of those that whoever follows this log has to read: the
// one that it writes, and all others of its part that no process writes any more
// (their process has another one now, because they were damaged, or is gone).
func (l *Log) Chains() (names []string, err error) {
	all, err := chainDirs(l.Dir)
	if err != nil {
		return nil, err
	}
	for _, name := range all {
		if name == l.chain || strings.HasPrefix(name, l.Part+"-") && !held(filepath.Join(l.Dir, name, lockName)) {
			names = append(names, name)
		}
	}
	return names, nil
}

// A Reader reads the lines of a chain as they were written, in their order, and
// none that is not on disk. It is for one goroutine. A copy of it reads from
// where it was when it was copied.
type Reader struct {
	log   *Log
	chain string
	at    Position

	file   string // that was read last
	offset int64  // of the next line in it
}

// Read begins after a position.
func (l *Log) Read(chain string, after Position) Reader {
	return Reader{log: l, chain: chain, at: after}
}

// Position is how far it has read.
func (r *Reader) Position() Position { return r.at }

// Next returns lines that were not read yet, without their breaks, at most so
// many. There are none when all are read, and some may come with an error. Errors: CodeConflict where the line of
// the position that was begun after is not there, or another one: the chain was
// cut or written anew.
func (r *Reader) Next(most int) (lines [][]byte, err error) {
	last := ^uint64(0)
	if r.chain == r.log.chain {
		if last = r.log.Head().Seq; last < r.at.Seq {
			return nil, r.changed()
		}
	}
	for len(lines) < most && r.at.Seq < last {
		more, err := r.fromFile(most-len(lines), last)
		lines = append(lines, more...)
		if err != nil || len(more) == 0 {
			return lines, err
		}
	}
	return lines, nil
}

// fromFile reads on in the file that has the next line, up to the line last;
// nothing where there is none.
func (r *Reader) fromFile(most int, last uint64) (lines [][]byte, err error) {
	files, err := segments(filepath.Join(r.log.Dir, r.chain))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // it was moved away, which is for chains that nobody writes
	}
	if err != nil {
		return nil, err
	}
	i := len(files) - 1
	for i >= 0 && files[i].first > r.at.Seq+1 {
		i--
	}
	if i < 0 {
		if len(files) == 0 && r.at.Seq == 0 {
			return nil, nil
		}
		return nil, r.changed()
	}
	f, err := os.Open(files[i].path)
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	defer f.Close() // it was only read
	in := bufio.NewReader(f)
	if files[i].path != r.file {
		if r.offset, err = r.skip(in, files[i].first); err != nil {
			return nil, err
		}
		r.file = files[i].path
	} else {
		if _, err := f.Seek(r.offset, io.SeekStart); err != nil {
			return nil, fmt.Errorf("read the audit log: %w", err)
		}
	}
	for len(lines) < most && r.at.Seq < last {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return lines, fmt.Errorf("read the audit log: %w", err)
		}
		lines = append(lines, line[:len(line)-1])
		r.at = Position{Seq: r.at.Seq + 1, Hash: hashIn(line[:len(line)-1])}
		r.offset += int64(len(line))
	}
	return lines, nil
}

// skip reads past what was read before, and finds out whether that is still
// there.
func (r *Reader) skip(in *bufio.Reader, first uint64) (offset int64, err error) {
	for seq := first; seq <= r.at.Seq; seq++ {
		line, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, fmt.Errorf("read the audit log: %w", err)
		}
		if err != nil || seq == r.at.Seq && hashIn(line[:len(line)-1]) != r.at.Hash {
			return 0, r.changed()
		}
		offset += int64(len(line))
	}
	return offset, nil
}

func (r *Reader) changed() error {
	return slipway.Errorf(slipway.CodeConflict, "audit chain %s has no line %d any more, or another one: it was cut or written anew; slipway audit verify says more", r.chain, r.at.Seq)
}

// hashIn is the hash at the end of a line; of one that was changed, which may
// have none, that of its text.
func hashIn(line []byte) string {
	if hash, err := intact(line); err == nil {
		return hash
	}
	return hashOf(line)
}
