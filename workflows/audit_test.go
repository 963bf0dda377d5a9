package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/workflows"
)

func TestTheAnchorOfTheAuditLogGoesOnInNewRunsWithoutLosingAHead(t *testing.T) {
	t.Parallel()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	workflows.Register(env)
	head := func(seq uint64) slipway.AuditHead {
		return slipway.AuditHead{Chain: "slipway-api-1", Seq: seq, Hash: fmt.Sprint(seq)}
	}
	env.RegisterDelayedCallback(func() {
		for seq := range uint64(10) {
			env.SignalWorkflow(workflows.Anchor, head(seq+1))
		}
		env.SignalWorkflow(workflows.Anchor, head(7)) // a chain that was cut, and went on
	}, time.Second)
	env.RegisterDelayedCallback(func() {
		value, err := env.QueryWorkflow(workflows.Status)
		var anchor slipway.AuditAnchor
		if err == nil {
			err = value.Get(&anchor)
		}
		if err != nil || len(anchor.Heads) != 10 || len(anchor.Odd) != 1 || anchor.Odd[0] != head(7) {
			t.Errorf("anchor %+v, %v", anchor, err)
		}
		env.SetContinueAsNewSuggested(true)
		env.SignalWorkflow(workflows.Anchor, head(11))
		env.SignalWorkflow(workflows.Anchor, head(12))
	}, 2*time.Second)
	env.ExecuteWorkflow(workflows.AuditType, slipway.AuditAnchor{})
	err := env.GetWorkflowError()
	if !workflow.IsContinueAsNewError(err) {
		t.Fatalf("it ended with %v, want a new run", err)
	}
}
