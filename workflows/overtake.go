package workflows

import (
	"go.temporal.io/sdk/workflow"

	"slipway"
)

// An Overtaking tells a release, which may still hold its own blue, that a newer
// one stops its containers to take over: so that it does not take that for a
// failure, and does not go back under it. Edges know by their generation who
// decided last; containers do not.
type Overtaking struct {
	By   string `json:"by"`             // the newer release
	Over bool   `json:"over,omitempty"` // it has given way, and started them again
}

// tellOvertaken tells the release that is blue. One that has closed needs to
// hear nothing. It has heard when the first container stops.
func (r *release) tellOvertaken(ctx workflow.Context, over bool) {
	id, err := slipway.ParseReleaseID(r.state.Blue)
	if err != nil {
		return
	}
	_ = workflow.SignalExternalWorkflow(ctx, ReleaseWorkflowID(id), "", Overtake, Overtaking{By: r.state.ID, Over: over}).Get(ctx, nil)
}

func (r *release) hearOvertaking(ctx workflow.Context) {
	for heard := workflow.GetSignalChannel(ctx, Overtake); ; {
		var in Overtaking
		heard.Receive(ctx, &in)
		r.overtaken = in.By
		if in.Over {
			r.overtaken = ""
		}
	}
}

// whileOvertaken waits until what this release brought live is not stopped, or
// about to be, by a newer one.
func (r *release) whileOvertaken(ctx workflow.Context) error {
	return workflow.Await(ctx, func() bool { return r.overtaken == "" })
}
