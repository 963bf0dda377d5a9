package slipway

import "time"

// A Phase is where a release stands.
type Phase string

// The phases, in the order a release goes through them. Undoing may follow any
// of them, and so may Stuck.
const (
	Queued           Phase = "queued"
	Verifying        Phase = "verifying"
	Replicating      Phase = "replicating"
	Preflight        Phase = "preflight"
	Deploying        Phase = "deploying"
	Probing          Phase = "probing"
	AwaitingApproval Phase = "awaiting_approval"
	Switching        Phase = "switching"
	Watching         Phase = "watching"
	Holding          Phase = "holding"
	Stuck            Phase = "stuck" // something failed, and not all is to go back by itself: a person says whether it goes on or back
	Undoing          Phase = "undoing"
	Removing         Phase = "removing" // of a removal only: edges forget the service, its containers go
	Ended            Phase = "ended"
)

// An Outcome is how a release ended. It is empty until then.
type Outcome string

// The outcomes.
const (
	Live       Outcome = "live"        // the new version serves, or served already
	Refused    Outcome = "refused"     // refused before anything was changed
	RolledBack Outcome = "rolled_back" // something failed, or a person went back: all undone
	Rejected   Outcome = "rejected"    // a gate was rejected, or expired
	Aborted    Outcome = "aborted"     // a person aborted
	Superseded Outcome = "superseded"  // a newer release took its place while it waited
	Removed    Outcome = "removed"     // the service was taken away, as was asked for
	Failed     Outcome = "failed"      // traffic could not be brought back by the deadline: a person must act
)

// A Release is one attempt to bring one image digest with one set of settings
// live, as the API shows it.
type Release struct {
	ID             string          `json:"id"`
	Project        string          `json:"project"`
	Service        string          `json:"service"`
	Tag            string          `json:"tag"`      // what was asked for: a tag, or a digest
	Digest         string          `json:"digest"`   // what it resolved to; empty until verified
	Settings       string          `json:"settings"` // Service.SettingsHash
	Kind           ReleaseKind     `json:"kind"`
	Plan           string          `json:"plan"`                // Plan.Identity: hosts, edges and registries
	Signature      string          `json:"signature,omitempty"` // the OrderStatement that it carries out
	Differences    []Difference    `json:"differences"`         // to what serves, once that is known
	Phase          Phase           `json:"phase"`
	Outcome        *Outcome        `json:"outcome"` // null until ended
	Reason         string          `json:"reason"`  // why it ended so, or what it waits for
	RequestedBy    string          `json:"requested_by"`
	StartedAt      time.Time       `json:"started_at"`
	SwitchedAt     *time.Time      `json:"switched_at"`   // when all edges had acknowledged, those of the last group, too; null until then
	EndedAt        *time.Time      `json:"ended_at"`      // null until ended
	HoldUntil      *time.Time      `json:"hold_until"`    // until when blue is held; null when nothing is
	Gap            Duration        `json:"gap,omitempty"` // how long nothing served because blue was stopped first
	Blue           string          `json:"blue"`          // the release that served before; empty for a first one
	Hosts          []ReleaseHost   `json:"hosts"`
	Edges          []ReleaseEdge   `json:"edges"`
	Gates          []GateState     `json:"gates"`
	Checks         []Check         `json:"checks,omitempty"`      // what those who decide should know was looked at, and what was not
	Groups         []ReleaseGroup  `json:"groups,omitempty"`      // in their order; none: all hosts at once
	Group          int             `json:"group,omitempty"`       // the one that is under way, from 1; 0: none
	PreDeploy      *PreDeployState `json:"pre_deploy,omitempty"`  // nil: there is none, or not yet
	Stuck          *StuckState     `json:"stuck,omitempty"`       // why it is; nil: it is not
	Progress       string          `json:"progress,omitempty"`    // of what is under way, for people: how far it has come, or why it is tried again
	SwitchSkew     Duration        `json:"switch_skew,omitzero"`  // between the first edge that pointed at green and the last
	Findings       []Finding       `json:"findings,omitempty"`    // about hosts, before anything was changed
	Behind         []Behind        `json:"behind"`                // hosts and edges that were left out and are still to be caught up
	BreakGlass     bool            `json:"break_glass,omitempty"` // who asked for it wants it to switch in spite of a window
	Passes         []Pass          `json:"passes,omitempty"`      // of people who broke the glass; see Passed
	Waits          *Wait           `json:"waits,omitempty"`       // what it stands still for, beside people at a gate; nil: nothing
	Ignored        string          `json:"ignored,omitempty"`     // the latest message to it that did not count, and why
	RollbackReady  bool            `json:"rollback_ready"`        // blue is held and its last probe succeeded
	CleanupPending bool            `json:"cleanup_pending"`       // something is still to be removed from a host that does not answer
}

