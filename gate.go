package slipway

import "time"

// A Gate is a point where a release waits for people.
type Gate struct {
	Name      string    `json:"name"`
	Before    string    `json:"before"` // the step it stands before: "switch"
	Approvers Approvers `json:"approvers"`
	Expires   Duration  `json:"expires"` // from when it opens; then the release is rejected
}

// BeforeSwitch is the Before of a gate that green, proven, waits at.
const BeforeSwitch = "switch"

// Approvers says who decides a gate, and how many must approve. One rejection
// is enough to reject.
type Approvers struct {
	Role   Role   `json:"role,omitempty"`  // in the service's project
	Group  string `json:"group,omitempty"` // of the directory
	Quorum int    `json:"quorum"`          // different people
}

// A Verdict is what an approver says. It has no meaningful zero value, so a
// decision that was cut short in transit never counts.
type Verdict string

// The verdicts.
const (
	Approve Verdict = "approve"
	Reject  Verdict = "reject"
)

// A Decision is one approver's verdict on one gate of one release. Digest and
// Settings are what the approver saw; the decision is void if they differ from
// what the gate shows.
type Decision struct {
	Gate     string    `json:"gate"`
	Verdict  Verdict   `json:"decision"`
	Reason   string    `json:"reason,omitempty"`
	By       string    `json:"by"`
	Groups   []string  `json:"groups,omitempty"` // of By, when the decision was made
	Digest   string    `json:"digest,omitempty"`
	Settings string    `json:"settings,omitempty"`
	At       time.Time `json:"at,omitzero"`

	Signature string `json:"signature,omitempty"` // a DecisionStatement by the API; without it the decision does not count
}

// A GateState is how a gate stands.
type GateState struct {
	Gate
	State     string     `json:"state"` // pending, open, approved, rejected, expired, skipped
	OpenedAt  time.Time  `json:"opened_at,omitzero"`
	ExpiresAt time.Time  `json:"expires_at,omitzero"`
	Decisions []Decision `json:"decisions,omitempty"`
}

// The states of a gate.
const (
	GatePending  = "pending"
	GateOpen     = "open"
	GateApproved = "approved"
	GateRejected = "rejected"
	GateExpired  = "expired"
	GateSkipped  = "skipped"
)
