package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"slipway"
)

// credentials are what slipway login keeps: one sign-in for each server.
type credentials struct {
	Servers map[string]credential `json:"servers"` // by URL
}

type credential struct {
	User      string    `json:"user"`
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// credentialsPath is where they are kept.
func credentialsPath() (string, error) {
	home := os.Getenv("SLIPWAY_HOME")
	if home == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			return "", slipway.Errorf(slipway.CodeInvalid, "there is no home directory to keep a sign-in in: set SLIPWAY_HOME, or SLIPWAY_TOKEN")
		}
		home = filepath.Join(user, ".config", "slipway")
	}
	return filepath.Join(home, "credentials.json"), nil
}

// readCredentials reads what is kept; nothing is, at first.
func readCredentials() (credentials, error) {
	kept := credentials{Servers: map[string]credential{}}
	path, err := credentialsPath()
	if err != nil {
		return kept, err
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return kept, nil
	}
	if err != nil {
		return kept, fmt.Errorf("read sign-in: %w", err)
	}
	if json.Unmarshal(text, &kept) != nil || kept.Servers == nil {
		return kept, slipway.Errorf(slipway.CodeInvalid, "%s is damaged: remove it, and sign in again", path)
	}
	return kept, nil
}

// write replaces what is kept, all at once. Only its owner can read it.
func (c credentials) write() error {
	path, err := credentialsPath()
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("encode sign-in: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("keep sign-in: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".credentials-*") // with mode 0600
	if err != nil {
		return fmt.Errorf("keep sign-in: %w", err)
	}
	defer func() { _ = os.Remove(file.Name()) }() // when it has not been renamed
	_, err = file.Write(append(text, '\n'))
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("keep sign-in: %w", err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("keep sign-in: %w", err)
	}
	return nil
}