// ReleaseKind tells releases of a new version from what else a lane does.
type ReleaseKind string

// The kinds.
const (
	KindRelease  ReleaseKind = "release"
	KindRollback ReleaseKind = "rollback" // of a digest that was live before: its gates are skipped
	KindAdopt    ReleaseKind = "adopt"    // of a container that serves already, as release 0
	KindRemove   ReleaseKind = "remove"   // of nothing: the service is taken away
	KindRestart  ReleaseKind = "restart"  // of exactly what is live: its gates are skipped, and nothing is held
)

// A ReleaseHost is one host's part in a release.
type ReleaseHost struct {
	Name      string    `json:"name"`
	Phase     HostPhase `json:"phase"`
	Container string    `json:"container"`           // green's name, of the first where there are several
	Image     string    `json:"image"`               // the image ID it runs
	Address   string    `json:"address,omitempty"`   // on the host's bridge network
	HostPort  int       `json:"host_port,omitempty"` // published on the host's address; 0: none
	StartedAt time.Time `json:"started_at,omitzero"` // by the host's clock
	Signature string    `json:"signature,omitempty"` // a ContainerStatement by the worker that started it
	Progress  string    `json:"progress,omitempty"`  // of a pull, for people
	Error     string    `json:"error,omitempty"`
	Replicas  []Replica `json:"replicas,omitempty"` // its further containers; see Containers
}

// A Check is something about a version that may or may not have been looked at.
type Check struct {
	What  string `json:"what"`
	Found string `json:"found"`
}

// A ReleaseGroup is one group's part in a release.
type ReleaseGroup struct {
	PlanGroup
	SwitchedAt *time.Time `json:"switched_at"` // when all its edges had acknowledged; null until then
	WatchUntil *time.Time `json:"watch_until"` // while it is watched

	WentBackAt *time.Time `json:"went_back_at,omitempty"` // alone, because it failed, and until it is tried again
}

// GroupText says how far the release is with a group, by its position.
func (r Release) GroupText(i int) string {
	const at = "15:04:05 UTC"
	g := r.Groups[i]
	switch {
	case g.WatchUntil != nil && r.Outcome == nil:
		return "watched until " + g.WatchUntil.UTC().Format(at)
	case g.SwitchedAt != nil:
		return "switched at " + g.SwitchedAt.UTC().Format(at)
	case g.WentBackAt != nil:
		return "went back at " + g.WentBackAt.UTC().Format(at)
	case i+1 == r.Group && r.Outcome == nil:
		return string(r.Phase)
	}
	return "not switched"
}

// A HostPhase is where a host stands within a release.
type HostPhase string

// The phases of a host.
const (
	HostPending HostPhase = "pending"
	HostPulling HostPhase = "pulling"
	HostPulled  HostPhase = "pulled" // green starts when blue has stopped
	HostStarted HostPhase = "started"
	HostReady   HostPhase = "ready"   // green is proven
	HostServing HostPhase = "serving" // green gets the traffic
	HostRemoved HostPhase = "removed" // green is gone again
	HostFailed  HostPhase = "failed"

	HostQuarantined HostPhase = "quarantined" // it does not answer, or is cordoned, and is left out; it is caught up before it may serve
)

