package lab

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const crashing = "SLIPWAY_LAB_CRASHING"

// TestMain runs the part of the test that is to be killed.
func TestMain(m *testing.M) {
	if os.Getenv(crashing) == "" {
		os.Exit(m.Run())
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	e, err := StartEngine(ctx)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("started in", e.slot.dir)
	<-ctx.Done()
}

func TestWhatACrashedRunLeftIsClearedByTheNext(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashing+"=1")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	killErr := cmd.Process.Kill()
	_ = cmd.Wait() // it was killed
	dir, ok := strings.CutPrefix(strings.TrimSpace(line), "started in ")
	if err != nil || killErr != nil || !ok {
		t.Fatalf("the run that is to crash said %q: %v, %v", line, err, killErr)
	}
	left := &slot{dir: dir}
	if n := running(t, left); n == 0 {
		t.Fatal("the crash left no dockerd, and proves nothing")
	}
	for { // the crashed run had the first free slot: it is among the free ones now
		s, err := takeSlot("engine")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.release() }()
		if s.dir == dir {
			break
		}
	}
	if n := running(t, left); n != 0 {
		t.Errorf("%d processes of the crashed run are left", n)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(mounts), dir+"/") {
		t.Error("mounts of the crashed run are left")
	}
}

func running(t *testing.T, s *slot) int {
	t.Helper()
	all, err := processes()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range all {
		if s.runs(p, programs) {
			n++
		}
	}
	return n
}
