package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"slipway"
	"slipway/workflows"
)

// One service whose lane no worker takes up, as after a bad release of Slipway,
// does not keep its neighbours from seeing how theirs stand.
func TestAServiceThatCannotBeReadHidesNoOther(t *testing.T) {
	s := start(t)
	push(t, s, "seen", "v1")
	first := release(t, s, service(t, s, "seen", ""), "v1", 0)
	mute := slipway.ServiceID{Project: "search", Service: "mute"}
	intruder := intrude(t, s)
	run, err := intruder.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: workflows.LaneID(mute), TaskQueue: "nobody-polls-it",
		TypedSearchAttributes: temporal.NewSearchAttributes(workflows.ProjectKey.ValueSet(mute.Project), workflows.ServiceKey.ValueSet(mute.String())),
	}, workflows.LaneType, workflows.LaneInput{Service: mute})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { // others use the system, too
		if err := intruder.TerminateWorkflow(context.WithoutCancel(t.Context()), run.GetID(), run.GetRunID(), "it was a test"); err != nil {
			t.Error(err)
		}
	}()
	var out string
	eventually(t, func() error { // a list may be behind by a second
		if out = cli(t, s, 0, "services"); !strings.Contains(out, mute.String()) {
			return fmt.Errorf("it lists\n%s", out)
		}
		return nil
	})
	lines := map[string]string{}
	for line := range strings.Lines(out) {
		name, rest, _ := strings.Cut(line, " ")
		lines[name] = rest
	}
	if !strings.Contains(lines["search/seen"], first.ID) || !strings.Contains(lines["search/mute"], "not known now: ") {
		t.Errorf("it lists\n%s", out)
	}
}
