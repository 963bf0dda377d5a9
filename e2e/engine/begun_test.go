package engine

import (
	"context"
	"testing"
	"time"
)

// A dockerd that is killed while it starts a container leaves a task of it in
// containerd, and the next one cannot start that container any more.
func TestEngineStartsWhatAKilledOneHadBegunToStart(t *testing.T) {
	t.Parallel()
	e := newEngineLab(t)
	e.start(t, e.spec(1, nil)) // makes the network
	for i := range 6 {
		spec := e.spec(i+2, nil)
		begun := make(chan error, 1)
		go func() {
			_, err := e.docker.Start(t.Context(), spec)
			begun <- err
		}()
		select { // a start takes some 100 ms
		case <-time.After(time.Duration(20+12*i) * time.Millisecond):
		case <-t.Context().Done():
		}
		if err := e.Kill(); err != nil {
			t.Fatal(err)
		}
		first := <-begun
		if err := e.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		c, err := e.docker.Start(ctx, spec)
		cancel()
		if err != nil || !c.Running {
			t.Errorf("after %v: %v, running %t", first, err, c.Running)
		}
	}
}
