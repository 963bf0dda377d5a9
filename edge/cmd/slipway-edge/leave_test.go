package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/edge/disk"
)

func TestLeaveStandsUntilStay(t *testing.T) {
	data := t.TempDir()
	if out, status := run(t, "leave", "--data", data, "--reason", "new kernel"); status != exitFailed || !strings.Contains(out, "no edge has its data") {
		t.Errorf("in a directory of nobody: %d %q", status, out)
	}
	dir, err := disk.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	dir.Close()
	if out, status := run(t, "leave", "--data", data); status != exitUsage {
		t.Errorf("without a reason: %d %q", status, out)
	}
	for range 2 {
		if out, status := run(t, "leave", "--data", data, "--reason", "new kernel"); status != 0 || !disk.Leaving(data) {
			t.Errorf("%d %q, leaving %t", status, out, disk.Leaving(data))
		}
	}
	if why, err := os.ReadFile(filepath.Join(data, "leaving")); err != nil || !strings.HasSuffix(string(why), ": new kernel\n") {
		t.Errorf("it says %q, %v", why, err)
	}
	for range 2 {
		if out, status := run(t, "stay", "--data", data); status != 0 || disk.Leaving(data) {
			t.Errorf("%d %q, leaving %t", status, out, disk.Leaving(data))
		}
	}
}
