package slipway

import (
	"fmt"
	"time"
)

// A Gate is a point where a release waits for people.
type Gate struct {
	Name      string    `json:"name"`
	Before    string    `json:"before"` // the step it stands before: BeforeSwitch, BeforeAccept, or a BeforeGroup
	Approvers Approvers `json:"approvers"`
	Expires   Duration  `json:"expires"` // from when it opens; then the release is rejected

	RemindAfter Duration `json:"remind_after,omitempty"` // how long it waits before people are reminded, and again; 0: nobody is
}

// What gates stand before.
const (
	BeforeSwitch = "switch" // green, proven, waits there; with groups, in the first one
	BeforeAccept = "accept" // blue is held there, while green serves
)

// BeforeGroup is the Before of a gate that a release waits at when the groups
// before that one have been watched. Groups count from 1, which is for
// BeforeSwitch.
func BeforeGroup(n int) string { return fmt.Sprintf("group %d", n) }

// Group is the first group of hosts that does not switch without the gate; 0 for
// one that stands before accept, which keeps nothing from switching. Whatever is
// not known stands before everything.
func (g Gate) Group() int {
	if g.Before == BeforeAccept {
		return 0
	}
	n := 1
	if _, err := fmt.Sscanf(g.Before, "group %d", &n); err != nil || n < 1 || g.Before != BeforeGroup(n) {
		return 1
	}
	return n
}

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

	Reminders  int       `json:"reminders,omitempty"` // how often people were reminded of it
	RemindedAt time.Time `json:"reminded_at,omitzero"`
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
