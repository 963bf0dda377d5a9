package disk_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/edge/disk"
)

const first, second = "table.json", "table.copy.json"

// table is one whose generation tells it from others.
func table(generation uint64) slipway.Table {
	id := slipway.ServiceID{Project: "shop", Service: "app"}
	return slipway.Table{id.Key(): {
		ServiceID: id, Route: slipway.Route{Host: "app.example.com", Path: "/"}, Active: "shop.app.1", Generation: generation,
		Targets: map[string]slipway.Target{"shop.app.1": {Route: slipway.Route{Host: "app.example.com", Path: "/"}, Upstreams: []string{"10.0.0.1:80"}}},
	}}
}

// saved is the path of a directory in which these were saved, in this order.
func saved(t *testing.T, tables ...slipway.Table) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data")
	dir, _ := load(t, path)
	for _, table := range tables {
		if err := dir.Save(disk.State{Table: table}); err != nil {
			t.Fatal(err)
		}
	}
	dir.Close()
	return path
}

func load(t *testing.T, path string) (*disk.Dir, slipway.Table) {
	t.Helper()
	dir, err := disk.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dir.Close() })
	got, err := dir.Load(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return dir, got.Table
}

func TestNewDirectoryIsEmpty(t *testing.T) {
	if _, got := load(t, saved(t)); len(got) != 0 {
		t.Errorf("a new directory holds %v", got)
	}
}

// Whatever a crash or a bad disk leaves behind of the two files, the last
// saved table is read, and both files are good again afterwards.
func TestLastSavedTableIsRead(t *testing.T) {
	before := saved(t, table(1))
	for name, damage := range map[string]func(t *testing.T, path string){
		"nothing happened":              func(*testing.T, string) {},
		"first file lost":               func(t *testing.T, path string) { remove(t, path, first) },
		"second file lost":              func(t *testing.T, path string) { remove(t, path, second) },
		"first file empty":              func(t *testing.T, path string) { write(t, path, first, "") },
		"second file empty":             func(t *testing.T, path string) { write(t, path, second, "") },
		"first file cut short":          func(t *testing.T, path string) { write(t, path, first, read(t, path, first)[:200]) },
		"one letter of the first wrong": func(t *testing.T, path string) { flip(t, path, first) },
		"one letter of the second":      func(t *testing.T, path string) { flip(t, path, second) },
		"crash while the next was written": func(t *testing.T, path string) {
			write(t, path, first+".new", read(t, path, first)[:100])
			write(t, path, second+".new", "")
		},
		"crash between the two renames": func(t *testing.T, path string) { write(t, path, second, read(t, before, second)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := saved(t, table(1), table(2))
			damage(t, path)
			dir, got := load(t, path)
			if diff := cmp.Diff(table(2), got); diff != "" {
				t.Errorf("not the last saved table:\n%s", diff)
			}
			dir.Close()
			if a, b := read(t, path, first), read(t, path, second); a != b {
				t.Errorf("the files are not alike after loading:\n%s\n%s", a, b)
			}
			dir, _ = load(t, path)
			if err := dir.Save(disk.State{Table: table(3)}); err != nil {
				t.Fatal(err)
			}
			dir.Close()
			if _, got := load(t, path); got["shop.app"].Generation != 3 {
				t.Errorf("a later save is not read: generation %d", got["shop.app"].Generation)
			}
		})
	}
}

func TestWithoutAGoodFileLoadFails(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, path string){
		"both damaged":          func(t *testing.T, path string) { flip(t, path, first); flip(t, path, second) },
		"one damaged, one lost": func(t *testing.T, path string) { flip(t, path, first); remove(t, path, second) },
		"both empty":            func(t *testing.T, path string) { write(t, path, first, ""); write(t, path, second, "") },
		"one lost and one unopened": func(t *testing.T, path string) {
			remove(t, path, first)
			remove(t, path, second)
			mkdir(t, path, second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := saved(t, table(1))
			damage(t, path)
			dir, err := disk.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer dir.Close()
			_, err = dir.Load(slog.New(slog.DiscardHandler))
			if err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("error is %v, want one that names %s", err, path)
			}
		})
	}
}

func TestDirectoryIsHeldByOne(t *testing.T) {
	path := saved(t)
	dir, _ := load(t, path)
	if other, err := disk.Open(path); err == nil {
		other.Close()
		t.Fatal("two hold one directory")
	}
	dir.Close()
	load(t, path)
}

func TestFailedSaveKeepsTheTableBefore(t *testing.T) {
	path := saved(t, table(1))
	dir, _ := load(t, path)
	mkdir(t, path, first+".new")
	if err := dir.Save(disk.State{Table: table(2)}); err == nil {
		t.Fatal("saved where it cannot write")
	}
	remove(t, path, first+".new")
	dir.Close()
	if _, got := load(t, path); got["shop.app"].Generation != 1 {
		t.Errorf("generation %d is read, want 1", got["shop.app"].Generation)
	}
}

func read(t *testing.T, path, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, path, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(path, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func flip(t *testing.T, path, name string) {
	t.Helper()
	text := []byte(read(t, path, name))
	text[len(text)/2] ^= 1
	write(t, path, name, string(text))
}

func remove(t *testing.T, path, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(path, name)); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, path, name string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(path, name), 0o700); err != nil {
		t.Fatal(err)
	}
}
