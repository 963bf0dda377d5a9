package workflows

import (
	"go.temporal.io/sdk/workflow"

	"slipway"
)

// Audit keeps how far the audit logs of all processes have come, where whoever
// can change their files cannot. It only listens; it goes on in new runs for as
// long as there is an installation.
func Audit(ctx workflow.Context, anchor slipway.AuditAnchor) error {
	if err := workflow.SetQueryHandler(ctx, Status, func() (slipway.AuditAnchor, error) { return anchor, nil }); err != nil {
		return err
	}
	heads := workflow.GetSignalChannel(ctx, Anchor)
	for {
		var head slipway.AuditHead
		heads.Receive(ctx, &head)
		anchor.Take(head)
		if heads.Len() > 0 {
			continue // nothing that has come may be lost with this run
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return workflow.NewContinueAsNewError(ctx, AuditType, anchor)
		}
	}
}
