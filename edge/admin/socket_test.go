package admin_test

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"

	"slipway/edge/admin"
)

func TestSocketIsItsOwnersAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin.sock")
	listener, err := admin.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := info.Mode(), fs.ModeSocket|0o600; got != want {
		t.Errorf("mode is %s, want %s", got, want)
	}
}

func TestSocketOfADeadProcessIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin.sock")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false) // as a process that is killed leaves it
	dead.Close()
	listener, err := admin.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
}

func TestWhatIsInUseIsNotReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin.sock")
	first, err := admin.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if second, err := admin.Listen(path); err == nil {
		second.Close()
		t.Error("two edges listen on one socket")
	}
	file := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := admin.Listen(file); err == nil {
		l.Close()
		t.Error("a file was taken for a socket")
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "mine" {
		t.Errorf("the file is now %q, %v", text, err)
	}
}
