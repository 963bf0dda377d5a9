package workflows

import (
	"time"

	"slipway"
)

// JoinInput is a host that is to join what is live, with which hosts are
// cordoned: a lane that began a new run just then may have missed that this one
// is not any more.
type JoinInput struct {
	slipway.Joining
	Cordons slipway.Cordons `json:"cordons,omitzero"`
}

// SubmitInput asks a lane for a release.
type SubmitInput struct {
	Order slipway.Order `json:"order"`
	Key   string        `json:"key,omitempty"` // the same key within KeyLifetime gets the same answer

	Cordons slipway.Cordons `json:"cordons,omitzero"` // of the fleet, for a lane that nobody has told of them yet
	Line    slipway.Line    `json:"line,omitzero"`    // the same of what is stopped
}

// SubmitResult names the release that does what was asked for.
type SubmitResult struct {
	Release slipway.ReleaseID `json:"release"`
}

// RollbackInput asks a lane to go back to what served before.
type RollbackInput struct {
	Order *slipway.Order `json:"order,omitempty"` // the release to make where blue is not held any more; nil: there is none to make
	To    int            `json:"to,omitempty"`    // the number of the release to go back to; 0: the one before
	// Switching is the number of the release that whoever goes back sees switching:
	// some edges may send requests to it. 0: none.
	Switching int `json:"switching,omitempty"`

	Key string `json:"key,omitempty"`
	Request
}

// RemoveInput asks a lane to take its service away.
type RemoveInput struct {
	Key string `json:"key,omitempty"`
	Request
}

// AbortInput asks a lane to abort a release that waits in its queue.
type AbortInput struct {
	Release slipway.ReleaseID `json:"release"`
	Request
}

// Request says who wants something, and why.
type Request = slipway.Request

// A Report tells a lane what has become of one of its releases.
type Report struct {
	Release slipway.ReleaseID `json:"release"`
	Phase   slipway.Phase     `json:"phase"`             // from holding on, it is out of the next one's way
	Live    *slipway.Version  `json:"live,omitempty"`    // what serves from now on; nil: unchanged
	Removed bool              `json:"removed,omitempty"` // nothing does any more: the service was taken away
	Instead string            `json:"instead,omitempty"` // Live counts only if this is what the lane takes for live; empty: it counts

	Stuck *slipway.StuckState `json:"stuck,omitempty"` // nil: it is not
}

// ReleaseInput starts a release.
type ReleaseInput struct {
	ID        slipway.ReleaseID `json:"id"`
	Order     slipway.Order     `json:"order"`
	Known     []slipway.Version `json:"known,omitempty"` // what serves as far as the lane knows, then what served before
	Submitted time.Time         `json:"submitted"`
	Ended     *End              `json:"ended,omitempty"` // how it ended in the queue; nil: it has its turn

	Cordoned []slipway.Cordon `json:"cordoned,omitempty"` // hosts of the plan that are to be left out
	Counts   bool             `json:"counts,omitempty"`   // it has a place of its project's quota, and tells when it waits for people instead
	Noted    bool             `json:"noted,omitempty"`    // how it ends is written into the audit log
	Windowed bool             `json:"windowed,omitempty"` // it waits for windows; false: it has begun before there were any
}

// PlanInput asks what a release would do.
type PlanInput struct {
	Order   slipway.Order         `json:"order"`
	Service slipway.ServiceStatus `json:"service"` // as its lane says; the zero value without one

	Cordoned []slipway.Cordon `json:"cordoned,omitempty"` // hosts of the plan that are to be left out
}

// PreflightInput asks how hosts are.
type PreflightInput struct {
	Plan  slipway.Plan     `json:"plan"`            // the hosts, with their profiles
	Order *slipway.Order   `json:"order,omitempty"` // for which service and image; nil: as they are
	Live  *slipway.Version `json:"live,omitempty"`  // what serves, as the lane of that says
}

// An End is how a release ended that never had its turn. Its workflow has only
// that to say, so that it is found where all others are.
type End struct {
	Outcome slipway.Outcome `json:"outcome"`
	Reason  string          `json:"reason"`
}

// LaneInput starts a lane, or goes on with it in a new run.
type LaneInput struct {
	Service slipway.ServiceID `json:"service"`
	State   LaneState         `json:"state,omitzero"`
}

