package workflows_test

import (
	"log/slog"
	"path/filepath"
	"testing"

	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"slipway/workflows"
)

// TestRecordedHistoriesReplay holds the code to what it did when it ran on a
// real server: a workflow that is open when Slipway is upgraded goes on where
// it stood. A history that does not replay means that a change needs
// workflow.GetVersion, not that the history is to be recorded again.
func TestRecordedHistoriesReplay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/histories/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal(`no history is recorded in testdata/histories. Write there what
	client.GetWorkflowHistory(ctx, id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
returns for a Lane, a Release that went live, one that was rolled back, and a Cleanup: the events
gathered into one history.v1.History, by protojson.Marshal, one workflow to a file. It is the same as
	temporal workflow show --namespace slipway --workflow-id ID --output json`)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			replayer := worker.NewWorkflowReplayer()
			workflows.Register(replayer)
			err := replayer.ReplayWorkflowHistoryFromJSONFile(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)), file)
			if err != nil {
				t.Error(err)
			}
		})
	}
}
