package embedded_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"slipway/deploy/standalone/embedded"
	"slipway/starter"
)

const (
	namespace = "slipway"
	queue     = "slipway"
	retention = 90 * 24 * time.Hour
)

// childEnv makes the test binary a server with a worker on that data directory:
// a process of its own, to be killed.
const childEnv = "SLIPWAY_TEST_SERVER_DATA"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		if err := serveUntilKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func serveUntilKilled(dir string) error {
	server, err := embedded.Start(context.Background(), embedded.Options{DataDir: dir, Listen: "127.0.0.1:0", Namespace: namespace})
	if err != nil {
		return err
	}
	c, err := connect(context.Background(), server)
	if err != nil {
		return err
	}
	w := newWorker(c)
	if err := w.Start(); err != nil {
		return err
	}
	fmt.Println(server.Address())
	_, err = os.Stdin.Read(make([]byte, 1)) // ends with the test that started it
	return err
}

// startChild returns the address of a server in a process of its own, and how
// to kill that.
func startChild(t *testing.T, dir string) (address string, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(kill)
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() {
		t.Fatal("the server process ended before it was ready")
	}
	return lines.Text(), kill
}

func start(t testing.TB, dir string) *embedded.Server {
	t.Helper()
	server, err := embedded.Start(t.Context(), embedded.Options{DataDir: dir, Listen: "127.0.0.1:0", Namespace: namespace})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

func connect(ctx context.Context, server *embedded.Server) (client.Client, error) {
	c, err := dial(ctx, server.Address())
	if err != nil {
		return nil, err
	}
	return c, starter.EnsureNamespace(ctx, c, namespace, retention)
}

func dial(ctx context.Context, address string) (client.Client, error) {
	return client.DialContext(ctx, client.Options{
		HostPort:  address,
		Namespace: namespace,
		Logger:    log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
}

// startWithClient is a server, its client and a worker, stopped in the right
// order.
func startWithClient(t testing.TB) (*embedded.Server, client.Client) {
	t.Helper()
	server := start(t, t.TempDir())
	c, err := connect(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	w := newWorker(c)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return server, c
}

func newWorker(c client.Client) worker.Worker {
	w := worker.New(c, queue, worker.Options{StickyScheduleToStartTimeout: time.Second})
	w.RegisterWorkflow(steps)
	w.RegisterActivity(step)
	return w
}

// steps runs that many activities, one after the other.
func steps(ctx workflow.Context, count int, each time.Duration) (done int, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 2 * time.Second})
	for ; done < count && err == nil; done++ {
		err = workflow.ExecuteActivity(ctx, step, each).Get(ctx, nil)
	}
	return done, err
}

func step(ctx context.Context, each time.Duration) error {
	select {
	case <-time.After(each):
	case <-ctx.Done():
	}
	return ctx.Err()
}
