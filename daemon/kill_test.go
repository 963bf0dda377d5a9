package daemon

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"slipway"
)

// writer says that this process is one that writes a log until it is killed: the
// directory, and where its copy goes.
const writerDir, writerCopy = "SLIPWAY_TEST_WRITER_DIR", "SLIPWAY_TEST_WRITER_COPY"

// TestWriter is the process that the test below kills.
func TestWriter(t *testing.T) {
	dir := os.Getenv(writerDir)
	if dir == "" {
		return
	}
	r := opened(t, dir, slipway.AuditCopy{Name: "store", URL: os.Getenv(writerCopy)})
	for {
		r.write(1)
	}
}

func TestACopyGoesOnAfterItsProcessWasKilled(t *testing.T) {
	t.Parallel()
	dir, store := t.TempDir(), newStore(t)
	to := slipway.AuditCopy{Name: "store", URL: store.URL}
	for kill := range 3 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestWriter$")
		cmd.Env = append(os.Environ(), writerDir+"="+dir, writerCopy+"="+store.URL)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		before := store.asked()
		r := &recorded{t: t, dir: dir}
		r.await("its lines arrive", func() error {
			if n := store.asked() - before; n < 2+kill {
				return fmt.Errorf("%d batches have", n)
			}
			return nil
		})
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
	}
	r := opened(t, dir, to)
	r.write(10)
	r.arrived(store.lines)
	t.Logf("%d lines, %d of them sent twice", len(r.lines()), len(store.lines())-len(r.lines()))
}
