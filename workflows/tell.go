package workflows

import "go.temporal.io/sdk/workflow"

// tellLanes sends every lane a signal, now and once more a little later, unless
// what it says has changed by then. A lane that is told twice takes it once; one
// that is gone need not know.
func tellLanes(ctx workflow.Context, signal string, what any, changed func() bool) error {
	for again := range 2 {
		if again > 0 {
			if over, err := workflow.AwaitWithTimeout(ctx, retelling, changed); err != nil || over {
				return err
			}
		}
		lanes, err := call(ctx, patient(asking("list the services")), central.ListLanes, struct{}{})
		if err != nil {
			return err
		}
		err = each(ctx, len(lanes), func(ctx workflow.Context, i int) error {
			_ = workflow.SignalExternalWorkflow(ctx, LaneID(lanes[i]), "", signal, what).Get(ctx, nil)
			return ctx.Err()
		})
		if err != nil {
			return err
		}
		if changed() {
			return nil
		}
	}
	return nil
}
