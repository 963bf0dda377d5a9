package starter

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"golang.org/x/sync/errgroup"

	"slipway"
	"slipway/workflows"
)

// Lanes lists the services of a project (empty: of all) that have a lane, in the
// order of their names. It may be behind by a second with lanes that are new.
func (c *Client) Lanes(ctx context.Context, project string) ([]slipway.ServiceID, error) {
	// Temporal lists the run that continues a lane a moment after it has left the
	// one before. In that moment the one before stands for both.
	query := "WorkflowType = '" + workflows.LaneType + "' AND (ExecutionStatus = 'Running' OR ExecutionStatus = 'ContinuedAsNew' AND CloseTime > " +
		quoted(time.Now().Add(-continuing).UTC().Format(time.RFC3339)) + ")"
	if project != "" {
		query += " AND " + equals(workflows.ProjectKey.GetName(), project)
	}
	listed := map[slipway.ServiceID]bool{} // true: it runs
	for page := []byte(nil); ; {
		found, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: 1000, NextPageToken: page})
		if err != nil {
			return nil, explain(err, "services")
		}
		for _, info := range found.GetExecutions() {
			id, err := slipway.ParseServiceID(text(info.GetSearchAttributes().GetIndexedFields()[workflows.ServiceKey.GetName()]))
			if err == nil {
				listed[id] = listed[id] || info.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING
			}
		}
		if page = found.GetNextPageToken(); len(page) == 0 {
			break
		}
	}
	ids := []slipway.ServiceID{}
	for id, runs := range listed {
		if !runs {
			var err error
			if runs, err = c.hasLane(ctx, id); err != nil {
				return nil, err
			}
		}
		if runs {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b slipway.ServiceID) int { return strings.Compare(a.String(), b.String()) })
	return ids, nil
}

// continuing is how long ago a lane may have continued as new for its run before
// to be looked at: far longer than Temporal takes to list the next, with clocks
// that differ.
const continuing = time.Minute

// hasLane asks the lane itself, and no list, whether it runs.
func (c *Client) hasLane(ctx context.Context, id slipway.ServiceID) (bool, error) {
	described, err := c.temporal.DescribeWorkflowExecution(ctx, workflows.LaneID(id), "")
	if slipway.ErrorCode(explain(err, "service "+id.String())) == slipway.CodeNotFound {
		return false, nil
	}
	if err != nil {
		return false, explain(err, "service "+id.String())
	}
	return described.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING, nil
}

// Overview says how the services of a project stand (empty: of all), in the
// order of their names, for people to look at: one that does not answer in time
// says so in Unread, and keeps nobody from seeing the others. Where none of the
// first answers, that is the error.
func (c *Client) Overview(ctx context.Context, project string) ([]slipway.ServiceStatus, error) {
	var read, unread atomic.Int32
	return c.services(ctx, project, func(ctx context.Context, id slipway.ServiceID) (slipway.ServiceStatus, error) {
		asked, cancel := context.WithTimeout(ctx, glance)
		defer cancel()
		status, err := c.Service(asked, id)
		if err == nil {
			read.Add(1)
			return status, nil
		}
		if n := unread.Add(1); n >= sideBySide && read.Load() == 0 {
			return slipway.ServiceStatus{}, err
		}
		return slipway.ServiceStatus{ServiceID: id, Queue: []string{}, Good: []slipway.Version{}, Behind: []slipway.Behind{}, Unread: err.Error()}, nil
	})
}

// Services says how the services of a project stand (empty: of all), in the
// order of their names, for what acts on all of them: one that does not answer is
// an error.
func (c *Client) Services(ctx context.Context, project string) ([]slipway.ServiceStatus, error) {
	return c.services(ctx, project, c.Service)
}

// Of many services, so many are asked at a time, and each may take so long where
// somebody waits for a list.
const (
	sideBySide = 8
	glance     = 5 * time.Second
)

func (c *Client) services(ctx context.Context, project string, ask func(context.Context, slipway.ServiceID) (slipway.ServiceStatus, error)) ([]slipway.ServiceStatus, error) {
	ids, err := c.Lanes(ctx, project)
	if err != nil {
		return nil, err
	}
	services := make([]slipway.ServiceStatus, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sideBySide)
	for i, id := range ids {
		group.Go(func() (err error) {
			services[i], err = ask(ctx, id)
			return err
		})
	}
	return services, group.Wait()
}