// A ReleaseEdge is one edge's part in a release.
type ReleaseEdge struct {
	Name       string `json:"name"`
	Active     string `json:"active"` // the release that the edge last said it serves
	Generation uint64 `json:"generation"`
	LeftOut    bool   `json:"left_out,omitempty"` // it did not answer, and still serves what it served; see Behind
	Error      string `json:"error,omitempty"`
}

// An Order is the request for a release, as the API hands it on.
type Order struct {
	Service     Service     `json:"service"`
	Tag         string      `json:"tag"` // a tag, or a digest "sha256:…"
	Kind        ReleaseKind `json:"kind"`
	Force       bool        `json:"force,omitempty"`       // release even if exactly this serves already
	BreakGlass  bool        `json:"break_glass,omitempty"` // it is to switch in spite of a window, if a second person says so
	Reason      string      `json:"reason,omitempty"`
	RequestedBy string      `json:"requested_by"`
	Plan        Plan        `json:"plan"`
	Adopt       *Adoption   `json:"adopt,omitempty"`     // the container, where Kind is KindAdopt
	Quotas      Quotas      `json:"quotas,omitzero"`     // of its project, when it was ordered; not signed: they entitle to nothing
	Patience    Duration    `json:"patience,omitempty"`  // by how much longer it counts, because there are windows to wait for
	Signature   string      `json:"signature,omitempty"` // an OrderStatement by the API, or for a removal a RequestStatement; without it nothing is done
}

// A Version is what a release brings live: one image with one set of settings,
// and the addresses at which its containers were reached.
type Version struct {
	Release  string        `json:"release"` // the release's id
	Tag      string        `json:"tag"`
	Digest   string        `json:"digest"`
	Service  Service       `json:"service"`
	Settings string        `json:"settings"`          // Service.SettingsHash
	Plan     Plan          `json:"plan"`              // where it runs
	Hosts    []ReleaseHost `json:"hosts"`             // its containers there
	Facts    []HostFacts   `json:"facts,omitempty"`   // by host of the plan, as they were
	Behind   []Behind      `json:"behind,omitempty"`  // where it is not yet, though it should be
	Leaving  []ReleaseHost `json:"leaving,omitempty"` // hosts that it is being taken off, as it was there
	Detours  bool          `json:"detours,omitempty"` // edges may have been sent to hosts that are not theirs
	Since    time.Time     `json:"since,omitzero"`
	Adopted  *Adoption     `json:"adopted,omitempty"` // nil: Slipway started it. Otherwise its settings are not known, and Service only says how it is reached
	Gap      Duration      `json:"gap,omitempty"`     // how long nothing served when it took over
	Warrant  *Warrant      `json:"warrant,omitempty"` // what it was released by: proof, for when somebody goes back to it
}

// A ServiceStatus is how a service stands, as the API shows it.
type ServiceStatus struct {
	ServiceID
	Live    *Version  `json:"live"`              // what serves; null for a service that was never released, or was removed
	Held    string    `json:"held,omitempty"`    // the release that holds its blue, where one does
	Running string    `json:"running,omitempty"` // the release that is on its way
	Queue   []string  `json:"queue"`             // the releases that wait, the next one first
	Good    []Version `json:"good"`              // what served before, the latest first
	Lock    *Lock     `json:"lock"`              // null: nothing keeps releases away
	Stop    *Stop     `json:"stop,omitempty"`    // what holds its releases, where the line is stopped
	Behind  []Behind  `json:"behind"`            // hosts and edges that what is live is still to be brought to
	Removal *Removal  `json:"removal,omitempty"` // why nothing is live, where a person has taken it away
	Joining []string  `json:"joining,omitempty"` // hosts that are to join what is live, when nothing is on its way or held

	Stuck []StuckRelease `json:"stuck,omitempty"` // releases that wait for a person to say whether they go on or back

	Unread string `json:"unread,omitempty"` // in a list: why nothing else is known of the service; what serves it goes on serving
}
