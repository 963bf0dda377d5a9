package embedded_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway"
	"slipway/deploy/standalone/embedded"
)

func TestDatabaseOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server, err := embedded.Start(t.Context(), embedded.Options{DataDir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "schema.json")
	ours, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	madeBy := func(version string) string {
		return strings.NewReplacer("1.32.1", version, `"digest": "`, `"digest": "00`).Replace(string(ours))
	}
	for name, change := range map[string]struct {
		schema string
		words  []string
	}{
		"older":   {madeBy("1.28.0"), []string{"an older version: Temporal 1.28.0", "this binary has Temporal 1.32.1", "older slipway-standalone again", "move " + dir}},
		"newer":   {madeBy("1.40.0"), []string{"a newer version: Temporal 1.40.0", "newer slipway-standalone again"}},
		"damaged": {"{", []string{file, "damaged", "put back"}},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(file, []byte(change.schema), 0o600); err != nil {
				t.Fatal(err)
			}
			refused(t, embedded.Options{DataDir: dir, Listen: "127.0.0.1:0"}, slipway.CodeConflict, change.words...)
		})
	}
	t.Run("unknown", func(t *testing.T) {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		refused(t, embedded.Options{DataDir: dir, Listen: "127.0.0.1:0"}, slipway.CodeConflict, "temporal.db has no schema.json", "put back")
	})
	t.Run("its own", func(t *testing.T) {
		if err := os.WriteFile(file, ours, 0o600); err != nil {
			t.Fatal(err)
		}
		start(t, dir)
	})
}
