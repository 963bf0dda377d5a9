package signing

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"slipway"
)

// pemType is what the file of a key says it holds.
const pemType = "PRIVATE KEY"

// load reads the private key from a file, which is made with a new key and mode
// 0600 if it is not there. Errors: CodeInvalid for a file that others than its
// owner may read, or that holds no Ed25519 key.
func load(path string) (ed25519.PrivateKey, error) {
	key, err := read(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := create(path); err != nil {
		return nil, fmt.Errorf("make the signing key: %w", err)
	}
	return read(path)
}

func read(path string) (ed25519.PrivateKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the signing key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, slipway.Errorf(slipway.CodeInvalid, "the signing key %s has mode %04o, so others may read it and sign orders as anybody: move it away to get a new one, and revoke it in signing.keys of the fleet file", path, mode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the signing key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemType {
		return nil, notAKey(path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil { // which may quote what it found
		return nil, notAKey(path)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, notAKey(path)
	}
	return key, nil
}

func notAKey(path string) error {
	return slipway.Errorf(slipway.CodeInvalid, "the signing key %s holds no Ed25519 key in PKCS #8 and PEM: move it away to get a new one", path)
}

// create writes a file under another name and links it to path, so that the
// file at path is complete from its first moment and the first one stays.
func create(path string) error {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = temp.Write(pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}))
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