// LaneState is what a lane knows.
type LaneState struct {
	Last    int               `json:"last"` // the number of the latest release
	Queue   []Queued          `json:"queue,omitempty"`
	Running int               `json:"running,omitempty"` // the release on its way; 0: none
	Partly  int               `json:"partly,omitempty"`  // the release that serves on some edges, while blue serves on others; it counts while it runs
	Held    int               `json:"held,omitempty"`    // the release that holds its blue; 0: none
	Open    []Queued          `json:"open,omitempty"`    // releases whose workflows are not closed yet
	Live    *slipway.Version  `json:"live,omitempty"`
	Good    []slipway.Version `json:"good,omitempty"` // what served before, the latest first
	Answers []Answer          `json:"answers,omitempty"`
	Lock    *slipway.Lock     `json:"lock,omitempty"`
	Removal *slipway.Removal  `json:"removal,omitempty"` // nil: nobody has taken away what served

	Cordons slipway.Cordons   `json:"cordons,omitzero"` // of the fleet, as far as it was told
	Joins   []slipway.Joining `json:"joins,omitempty"`  // hosts that are to join what is live; one wish for each

	Stuck []slipway.StuckRelease `json:"stuck,omitempty"` // releases that wait for a person

	Place LanePlace    `json:"place,omitzero"` // of the project's quota
	Line  slipway.Line `json:"line,omitzero"`  // what is stopped, as far as it was told
}

// Queued is a release that waits for its turn, or has had it.
type Queued struct {
	ID        slipway.ReleaseID `json:"id"`
	Order     slipway.Order     `json:"order"`
	Submitted time.Time         `json:"submitted"`
	Blue      *slipway.Version  `json:"blue,omitempty"` // of one that has said that it serves: what it took the place of; nil: nothing
}

// An Answer is what was answered under an idempotency key.
type Answer struct {
	Key     string            `json:"key"`
	Release slipway.ReleaseID `json:"release"`
	At      time.Time         `json:"at"`
}

// CatchupInput says what is to be brought where. A Catchup that continues as new
// hands on what it has begun.
type CatchupInput struct {
	Version slipway.Version `json:"version"`           // its Behind is what there is to do
	Holding bool            `json:"holding,omitempty"` // its release holds blue
	Begun   []string        `json:"begun,omitempty"`   // hosts where it may have started
	Told    []string        `json:"told,omitempty"`    // hosts that an edge may send traffic to
}

// CatchupResult is what a Catchup leaves.
type CatchupResult struct {
	Begun []string `json:"begun,omitempty"` // hosts where the version may have started, and no edge sends it traffic
}

// CaughtUpReport tells how a Catchup gets on: one of its fields is set.
type CaughtUpReport struct {
	Release string               `json:"release"`
	Host    *slipway.ReleaseHost `json:"host,omitempty"`  // it runs the release, and edges know
	Edge    string               `json:"edge,omitempty"`  // it serves the release
	Stuck   *slipway.Behind      `json:"stuck,omitempty"` // its Error is what is in the way
}

// takeIn notes in a list what is not behind any more, or why it still is.
func (r CaughtUpReport) takeIn(behind []slipway.Behind) []slipway.Behind {
	out := []slipway.Behind{}
	for _, b := range behind {
		switch {
		case r.Host != nil && b.Host == r.Host.Name, r.Edge != "" && b.Edge == r.Edge:
			continue
		case r.Stuck != nil && b.String() == r.Stuck.String():
			b.Error = r.Stuck.Error
		}
		out = append(out, b)
	}
	return out
}

// CleanupInput says what is still to be done after a release has ended.
type CleanupInput struct {
	ID       slipway.ReleaseID `json:"id"`
	Restores []RestoreOn       `json:"restores,omitempty"` // traffic that has to be brought back first
	Back     *slipway.Version  `json:"back,omitempty"`     // what serves when it is brought back; nil: nobody is to be told
	Revive   *Revival          `json:"revive,omitempty"`   // what was stopped, and is to run again
	Remains  Remains           `json:"remains"`
	Await    []string          `json:"await,omitempty"`  // edges that were left out and may serve what remains until they are caught up
	Orphan   *Orphan           `json:"orphan,omitempty"` // nil: the release has undone what it could
	Reason   string            `json:"reason"`
}

// An Orphan is what a lane knows of a release whose workflow was ended from
// outside, which has undone nothing.
type Orphan struct {
	Served bool             `json:"served"`         // it had said that all edges serve it
	Blue   *slipway.Version `json:"blue,omitempty"` // what served before it; nil: nothing
}

// RestoreOn is a restore that an edge has not acknowledged.
type RestoreOn struct {
	Edge    string                 `json:"edge"`
	Request slipway.RestoreRequest `json:"request"`
}

// HostsInput names hosts to look at.
type HostsInput struct {
	Hosts []slipway.PlanHost `json:"hosts"`
}

// A HostAnswer is what one of them said, or why it said nothing.
type HostAnswer struct {
	Facts  *slipway.HostFacts `json:"facts,omitempty"`
	Error  string             `json:"error,omitempty"`
	Silent bool               `json:"silent,omitempty"` // its agent has not taken the question
}
