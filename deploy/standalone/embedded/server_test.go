package embedded_test

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"slipway"
	"slipway/deploy/standalone/embedded"
	"slipway/starter"
)

func TestWorkflowsGoOnAfterTheProcessIsKilled(t *testing.T) {
	t.Parallel()
	const workflows, count = 20, 10
	dir := t.TempDir()
	address, kill := startChild(t, dir)
	c, err := dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := range workflows {
		_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: fmt.Sprint("steps/", i), TaskQueue: queue},
			steps, count, 20*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
	}
	// The first to end proves that the others are in the middle of their work.
	if err := c.GetWorkflow(t.Context(), "steps/0", "").Get(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	kill()

	address, _ = startChild(t, dir)
	again, err := dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for i := range workflows {
		var done int
		if err := again.GetWorkflow(t.Context(), fmt.Sprint("steps/", i), "").Get(t.Context(), &done); err != nil {
			t.Fatal(err)
		}
		if done != count {
			t.Errorf("workflow %d did %d of %d steps", i, done, count)
		}
	}
}

func TestNamespaceIsReadyForReleases(t *testing.T) {
	t.Parallel()
	_, c := startWithClient(t)
	if err := starter.EnsureNamespace(t.Context(), c, namespace, time.Hour); err != nil {
		t.Fatalf("a second time: %v", err)
	}
	found, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	if err != nil {
		t.Fatal(err)
	}
	if got := found.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(); got != retention {
		t.Errorf("histories are kept for %s, want %s", got, retention)
	}

	var attributes []temporal.SearchAttributeUpdate
	for _, name := range []string{"Project", "Service", "Phase", "Outcome", "Digest", "Requester"} {
		attributes = append(attributes, temporal.NewSearchAttributeKeyKeyword("Slipway"+name).ValueSet("the-"+name))
	}
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "release/search.query-api.1", TaskQueue: queue, TypedSearchAttributes: temporal.NewSearchAttributes(attributes...),
	}, steps, 1, time.Duration(0))
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Get(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	list := &workflowservice.ListWorkflowExecutionsRequest{Query: "SlipwayRequester = 'the-Requester' AND SlipwayPhase = 'the-Phase'"}
	for { // visibility follows a moment later; the test's own deadline bounds this
		found, err := c.ListWorkflow(t.Context(), list)
		if err != nil {
			t.Fatal(err)
		}
		if len(found.GetExecutions()) == 1 {
			return
		}
	}
}

func TestSecondServerOnTheSameDataIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, dir)
	refused(t, embedded.Options{DataDir: dir, Listen: "127.0.0.1:0"}, slipway.CodeConflict, dir, "in use by process")
}

func TestAddressThatCannotBeUsedIsRefused(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()

	refused(t, embedded.Options{DataDir: t.TempDir(), Listen: address}, slipway.CodeConflict, address, "--temporal-listen")
	refused(t, embedded.Options{DataDir: t.TempDir(), Listen: "0.0.0.0:7233"}, slipway.CodeInvalid, "0.0.0.0:7233", "loopback")
	refused(t, embedded.Options{DataDir: t.TempDir(), Listen: "7233"}, slipway.CodeInvalid, `"7233"`, "127.0.0.1:7233")
}

// refused checks that nothing starts, and that the error says why.
func refused(t *testing.T, o embedded.Options, code slipway.Code, words ...string) {
	t.Helper()
	server, err := embedded.Start(t.Context(), o)
	if err == nil {
		_ = server.Stop()
		t.Fatal("it started")
	}
	missing := slices.DeleteFunc(words, func(word string) bool { return strings.Contains(err.Error(), word) })
	if len(missing) > 0 || slipway.ErrorCode(err) != code {
		t.Errorf("error of code %s: %q; want code %s and the words %q", slipway.ErrorCode(err), err, code, missing)
	}
}
