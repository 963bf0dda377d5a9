package workflows

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Register makes the workflows known to a worker, or to a replayer.
func Register(registry worker.WorkflowRegistry) {
	registry.RegisterWorkflowWithOptions(Lane, workflow.RegisterOptions{Name: LaneType})
	registry.RegisterWorkflowWithOptions(Release, workflow.RegisterOptions{Name: ReleaseType})
	registry.RegisterWorkflowWithOptions(Cleanup, workflow.RegisterOptions{Name: CleanupType})
	registry.RegisterWorkflowWithOptions(Catchup, workflow.RegisterOptions{Name: CatchupType})
	registry.RegisterWorkflowWithOptions(Vacate, workflow.RegisterOptions{Name: VacateType})
	registry.RegisterWorkflowWithOptions(Plan, workflow.RegisterOptions{Name: PlanType})
	registry.RegisterWorkflowWithOptions(Hosts, workflow.RegisterOptions{Name: HostsType})
	registry.RegisterWorkflowWithOptions(Preflight, workflow.RegisterOptions{Name: PreflightType})
	registry.RegisterWorkflowWithOptions(Tokens, workflow.RegisterOptions{Name: TokensType})
	registry.RegisterWorkflowWithOptions(Audit, workflow.RegisterOptions{Name: AuditType})
	registry.RegisterWorkflowWithOptions(Project, workflow.RegisterOptions{Name: ProjectType})
	registry.RegisterWorkflowWithOptions(Cordons, workflow.RegisterOptions{Name: CordonsType})
	registry.RegisterWorkflowWithOptions(Line, workflow.RegisterOptions{Name: LineType})
}
