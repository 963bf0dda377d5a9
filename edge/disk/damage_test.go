package disk_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/edge/disk"
)

// Each of the two files is cut at every byte, and flipped at every byte, alone
// and while the other is still the one before, as when the power goes between
// the two renames. The table that is read is the last one or, where the only
// file with the last one is the damaged one, the one before. It is never
// another, and never empty.
func TestFilesCutAndFlippedAtEveryByte(t *testing.T) {
	t.Parallel()
	last, before := texts(t, saved(t, table(1), table(2)))[0], texts(t, saved(t, table(1)))[0]
	cases := 0
	var loading sync.WaitGroup
	room := make(chan struct{}, 16) // most of the time goes into fsync
	for _, damage := range []func(text []byte, at int) []byte{cut, flipped} {
		for at := range len(last) {
			damaged := damage(last, at)
			for _, c := range []struct {
				files [2][]byte
				want  slipway.Table
			}{
				{[2][]byte{damaged, last}, table(2)},
				{[2][]byte{last, damaged}, table(2)},
				{[2][]byte{damaged, before}, table(1)},
			} {
				cases++
				path := directory(t, c.files)
				room <- struct{}{}
				loading.Go(func() {
					defer func() { <-room }()
					if got, err := loaded(path); err != nil || !cmp.Equal(c.want, got) {
						t.Errorf("byte %d: %v %s", at, err, cmp.Diff(c.want, got))
					}
				})
			}
		}
	}
	loading.Wait()
	t.Logf("%d damaged pairs of files of %d bytes", cases, len(last))
}

// With both files damaged there is no table that could be trusted: the edge
// does not begin, which is not the same as beginning with none.
func TestBothFilesDamagedAtEveryByteAreRefused(t *testing.T) {
	t.Parallel()
	whole := texts(t, saved(t, table(1)))[0]
	for _, damage := range []func(text []byte, at int) []byte{cut, flipped} {
		for at := range len(whole) {
			dir, err := disk.Open(directory(t, [2][]byte{damage(whole, at), damage(whole, len(whole)-1-at)}))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := dir.Load(slog.New(slog.DiscardHandler)); err == nil {
				t.Fatalf("byte %d: %v was read", at, got)
			}
			dir.Close()
		}
	}
}

func cut(text []byte, at int) []byte { return text[:at] }

func flipped(text []byte, at int) []byte {
	damaged := append([]byte(nil), text...)
	damaged[at] ^= 0x20 // the case of a letter, or a digit into a control character
	return damaged
}

func texts(t *testing.T, path string) [2][]byte {
	t.Helper()
	return [2][]byte{[]byte(read(t, path, first)), []byte(read(t, path, second))}
}

// directory holds the two files.
func directory(t *testing.T, files [2][]byte) string {
	t.Helper()
	path := t.TempDir()
	for i, name := range []string{first, second} {
		if err := os.WriteFile(filepath.Join(path, name), files[i], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func loaded(path string) (slipway.Table, error) {
	dir, err := disk.Open(path)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	state, err := dir.Load(slog.New(slog.DiscardHandler))
	return state.Table, err
}
