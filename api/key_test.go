package api_test

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"slipway"
	"slipway/api"
)

func TestLoadKey_IsOneForAllWhoStartAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "signing.key")
	keys := make([][]byte, 8)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() {
			key, err := api.LoadKey(path)
			if err != nil {
				t.Error(err)
			}
			keys[i] = key
		})
	}
	all.Wait()
	for _, key := range keys {
		if len(key) != 32 || !bytes.Equal(key, keys[0]) {
			t.Errorf("%x, %x", key, keys[0])
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v %v", entries, err)
	}
}

func TestLoadKey_RefusesOneThatOthersKnow(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "signing.key")
	if err := os.WriteFile(path, make([]byte, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := api.LoadKey(path); slipway.ErrorCode(err) != slipway.CodeInvalid {
		t.Error(err)
	}
	if err := os.WriteFile(path, make([]byte, 31), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := api.LoadKey(path); slipway.ErrorCode(err) != slipway.CodeInvalid {
		t.Error(err)
	}
	if _, err := api.LoadKey(filepath.Join(path, "below-a-file")); err == nil {
		t.Error("a key at no place")
	}
}
