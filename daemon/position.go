package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"slipway/drivers/audit"
)

// position is how far a chain was copied, by what was kept of it. The zero
// position is that of a copy which begins.
func (s source) position(chain string) (at audit.Position, err error) {
	text, err := os.ReadFile(s.file(chain))
	if errors.Is(err, fs.ErrNotExist) {
		return at, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &at)
	}
	if err != nil {
		return audit.Position{}, fmt.Errorf("read how far a copy has come: %w", err)
	}
	return at, nil
}

// keep puts on disk how far a chain was copied.
func (s source) keep(chain string, at audit.Position) error {
	text, err := json.Marshal(at)
	if err == nil {
		err = os.MkdirAll(s.positions, 0o700)
	}
	if err == nil {
		err = replace(s.file(chain), text)
	}
	if err != nil {
		return fmt.Errorf("write how far a copy has come: %w", err)
	}
	return nil
}

func (s source) file(chain string) string { return filepath.Join(s.positions, chain+".json") }

// replace writes a file that is there whole, or as it was, whatever is killed.
func replace(path string, text []byte) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
