package slipway

import "time"

// Unreachable says what becomes of a release when hosts or edges do not answer.
// Its zero value lets the release fail.
type Unreachable struct {
	UnreachableRule
	Edges UnreachableRule `json:"edges,omitzero"`
}

// An UnreachableRule says how many may be left out of a release.
type UnreachableRule struct {
	Action UnreachableAction `json:"action"`
	Max    Share             `json:"max"` // with ActionQuarantine: how many may be left out
}

// An UnreachableAction is what is done about a host or an edge that does not
// answer.
type UnreachableAction string

// The actions.
const (
	ActionQuarantine UnreachableAction = "quarantine" // it is left out, and caught up when it answers
	ActionFail       UnreachableAction = "fail"       // the release fails
)

// DefaultUnreachable holds where a service file says nothing: at least half of
// the hosts go on, and all edges. An edge that does not answer may still send
// people to the old version.
var DefaultUnreachable = Unreachable{
	UnreachableRule: UnreachableRule{Action: ActionQuarantine, Max: Share{50, true}},
	Edges:           UnreachableRule{Action: ActionFail, Max: Share{50, true}},
}

// DefaultMinServing is how many hosts have to serve where a service file says
// nothing.
var DefaultMinServing = Share{Number: 1}

// spare is how many of n may be left out where at least so many have to stay.
func (r UnreachableRule) spare(n, stay int) int {
	if r.Action != ActionQuarantine {
		return 0
	}
	return max(min(r.Max.AtMost(n), n-max(stay, 1)), 0)
}

// SpareHosts is how many of n hosts a release may leave out: none where two
// versions must not run at once, as a host that does not answer runs the old
// one.
func (b BlueGreen) SpareHosts(n int) int {
	if b.StopFirst {
		return 0
	}
	return b.Unreachable.spare(n, b.MinServing.AtLeast(n))
}

// SpareEdges is how many of n edges a release may leave out, beside those that
// are away with the host they are on.
func (b BlueGreen) SpareEdges(n int) int { return b.Unreachable.Edges.spare(n, 1) }

// Behind is a host or an edge that a version is not on, though it should be,
// because it did not answer, does not fit, or people have cordoned it.
type Behind struct {
	Host  string    `json:"host,omitempty"`
	Edge  string    `json:"edge,omitempty"`
	Since time.Time `json:"since"`
	Error string    `json:"error"` // why it is left out, or what is in the way of catching up

	Cordoned bool `json:"cordoned,omitempty"` // people want it so
	Joins    bool `json:"joins,omitempty"`    // it is new to the service, which has never served there
	Unfit    bool `json:"unfit,omitempty"`    // it answers, but is not as it should be
}

// String names what is behind.
func (b Behind) String() string {
	if b.Edge != "" {
		return "edge " + b.Edge
	}
	return "host " + b.Host
}
