package workflows_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"slipway"
	"slipway/activities"
	"slipway/workflows"
)

// One host that does not answer, and one whose agent is dead, keep nobody from
// hearing about the others.
func TestHostsAnswerForThemselves(t *testing.T) {
	t.Parallel()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterActivityWithOptions(func(_ context.Context, in activities.HostInput) (slipway.HostFacts, error) {
		switch in.Host {
		case "hung":
			return slipway.HostFacts{}, activities.Failure(slipway.Errorf(slipway.CodeUnavailable, "host hung: no answer"))
		case "dead":
			return slipway.HostFacts{}, temporal.NewTimeoutError(enums.TIMEOUT_TYPE_SCHEDULE_TO_START, nil)
		}
		return slipway.HostFacts{Version: "28.2.2"}, nil
	}, activity.RegisterOptions{Name: "HostFacts"})
	env.ExecuteWorkflow(workflows.Hosts, workflows.HostsInput{Hosts: []slipway.PlanHost{{Name: "well"}, {Name: "hung"}, {Name: "dead", Agent: true}}})
	var answers []workflows.HostAnswer
	if err := env.GetWorkflowResult(&answers); err != nil {
		t.Fatal(err)
	}
	if len(answers) != 3 || answers[0].Facts == nil || answers[0].Facts.Version != "28.2.2" || answers[0].Error != "" {
		t.Errorf("of a host that is well: %+v", answers)
	}
	for i, want := range map[int]string{1: "host hung: no answer", 2: "host dead: its agent does not answer: it has taken no work for 5s; see why there, or start it: slipway worker --host dead"} {
		if answers[i].Silent != (i == 2) || answers[i].Facts != nil || !strings.Contains(answers[i].Error, want) {
			t.Errorf("answer %d is %+v, want %q", i, answers[i], want)
		}
	}
}
