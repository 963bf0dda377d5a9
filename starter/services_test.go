package starter

import (
	"context"
	"slices"
	"testing"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"slipway"
	"slipway/workflows"
)

const (
	running   = enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	continued = enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW
	killed    = enums.WORKFLOW_EXECUTION_STATUS_TERMINATED
)

// A lanes is a Temporal that lists runs of lanes, and knows how each lane stands
// by now. A real one is behind only in moments that a test cannot choose.
type lanes struct {
	client.Client
	runs []run
	now  map[string]enums.WorkflowExecutionStatus // by workflow ID
}

type run struct {
	service string
	status  enums.WorkflowExecutionStatus
}

func (l *lanes) ListWorkflow(context.Context, *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	found := &workflowservice.ListWorkflowExecutionsResponse{}
	for _, r := range l.runs {
		service, err := converter.GetDefaultDataConverter().ToPayload(r.service)
		if err != nil {
			return nil, err
		}
		found.Executions = append(found.Executions, &workflow.WorkflowExecutionInfo{
			Status:           r.status,
			SearchAttributes: &common.SearchAttributes{IndexedFields: map[string]*common.Payload{workflows.ServiceKey.GetName(): service}},
		})
	}
	return found, nil
}

func (l *lanes) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	status, ok := l.now[id]
	if !ok {
		return nil, serviceerror.NewNotFound("workflow not found for ID: " + id)
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflow.WorkflowExecutionInfo{Status: status}}, nil
}

func TestAServiceIsListedWhileItsLaneContinuesAsNew(t *testing.T) {
	c := New(&lanes{
		runs: []run{
			{"shop/web", continued}, // and the next run is not listed yet
			{"shop/web", continued},
			{"shop/api", running},
			{"shop/api", continued},
			{"shop/ended", continued}, // and terminated since
			{"shop/gone", continued},  // and deleted since
		},
		now: map[string]enums.WorkflowExecutionStatus{"lane/shop.web": running, "lane/shop.ended": killed},
	})
	services, err := c.Lanes(t.Context(), "")
	want := []slipway.ServiceID{{Project: "shop", Service: "api"}, {Project: "shop", Service: "web"}}
	if err != nil || !slices.Equal(services, want) {
		t.Errorf("%v, %v; want %v", services, err, want)
	}
}
