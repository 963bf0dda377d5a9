package disk

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"

	"slipway"
)

// files are where the table is kept, in the order they are replaced.
var files = []string{"table.json", "table.copy.json"}

// Load reads the last acknowledged state. Its table is empty only in a directory in
// which none was ever written. Where one file is damaged, missing or older it
// is written anew from the other; where no file is good, Load fails.
func (d *Dir) Load(log *slog.Logger) (State, error) {
	var good []record
	var bad []error
	absent := 0
	for _, name := range files {
		text, err := os.ReadFile(d.file(name))
		if errors.Is(err, fs.ErrNotExist) {
			absent++
			continue
		}
		var r record
		if err == nil {
			r, err = decode(text)
		}
		if err != nil {
			bad = append(bad, fmt.Errorf("%s: %w", name, err))
			continue
		}
		good = append(good, r)
	}
	if absent == len(files) {
		return State{Table: slipway.Table{}}, nil
	}
	if len(good) == 0 {
		return State{}, fmt.Errorf("no good table in %s: %w: bring a good file back from a backup, or move these away to begin with no routes at all", d.path, errors.Join(bad...))
	}
	last := slices.MaxFunc(good, func(a, b record) int { return cmp.Compare(a.Sequence, b.Sequence) })
	d.sequence = last.Sequence
	if last.Table == nil {
		last.Table = slipway.Table{}
	}
	if len(good) < len(files) || good[0].Sequence != good[1].Sequence {
		log.Warn("table file repaired from its copy", "sequence", last.Sequence, "damaged", errors.Join(bad...))
		if err := d.Save(last.State); err != nil {
			return State{}, err
		}
	}
	return last.State, nil
}

// Save makes s the state that Load reads from now on. When it returns nil, s
// is on disk. When it fails, Load will read either s or the state before it.
func (d *Dir) Save(s State) error {
	d.sequence++
	text, err := record{Sequence: d.sequence, State: s}.encode()
	if err != nil {
		return fmt.Errorf("encode table: %w", err)
	}
	// Both are written before either takes its place, side by side so that one
	// commit of the file system's journal serves both.
	written := make(chan error, len(files))
	for _, name := range files {
		go func() { written <- writeSynced(d.file(name+".new"), text) }()
	}
	for range files {
		err = errors.Join(err, <-written)
	}
	if err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	for _, name := range files {
		if err := os.Rename(d.file(name+".new"), d.file(name)); err != nil {
			return fmt.Errorf("replace table: %w", err)
		}
	}
	if err := d.sync(); err != nil {
		return fmt.Errorf("sync data directory: %w", err)
	}
	return nil
}

func writeSynced(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
