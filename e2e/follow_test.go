package e2e

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
)

// follow calls see with each thing that a workflow's history says from now on,
// as soon as it is written, until see returns true: "StageTarget scheduled",
// "hold started".
func follow(ctx context.Context, c client.Client, workflowID string, since time.Time, see func(said string) bool) error {
	for {
		names := map[int64]string{} // of activities, by the event that scheduled them
		events := c.GetWorkflowHistory(ctx, workflowID, "", true, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		err := error(nil)
		for events.HasNext() {
			var event *history.HistoryEvent
			if event, err = events.Next(); err != nil {
				break
			}
			said := say(event, names)
			if said != "" && event.GetEventTime().AsTime().After(since) && see(said) {
				return nil
			}
		}
		if !errors.As(err, new(*serviceerror.NotFound)) { // it may not have begun
			return err
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// say puts an event into words; empty for those that stand for nothing that
// anybody waits for.
func say(e *history.HistoryEvent, names map[int64]string) string {
	switch a := e.GetAttributes().(type) {
	case *history.HistoryEvent_WorkflowExecutionStartedEventAttributes:
		return "workflow started"
	case *history.HistoryEvent_ActivityTaskScheduledEventAttributes:
		names[e.GetEventId()] = a.ActivityTaskScheduledEventAttributes.GetActivityType().GetName()
		return names[e.GetEventId()] + " scheduled"
	case *history.HistoryEvent_ActivityTaskCompletedEventAttributes:
		return names[a.ActivityTaskCompletedEventAttributes.GetScheduledEventId()] + " completed"
	case *history.HistoryEvent_ActivityTaskFailedEventAttributes:
		return names[a.ActivityTaskFailedEventAttributes.GetScheduledEventId()] + " failed"
	case *history.HistoryEvent_ActivityTaskCancelRequestedEventAttributes:
		return names[a.ActivityTaskCancelRequestedEventAttributes.GetScheduledEventId()] + " cancelled"
	case *history.HistoryEvent_TimerStartedEventAttributes:
		return "wait begun"
	case *history.HistoryEvent_TimerFiredEventAttributes:
		return "wait over"
	case *history.HistoryEvent_TimerCanceledEventAttributes:
		return "wait broken off"
	case *history.HistoryEvent_WorkflowExecutionSignaledEventAttributes:
		return "signal " + a.WorkflowExecutionSignaledEventAttributes.GetSignalName()
	case *history.HistoryEvent_WorkflowExecutionUpdateAcceptedEventAttributes:
		return "update accepted"
	case *history.HistoryEvent_StartChildWorkflowExecutionInitiatedEventAttributes:
		return "child initiated"
	case *history.HistoryEvent_ChildWorkflowExecutionStartedEventAttributes:
		return "child started"
	case *history.HistoryEvent_SignalExternalWorkflowExecutionInitiatedEventAttributes:
		return "report sent"
	case *history.HistoryEvent_ExternalWorkflowExecutionSignaledEventAttributes:
		return "report heard"
	}
	return ""
}
