// Package evidence keeps what is left of containers that failed, as files: one
// directory per release, and in it one per host.
package evidence

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"slipway"
)

// A Store is a directory of evidence. Its files are readable by its owner only:
// logs may hold anything.
type Store struct {
	Dir string
}

// Keep writes the evidence and returns the directory it is in. What an earlier
// call kept for the same release and host is replaced. The files are
// container.json (how it ended), inspect.json (Docker's own words) and log.txt.
func (s Store) Keep(_ context.Context, release, host string, evidence slipway.Evidence) (string, error) {
	dir := filepath.Join(s.Dir, release, host)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("keep evidence: %w", err)
	}
	state, err := json.MarshalIndent(evidence.Container, "", "  ")
	if err != nil {
		return "", fmt.Errorf("keep evidence: %w", err)
	}
	for name, text := range map[string]string{
		"container.json": string(state),
		"inspect.json":   evidence.Inspect,
		"log.txt":        evidence.Logs,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return "", fmt.Errorf("keep evidence: %w", err)
		}
	}
	return dir, nil
}
