//go:build !race

// What is tried thousands of times, one after the other: that takes seven times as
// long under the race detector, which sees nothing in it.

package audit_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// write changes one byte of a file.
func (w *tampered) write(t *testing.T, name string, at int, b byte) {
	t.Helper()
	file, err := os.OpenFile(w.path(name), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt([]byte{b}, int64(at)); err != nil {
		t.Fatal(err)
	}
}

func TestEveryChangedByteIsFound(t *testing.T) {
	t.Parallel()
	w := toTamper(t, 12)
	tried := 0
	for _, name := range w.names {
		for i, was := range w.texts[name] {
			for _, flip := range []byte{0x01, 0x20, 0x80} {
				w.write(t, name, i, was^flip)
				tried++
				if found := verify(t, w.dir, nil); len(found) == 0 || found[0].File != name {
					t.Fatalf("byte %d of %s, %q to %q: findings %v", i, name, was, was^flip, found)
				}
			}
			w.write(t, name, i, was)
		}
	}
	t.Logf("%d changes of one byte, all found", tried)
}

func TestEveryCutEndIsFound(t *testing.T) {
	t.Parallel()
	w := toTamper(t, 24)
	tried := 0
	for _, name := range slices.Backward(w.names) {
		for size := range slices.Backward(w.texts[name]) {
			if err := os.Truncate(w.path(name), int64(size)); err != nil {
				t.Fatal(err)
			}
			tried++
			if found := verify(t, w.dir, w.anchor); len(found) == 0 {
				t.Fatalf("%s cut to %d bytes is not found", name, size)
			}
		}
		if err := os.Remove(w.path(name)); err != nil { // and all that follows is gone already
			t.Fatal(err)
		}
		tried++
		if found := verify(t, w.dir, w.anchor); len(found) == 0 {
			t.Fatalf("%s removed is not found", name)
		}
	}
	if err := os.RemoveAll(filepath.Join(w.dir, w.chain)); err != nil {
		t.Fatal(err)
	}
	if found := verify(t, w.dir, w.anchor); len(found) != 1 || !strings.Contains(found[0].What, "the whole chain is gone: the anchor knows 24 lines") {
		t.Errorf("a removed chain: %v", found)
	}
	t.Logf("%d cut ends, all found", tried)
}
