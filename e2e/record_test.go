package e2e

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"slipway/e2e/system"
)

// recordDir is where histories of workflows go, for the replay test of package
// workflows: go test . -record ../workflows/testdata/histories
var recordDir = flag.String("record", "", "directory to record the histories of workflows in")

// record keeps the history of a workflow as it is now, under a name that says
// what happened in it.
func record(t *testing.T, s *system.System, workflowID, what string) {
	t.Helper()
	if *recordDir == "" {
		return
	}
	c, err := client.Dial(client.Options{HostPort: s.Temporal, Namespace: "slipway"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var events history.History
	for it := c.GetWorkflowHistory(t.Context(), workflowID, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); it.HasNext(); {
		event, err := it.Next()
		if err != nil {
			t.Fatal(err)
		}
		events.Events = append(events.Events, event)
	}
	text, err := protojson.MarshalOptions{Multiline: true, Indent: " "}.Marshal(&events)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(*recordDir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*recordDir, what+".json"), append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
