package workflows

import (
	"go.temporal.io/sdk/temporal"

	"slipway"
)

// Every name that Temporal knows is here, and only here. Names are a stored
// format: a workflow that is open when Slipway is upgraded finds its code by
// them. A test pins them.

// Namespace is the Temporal namespace of all of Slipway.
const Namespace = "slipway"

// Task queues.
const (
	TaskQueue  = "slipway" // workflows, and activities that need nothing special
	CopyQueue  = "copy"    // copies between registries, which must not starve probes
	WatchQueue = "watch"   // what waits for something to happen, for days: it must not starve anything
)

// HostQueue is the task queue that the agent of a host polls.
func HostQueue(host string) string { return "host/" + host }

// Workflow types.
const (
	LaneType    = "Lane"
	ReleaseType = "Release"
	CleanupType = "Cleanup"
	PlanType    = "Plan"
	CatchupType = "Catchup"
	HostsType   = "Hosts"
	VacateType  = "Vacate"

	PreflightType = "Preflight"
)

// LaneID is the workflow ID of a service's lane.
func LaneID(id slipway.ServiceID) string { return "lane/" + id.Key() }

// ReleaseWorkflowID is the workflow ID of a release.
func ReleaseWorkflowID(id slipway.ReleaseID) string { return "release/" + id.String() }

// CleanupID is the workflow ID of what a release left to be removed.
func CleanupID(id slipway.ReleaseID) string { return "cleanup/" + id.String() }

// CatchupID is the workflow ID of what brings a service to hosts that were away.
func CatchupID(id slipway.ServiceID) string { return "catchup/" + id.Key() }

// CatchupCleanupID is the workflow ID of what takes away what a catch-up has
// begun of a release that went back.
func CatchupCleanupID(id slipway.ReleaseID) string { return "cleanup/" + id.String() + "/catchup" }

// VacateID is the workflow ID of what takes a service off a host.
func VacateID(id slipway.ServiceID) string { return "vacate/" + id.Key() }

// PlanID is the workflow ID of a plan.
func PlanID(id slipway.ServiceID, unique string) string { return "plan/" + id.Key() + "/" + unique }

// HostsID is the workflow ID of a look at the hosts.
func HostsID(unique string) string { return "hosts/" + unique }

// PreflightID is the workflow ID of a look at hosts.
func PreflightID(unique string) string { return "preflight/" + unique }

// What hands out the places of a project: its type, the signals of a Lane to it,
// and its own to a Lane.
const (
	ProjectType = "Project"

	Ask    = "ask"    // PlaceRequest
	Leave  = "leave"  // Place
	Placed = "placed" // PlaceAnswer
)

// ProjectID is the workflow ID of what hands out the places of a project.
func ProjectID(project string) string { return "project/" + project }

// The one Tokens: its type, its workflow ID, and its updates.
const (
	TokensType = "Tokens"
	TokensID   = "tokens"

	Create  = "create"   // slipway.Token → slipway.Token
	Revoke  = "revoke"   // RevokeInput
	SignOut = "sign_out" // SignOutInput
)

// The one Cordons: its type, its workflow ID, its updates, and its signal to
// every Lane.
const (
	CordonsType = "Cordons"
	CordonsID   = "cordons"

	Cordon   = "cordon"   // slipway.Cordon → slipway.Cordon
	Uncordon = "uncordon" // UncordonInput
	Cordoned = "cordoned" // slipway.Cordons
)

// CordonsMemo is the memo field of Cordons that has all it knows, a
// slipway.Cordons.
const CordonsMemo = "cordons"

// The one Line: its type, its workflow ID, its updates, and its signal to every
// Lane, which a Lane passes on to its releases.
const (
	LineType = "Line"
	LineID   = "line"

	StopLine    = "stop"    // slipway.Stop → slipway.Stop
	Resume      = "resume"  // ResumeInput
	LineStopped = "stopped" // slipway.Line
)

// LineMemo is the memo field of Line that has all it knows, a slipway.Line.
const LineMemo = "line"

// Updates, signals and queries. Decide and abort exist as update and as signal.
const (
	Submit   = "submit"    // update of a Lane: SubmitInput → SubmitResult
	Rollback = "rollback"  // update of a Lane: RollbackInput → SubmitResult; signal to a Release that holds: Request
	Decide   = "decide"    // update of, and signal to, a Release: slipway.Decision
	Pass     = "pass"      // update of, and signal to, a Release: slipway.Pass
	Abort    = "abort"     // update of, and signal to, a Release: Request; update of a Lane, for a release that waits: AbortInput
	Accept   = "accept"    // update of, and signal to, a Release that holds: Request
	Lock     = "lock"      // update of a Lane: Request
	Unlock   = "unlock"    // update of a Lane: Request
	Adopt    = "adopt"     // update of a Lane: SubmitInput → SubmitResult
	Remove   = "remove"    // update of a Lane: RemoveInput → SubmitResult
	Join     = "join"      // update of a Lane: slipway.Joining
	Newer    = "newer"     // signal of a Lane to a Release that a newer one waits: Request, by that one
	Overtake = "overtake"  // signal of a Release to the one whose containers it stops: Overtaking
	Reported = "reported"  // signal of a Release to its Lane: Report
	CaughtUp = "caught_up" // signal of a Catchup to its Lane and to the Release: CaughtUpReport
	Status   = "status"    // query of a Release: slipway.Release; of a Lane: slipway.ServiceStatus; of Tokens: slipway.Standing; of Cordons: slipway.Cordons; of Line: slipway.Line
	Waiting  = "waiting"   // query of a Lane for a queued release: slipway.ReleaseID → slipway.Release
)

// Changes of what a workflow does that one which was open before must not take
// part in, by the name under which workflow.GetVersion records them.
const (
	keepsFallen = "keep evidence of what died while blue was held" // 1: it does
	triesOut    = "try green out before blue is stopped"           // 1: it does
	notesLost   = "write down what was ended from outside"         // 1: it does
)

// Memo fields of a Release: what a list shows and nobody searches by.
const (
	TagMemo  = "tag"
	KindMemo = "kind"
)

// StandingMemo is the memo field of Tokens that has all it knows, a
// slipway.Standing. A memo is read without a worker, and as it is.
const StandingMemo = "standing"

// Search attributes.
var (
	ProjectKey   = temporal.NewSearchAttributeKeyKeyword("SlipwayProject")
	ServiceKey   = temporal.NewSearchAttributeKeyKeyword("SlipwayService") // "search/query-api"
	PhaseKey     = temporal.NewSearchAttributeKeyKeyword("SlipwayPhase")
	OutcomeKey   = temporal.NewSearchAttributeKeyKeyword("SlipwayOutcome")
	DigestKey    = temporal.NewSearchAttributeKeyKeyword("SlipwayDigest")
	RequesterKey = temporal.NewSearchAttributeKeyKeyword("SlipwayRequester")
)

// What is kept of the audit log. Its query is Status, which answers with a
// slipway.AuditAnchor.
const (
	AuditType = "Audit"
	AuditID   = "audit"  // the one workflow ID
	Anchor    = "anchor" // signal to Audit: slipway.AuditHead
)
