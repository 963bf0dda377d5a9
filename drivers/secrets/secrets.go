// Package secrets looks up what references to secrets stand for: "env://NAME"
// is a variable of the process's environment, "file:///path" the content of a
// file without the line break at its end. Values are returned and never kept,
// and no error holds one.
package secrets

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"slipway"
)

// maxSize bounds a file that is read as a secret: nothing that goes into a
// variable is larger.
const maxSize = 64 << 10

// A Store looks secrets up on the machine it runs on. The zero value is ready.
type Store struct{}

// Secret returns the value. Errors: CodeNotFound where there is none,
// CodeInvalid for a reference that is neither kind.
func (Store) Secret(_ context.Context, ref string) (string, error) {
	if name, ok := strings.CutPrefix(ref, "env://"); ok && name != "" {
		value, ok := os.LookupEnv(name)
		if !ok {
			return "", slipway.Errorf(slipway.CodeNotFound, "secret %q: the worker's environment has no %s", ref, name)
		}
		return value, nil
	}
	if path, ok := strings.CutPrefix(ref, "file://"); ok && strings.HasPrefix(path, "/") {
		return read(ref, path)
	}
	return "", slipway.Errorf(slipway.CodeInvalid, "%q is not a secret: write env://NAME or file:///path", ref)
}

func read(ref, path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", slipway.Errorf(slipway.CodeNotFound, "secret %q: there is no such file on the worker's machine", ref)
	case err != nil:
		return "", slipway.Errorf(slipway.CodeForbidden, "secret %q cannot be read: %w", ref, err)
	case !info.Mode().IsRegular() || info.Size() > maxSize:
		return "", slipway.Errorf(slipway.CodeInvalid, "secret %q is not a file of at most %d bytes", ref, maxSize)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", slipway.Errorf(slipway.CodeForbidden, "secret %q cannot be read: %w", ref, err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}
