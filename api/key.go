package api

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"slipway"
)

const keySize = 32 // bytes

// LoadKey reads the signing key from a file, which is made with a random key
// and mode 0600 if it is not there. Several processes that start at once get
// the same key. Errors: CodeInvalid for a file that others than its owner may
// read, or that holds no key.
func LoadKey(path string) ([]byte, error) {
	key, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := makeKey(path); err != nil {
		return nil, fmt.Errorf("make the signing key: %w", err)
	}
	return readKey(path)
}

func readKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the signing key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, slipway.Errorf(slipway.CodeInvalid, "the signing key %s has mode %04o, so others may read it and sign in as anybody: remove it to get a new one, or set its mode to 0600", path, mode)
	}
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the signing key: %w", err)
	}
	if len(key) < keySize {
		return nil, slipway.Errorf(slipway.CodeInvalid, "the signing key %s has %d bytes, fewer than %d: remove it to get a new one", path, len(key), keySize)
	}
	return key, nil
}

// makeKey writes a file under another name and links it to path, so that the
// file at path is complete from its first moment and the first one stays.
func makeKey(path string) error {
	key := make([]byte, keySize)
	rand.Read(key)                                           // never fails
	temp, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = temp.Write(key)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Link(temp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
